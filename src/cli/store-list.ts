import type { FleetRow, Row } from '../admin/index.ts'
import { worstFirst } from '../admin/order.ts'
import { usage } from './cli-error.ts'

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
  return worstFirst
}

/** `Circuit "payments" is open in the whole fleet: …`, as a breaker explains itself. */
export function explanationOf({ why, next }: Row, fleet: FleetRow): string {
  const { name, automatic, calls, alone, behind, override } = fleet
  const shown = override?.mode.replace('-', ' ') ?? automatic
  const because = [why, next].filter(Boolean).join('; ')
  const sentences = [
    `Circuit ${JSON.stringify(name)} is ${shown} in the whole fleet${because && `: ${because}`}`,
  ]
  if (override !== null) sentences.push(`Underneath it is ${automatic}`)
  const all = calls.success + calls.failure
  if (all > 0) sentences.push(`${calls.failure} of ${all} calls in its window have failed`)
  if (alone.length > 0) sentences.push(`Opened by itself in ${alone.join(', ')}`)
  if (behind.length > 0) sentences.push(`Not applied yet by ${behind.join(', ')}`)
  return sentences.map((sentence) => `${sentence}.`).join(' ')
}
