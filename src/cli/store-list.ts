import type { Counts, FleetRow, Operation, Row, Undo, Write } from '../admin/index.ts'
import type { FleetCommand } from '../fleet/index.ts'
import { duration } from './arguments.ts'
import { usage } from './cli-error.ts'

const MODES = {
  'force-open': 'forced-open',
  'force-closed': 'forced-closed',
  disable: 'disabled',
  release: null,
} as const
const OPERATIONS = {
  'forced-open': 'force-open',
  'forced-closed': 'force-closed',
  disabled: 'disable',
} as const

/** Whether a list that is asked for has the row. */
export function fits(
  row: Row,
  { trouble, hand, state, q = '' }: Readonly<Record<string, string>>,
): boolean {
  const text = [row.name, row.why].join('\n').toLowerCase()
  return (
    (trouble === undefined || row.class === 0) &&
    (hand === undefined || row.override !== null) &&
    (state === undefined || state.split(',').includes(row.state)) &&
    q
      .toLowerCase()
      .split(/\s+/)
      .every((word) => text.includes(word))
  )
}

export function orderOf(sort = 'trouble'): (a: Row, b: Row) => number {
  const byName = (a: Row, b: Row): number => (a.name < b.name ? -1 : 1)
  if (sort === 'name') return byName
  if (sort === 'calls') return (a, b) => b.rates.calls - a.rates.calls || byName(a, b)
  if (sort !== 'trouble') throw usage('sort must be one of trouble, name, calls')
  return (a, b) => a.class - b.class || b.rates.failed - a.rates.failed || byName(a, b)
}

export function countsOf(rows: readonly Row[]): Counts {
  const byClass: [number, number, number, number] = [0, 0, 0, 0]
  const byState = { closed: 0, open: 0, 'half-open': 0 }
  const sum = { byHand: 0, calls: 0, failed: 0, rejected: 0 }
  for (const row of rows) {
    byClass[row.class]++
    byState[row.state]++
    if (row.override !== null) sum.byHand++
    sum.calls += row.rates.calls
    sum.failed += row.rates.failed
  }
  return { total: rows.length, byClass, byState, ...sum }
}

/** `Circuit "payments" is open in the whole fleet: …`, as a breaker explains itself. */
export function explanationOf({ why, next }: Row, fleet: FleetRow): string {
  const { name, state, automatic, calls, alone, behind, override } = fleet
  const sentences = [
    `Circuit ${JSON.stringify(name)} is ${state.replace('-', ' ')} in the whole fleet`,
  ]
  if (state !== 'half-open')
    sentences[0] = sentences[0]?.replace('half open', 'half-open') as string
  const because = [why, next].filter(Boolean).join('; ')
  if (because !== '') sentences[0] += `: ${because}`
  if (override !== null) sentences.push(`Underneath it is ${automatic}`)
  const all = calls.success + calls.failure
  if (all > 0) sentences.push(`${calls.failure} of ${all} calls in its window have failed`)
  if (alone.length > 0) sentences.push(`Opened by itself in ${alone.join(', ')}`)
  if (behind.length > 0) sentences.push(`Not applied yet by ${behind.join(', ')}`)
  return sentences.map((sentence) => `${sentence}.`).join(' ')
}

/** What is done to the fleet. */
export function commandOf(operation: Operation, body: Write): FleetCommand {
  const said = { by: body.by ?? '', reason: body.reason }
  const ms = body.for == null ? 0 : duration('for', String(body.for))
  if (operation === 'trip') return { kind: 'trip', for: ms, ...said }
  if (operation === 'reset') return { kind: 'reset', ...said }
  if (operation === 'configure') {
    throw usage('Options are those of each process: configure one by --url, not by --store.')
  }
  return { kind: 'override', mode: MODES[operation], for: ms, ...said }
}

/** What takes it back; null for what can't be taken back. */
export function undoOf(operation: Operation, before: Row, said: string): Undo | null {
  const reason = `Undo: ${said}`.slice(0, 500)
  if (operation === 'trip') return { operation: 'reset', body: { reason } }
  const { override } = before
  if (operation === 'reset' || (operation === 'release' && override === null)) return null
  if (override === null) return { operation: 'release', body: { reason } }
  const left = override.until === null ? null : Math.max(1, override.until - Date.now())
  return { operation: OPERATIONS[override.mode], body: { reason, for: left } }
}
