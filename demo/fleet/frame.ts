import { answerBand, answerLook, faultBand, stateLook } from '../bands.ts'
import { callColumns, columnOf, type Scale, stateColumns } from '../columns.ts'
import { figures, gutter, newsLine, row, title } from '../frame.ts'
import { tally } from '../plain.ts'
import { cut, type Line, merge, type Span, span } from '../spans.ts'
import type { FleetChange, FleetHistory, Probe } from './history.ts'
import { perSecond, processes } from './settings.ts'

export interface FleetView extends FleetHistory {
  now: number
  lengthMs: number
}

const finestColumnMs = 250

const openAlone: Required<Span> = { text: '▓', style: 'magenta' }
const probeLook: Required<Span> = { text: '◆', style: 'yellowBright' }

/** The picture as lines no longer than `width`, at most `height` of them. */
export function drawFleet(view: FleetView, width: number, height: number): Line[] {
  const columns = Math.min(width - gutter - 1, Math.floor(view.lengthMs / finestColumnMs))
  const scale = { lengthMs: view.lengthMs, width: Math.max(20, columns), now: view.now }
  const rate = perSecond * processes
  const mostAnswers = (1.3 * rate * view.lengthMs) / 1_000 / scale.width

  const lines: Line[] = [
    title(`${processes} processes, ${perSecond} calls a second each`, view, gutter + scale.width),
    row('upstream', faultBand(view.upstream, scale)),
    row('redis', faultBand(view.redis, scale)),
    [],
    ...view.changes.map((changes, process) =>
      row(
        `process ${process + 1}`,
        processBand(
          changes,
          view.probes.filter((probe) => probe.process === process),
          scale,
        ),
      ),
    ),
    row('answers', answerBand(callColumns(view.calls, scale), mostAnswers)),
    figures(view.calls, view.now),
    ...legend(),
    [],
  ]
  const room = Math.max(0, height - lines.length)
  const told = room > 0 ? view.news.slice(-room).map(newsLine) : []
  return [...lines, ...told].slice(0, height).map((line) => cut(line, width))
}

/** The states of one process, and where it probed. */
export function processBand(
  changes: readonly FleetChange[],
  probes: readonly Probe[],
  scale: Scale,
): Line {
  const band = stateColumns(changes, scale).map((state, column): Required<Span> => {
    const opened = changes.findLast(
      (change) => change.state === 'open' && columnOf(change.at, scale) <= column,
    )
    return state === 'open' && opened?.byFleet === false ? openAlone : stateLook[state]
  })
  for (const { startedAt } of probes) {
    const column = columnOf(startedAt, scale)
    if (column < band.length) band[column] = probeLook
  }
  return merge(band)
}

function legend(): Line[] {
  const entry = (look: Span, text: string): Span[] => [look, span(` ${text}  `, 'dim')]
  const { ok, failed, rejected } = answerLook
  return [
    [
      span(' '),
      ...entry(stateLook.closed, 'closed'),
      ...entry(stateLook.open, 'open by the fleet'),
      ...entry(openAlone, 'open by itself'),
      ...entry(stateLook['half-open'], 'half-open'),
      ...entry(probeLook, 'probe'),
    ],
    [
      span(' '),
      ...entry(ok, 'ok'),
      ...entry(failed, 'failed'),
      ...entry(rejected, 'rejected at once'),
    ],
  ]
}

/** A second of the whole fleet as text. */
export function tellFleetSecond(view: FleetView, at: number): string {
  const states = view.changes.map((changes) => changes.at(-1)?.state ?? 'closed')
  const count = (['closed', 'open', 'half-open'] as const)
    .map((state) => ({ state, of: states.filter((one) => one === state).length }))
    .filter(({ of }) => of > 0)
    .map(({ state, of }) => `${of} ${state}`)
  return `${count.join(', ').padEnd(22)}${tally(view.calls, at)}`
}
