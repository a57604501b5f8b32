import type { StateName } from '../src/index.ts'
import {
  answerBand,
  answerLook,
  faultBand,
  horizontalBar,
  inFlightBand,
  stateBand,
  stateLook,
} from './bands.ts'
import { type Change, callColumns, type Scale, stateColumns } from './columns.ts'
import type { Fault } from './faults.ts'
import { cut, type Line, type Span, type Style, span, wrap } from './spans.ts'
import { hungAfter, lastSecond, tallyOf } from './summary.ts'
import { seconds } from './time.ts'
import type { Call } from './traffic.ts'

/** Something that happened, in words. */
export interface News {
  at: number
  who: string
  text: string
  style?: Style
}

/** All that the live picture shows. */
export interface View {
  now: number
  lengthMs: number
  perSecond: number
  faults: readonly Fault[]
  guarded: readonly Call[]
  bare: readonly Call[]
  changes: readonly Change[]
  state: StateName
  /** The state in words, with its times. */
  standing: string
  /** One that counts failures in a row, for comparison. */
  classic: {
    maxFailures: number
    calls: readonly Call[]
    changes: readonly Change[]
    state: StateName
    standing: string
  }
  /** One of opossum's, with its defaults. */
  opossum: {
    version: string
    calls: readonly Call[]
    changes: readonly Change[]
    state: StateName
    standing: string
  }
  /** Why it is in this state, in the breaker's own words. */
  explanation: string
  news: readonly News[]
}

export const gutter = 12
const finestColumnMs = 200
/** Rows from which on empty ones keep the lanes apart. */
const roomForGaps = 30
const roomForExplanation = 42
const longestExplanation = 340

/**
 * The picture as lines no longer than `width`, at most `height` of them. Without that limit it is
 * the last one, and the breaker explains itself in the summary below it.
 */
export function drawFrame(view: View, width: number, height: number): Line[] {
  const columns = Math.min(width - gutter - 1, view.lengthMs / finestColumnMs)
  const scale = { lengthMs: view.lengthMs, width: Math.max(20, columns), now: view.now }
  const guarded = callColumns(view.guarded, scale)
  const opossum = callColumns(view.opossum.calls, scale)
  const bare = callColumns(view.bare, scale)
  // Room above the steady rate, for answers that come in a burst.
  const mostAnswers = (1.3 * view.perSecond * view.lengthMs) / 1_000 / scale.width
  const all = [...guarded, ...opossum, ...bare]
  const mostInFlight = Math.max(10, ...all.map(({ inFlight }) => inFlight))

  const gap: Line[] = height >= roomForGaps ? [[]] : []
  const lines: Line[] = [
    title(
      `${view.perSecond} calls a second, with and without a breaker`,
      view,
      gutter + scale.width,
    ),
    row('upstreams', faultBand(view.faults, scale)),
    ...gap,
    [span(' WITH THE BREAKER  ', 'bold'), span(view.standing, stateLook[view.state].style)],
    figures(view.guarded, view.now),
    row('state', stateBand(stateColumns(view.changes, scale))),
    row('answers', answerBand(guarded, mostAnswers)),
    row('in flight', inFlightBand(guarded, mostInFlight)),
    ...gap,
    [
      span(` WITH A CLASSIC ONE (${view.classic.maxFailures} failures in a row)  `, 'bold'),
      span(view.classic.standing, stateLook[view.classic.state].style),
    ],
    row('state', stateBand(stateColumns(view.classic.changes, scale))),
    ...gap,
    [
      span(` WITH OPOSSUM ${view.opossum.version}, ITS DEFAULTS  `, 'bold'),
      span(view.opossum.standing, stateLook[view.opossum.state].style),
    ],
    row('state', stateBand(stateColumns(view.opossum.changes, scale))),
    row('answers', answerBand(opossum, mostAnswers)),
    row('in flight', inFlightBand(opossum, mostInFlight)),
    ...gap,
    figures(view.bare, view.now, span(' WITHOUT'.padEnd(gutter), 'bold')),
    row('answers', answerBand(bare, mostAnswers)),
    row('in flight', inFlightBand(bare, mostInFlight)),
    ...gap,
    ...totals(view, scale),
    legend(),
    ...gap,
    ...(height >= roomForExplanation && height < Infinity
      ? [...explain(view.explanation, width), []]
      : []),
  ]
  const room = Math.max(0, height - lines.length)
  const told = room > 0 ? view.news.slice(-room).map(newsLine) : []
  return [...lines, ...told].slice(0, height).map((line) => cut(line, width))
}

export function title(
  text: string,
  { now, lengthMs }: Pick<View, 'now' | 'lengthMs'>,
  width: number,
): Line {
  const left = ` short-circuit: ${text}`
  const right = `${seconds(Math.min(now, lengthMs))} s of ${seconds(lengthMs, 0)} s`
  const space = ' '.repeat(Math.max(2, width - left.length - right.length))
  return [span(left, 'bold'), span(space + right)]
}

export function row(label: string, band: Line): Line {
  return [span(` ${label}`.padEnd(gutter), 'dim'), ...band]
}

export function figures(
  calls: readonly Call[],
  now: number,
  label: Span = span(' last second', 'dim'),
): Line {
  const { started, ok, failed, rejected, inFlight } = lastSecond(calls, now)
  const figure = (value: number, what: string, style: Style): Span[] => [
    span(String(value).padStart(4), value > 0 ? style : 'dim'),
    span(` ${what} `, 'dim'),
  ]
  return [
    label,
    ...figure(started, 'calls:', 'bold'),
    ...figure(ok, 'ok', 'green'),
    ...figure(failed, 'failed', 'red'),
    ...figure(rejected, 'rejected', 'cyan'),
    span('  now', 'dim'),
    ...figure(inFlight, 'in flight', 'yellow'),
  ]
}

/** What has become of all calls so far, and the time that their callers have lost. */
function totals({ now, guarded, classic, opossum, bare }: View, scale: Scale): Line[] {
  const sides = [
    { name: 'the breaker', ...tallyOf(guarded, now), style: 'green' },
    { name: 'the classic one', ...tallyOf(classic.calls, now), style: 'green' },
    { name: 'opossum', ...tallyOf(opossum.calls, now), style: 'red' },
    { name: 'without', ...tallyOf(bare, now), style: 'red' },
  ] as const
  const most = Math.max(200_000, ...sides.map(({ lostMs }) => lostMs))
  const heads = [
    ['rejected', 8],
    ['failed', 8],
    [`hung ${seconds(hungAfter, 0)} s`, 10],
    ['lost waiting', 14],
  ] as const
  const count = (value: number, width: number) =>
    span(String(value).padStart(width), value > 0 ? undefined : 'dim')
  return [
    [
      span(` ${'so far'.padEnd(17)}`, 'dim'),
      ...heads.map(([head, width]) => span(head.padStart(width), 'dim')),
    ],
    ...sides.map(({ name, rejected, failed, hung, lostMs, style }) => [
      span(` ${name.padEnd(17)}`, 'dim'),
      count(rejected, 8),
      count(failed, 8),
      count(hung, 10),
      span(`${seconds(lostMs)} s  `.padStart(16)),
      span(horizontalBar(lostMs, most, scale.width + gutter - 60), style),
    ]),
  ]
}

function legend(): Line {
  const { ok, failed, rejected } = answerLook
  return [
    span(' '),
    stateLook.closed,
    span(' closed  ', 'dim'),
    stateLook.open,
    span(' open  ', 'dim'),
    stateLook['half-open'],
    span(' half-open     ', 'dim'),
    ok,
    span(' ok  ', 'dim'),
    failed,
    span(' failed  ', 'dim'),
    rejected,
    span(' rejected at once', 'dim'),
  ]
}

function explain(text: string, width: number): Line[] {
  const room = width - gutter - 1
  // Always as many lines, so that nothing below jumps as the story gets longer.
  const lines = wrap(text, room)
  return Array.from({ length: Math.ceil(longestExplanation / room) }, (_, index) =>
    row(index === 0 ? 'explain()' : '', [span(lines[index] ?? '')]),
  )
}

export function newsLine({ at, who, text, style }: News): Line {
  return [
    span(`${seconds(at)} s  `.padStart(9), 'dim'),
    span(who.padEnd(11), 'dim'),
    span(text, style),
  ]
}
