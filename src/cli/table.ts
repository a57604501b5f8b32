import type { BandPart, List, Row } from '../admin/index.ts'
import {
  age,
  clockTime,
  cut,
  milliseconds,
  type Paint,
  padEnd,
  padStart,
  perSecond,
  type Style,
  share,
  visible,
  width,
} from './display.ts'

const BAND = 28
const BAND_MS = 15 * 60_000

interface Column {
  readonly title: string
  readonly align: 'left' | 'right'
  readonly text: (row: Row, now: number) => string
}

const COLUMNS = {
  calls: { title: 'CALLS', align: 'right', text: ({ rates }) => perSecond(rates.calls) },
  failed: { title: 'FAILED', align: 'right', text: ({ failedShare }) => share(failedShare) },
  rejected: { title: 'REJECTED', align: 'right', text: ({ rates }) => perSecond(rates.rejected) },
  p99: { title: 'P99', align: 'right', text: ({ p99 }) => milliseconds(p99) },
  band: { title: '15 MIN', align: 'left', text: ({ band }, now) => bandText(band, now) },
} as const satisfies Record<string, Column>

type ColumnName = keyof typeof COLUMNS
const ORDER: readonly ColumnName[] = ['band', 'calls', 'failed', 'rejected', 'p99']
/** What is left out first where the terminal is narrow. */
const DROPPED: readonly ColumnName[] = ['p99', 'calls', 'band']
/** What is said of a row must have some room. */
const LEAST_WHY = 24

/** How a table is drawn. */
export interface TableOptions {
  /** Infinity for one that is piped: nothing is cut then. */
  readonly columns: number
  readonly paint: Paint
  /** Healthy ones, too. */
  readonly all: boolean
  /** The name of the one that keys are about. */
  readonly selected?: string | undefined
}

/** `3 of 40 breakers need you · checkout prod · 03:14:07`, and the rows. */
export function tableLines(list: List, about: string, options: TableOptions): string[] {
  const { paint, all } = options
  const { byClass, total } = list.counts
  const healthy = byClass[3]
  const shown = shownRows(list, all)
  const lines = [headline(byClass[0], total, about, list.now, paint)]
  if (shown.length > 0) lines.push('', ...rowLines(shown, list.now, options))
  if (!all && healthy > 0) {
    const [every, more] =
      healthy === 1 ? ['It is', '1 more is'] : [`All ${healthy} are`, `${healthy} more are`]
    const said = shown.length === 0 ? every : `… ${more}`
    lines.push(paint('dim', `  ${said} healthy (--all)`))
  }
  return lines
}

/** The rows that are shown. */
export function shownRows({ rows }: List, all: boolean): readonly Row[] {
  return all ? rows : rows.filter((row) => row.class < 3)
}

function headline(needs: number, total: number, about: string, now: number, paint: Paint): string {
  const verb = needs === 1 ? 'needs' : 'need'
  const what =
    total === 0
      ? 'There are no breakers'
      : needs === 0
        ? `None of ${total} breaker${total === 1 ? '' : 's'} needs you`
        : `${needs} of ${total} breaker${total === 1 ? '' : 's'} ${verb} you`
  return `${paint('bold', what)} · ${visible(about)} · ${clockTime(now)}`
}

function rowLines(
  rows: readonly Row[],
  now: number,
  { columns, paint, selected }: TableOptions,
): string[] {
  const states = rows.map((row) => stateText(row))
  const ages = rows.map((row) => age(shownFor(row)))
  const names = rows.map(({ name }) => visible(name))
  const stateWidth = Math.max(5, ...states.map(width))
  const ageWidth = Math.max(...ages.map(width))
  const nameWidth = Math.max(4, ...names.map(width))
  const whys = rows.map(whyText)
  let kept = ORDER
  const cells = new Map(ORDER.map((name) => [name, cellsOf(name, rows, now)]))
  const widthOf = (name: ColumnName): number => Math.max(...(cells.get(name) ?? []).map(width))
  const left = (): number =>
    columns -
    (2 + stateWidth + 1 + ageWidth + 1 + nameWidth) -
    kept.reduce((sum, name) => sum + 2 + widthOf(name), 0) -
    2
  for (const name of DROPPED) {
    if (left() < LEAST_WHY) kept = kept.filter((one) => one !== name)
  }
  const room = Math.max(LEAST_WHY, left())
  const line = (index: number, start: string, why: string): string => {
    const middle = kept.map((name) => {
      const cell = cells.get(name)?.[index] ?? ''
      const pad = COLUMNS[name].align === 'left' ? padEnd : padStart
      return pad(cell, widthOf(name))
    })
    return [start, ...middle, cut(why, room)].join('  ').trimEnd()
  }
  const titleStart = `  ${padEnd('STATE', stateWidth + 1 + ageWidth)} ${padEnd('NAME', nameWidth)}`
  const lines = [paint('dim', line(0, titleStart, 'WHY'))]
  rows.forEach((row, index) => {
    const style = STYLES[row.class]
    const state = paint(style, `${MARKS[markOf(row)]} ${padEnd(states[index] ?? '', stateWidth)}`)
    const since = paint('dim', padStart(ages[index] ?? '', ageWidth))
    const start = `${state} ${since} ${padEnd(names[index] ?? '', nameWidth)}`
    const text = line(index + 1, start, whys[index] ?? '')
    lines.push(row.name === selected ? paint('inverse', text) : text)
  })
  return lines
}

function cellsOf(name: ColumnName, rows: readonly Row[], now: number): string[] {
  const { title, text } = COLUMNS[name]
  return [title, ...rows.map((row) => text(row, now))]
}

const STYLES: Readonly<Record<Row['class'], Style>> = {
  0: 'red',
  1: 'magenta',
  2: 'yellow',
  3: 'dim',
}
const MARKS = { open: '▲', 'half-open': '◆', held: '■', none: ' ' } as const

function markOf(row: Row): keyof typeof MARKS {
  if (row.class === 1) return 'held'
  if (row.class > 1) return 'none'
  return row.automatic === 'half-open' ? 'half-open' : 'open'
}

/** A probe between does not make an open one young. */
function shownFor({ state, stateFor, trippedFor, override }: Row): number {
  return state === 'open' && override === null ? (trippedFor ?? stateFor) : stateFor
}

function stateText({ state, override }: Row): string {
  return override === null ? state : `${state}*`
}

function whyText({ why, next, override }: Row): string {
  const text = [why, next].filter(Boolean).join('; ')
  return visible(override === null ? text : `*${text}`)
}

const HEIGHTS = { closed: '▂', 'half-open': '▅', open: '█' } as const

/** What calls have met in the last 15 minutes, the worst of each part. */
function bandText(band: readonly BandPart[], now: number): string {
  const begin = now - BAND_MS
  const step = BAND_MS / BAND
  let text = ''
  for (let i = 0; i < BAND; i++) {
    const from = begin + i * step
    const parts = band.filter(([at], index) => {
      const end = band[index + 1]?.[0] ?? Infinity
      return at < from + step && end > from
    })
    const levels = parts.map(([, shown]) => levelOf(shown))
    text +=
      HEIGHTS[(['open', 'half-open'] as const).find((one) => levels.includes(one)) ?? 'closed']
  }
  return text
}

function levelOf(shown: BandPart[1]): keyof typeof HEIGHTS {
  if (shown === 'forced-open' || shown === 'open') return 'open'
  return shown === 'half-open' ? 'half-open' : 'closed'
}
