import { computed, type ReadonlySignal, signal } from '@preact/signals'
import type { Row } from '../src/admin/index.ts'
import { worstFirst } from '../src/admin/order.ts'

const byName = new Map<string, Row>()
const all = signal<readonly Row[]>([])

/** All rows, by trouble. */
export const sorted: ReadonlySignal<readonly Row[]> = all

/** Those that need attention, the worst first. */
export const troubled: ReadonlySignal<readonly Row[]> = computed(() => {
  const end = all.value.findIndex((row) => row.class !== 0)
  return end === -1 ? all.value : all.value.slice(0, end)
})

/** What is known of a breaker; whoever reads it in an effect reads it again when any row changes. */
export function rowOf(name: string): Row | undefined {
  void all.value
  return byName.get(name)
}

/** Shows rows in place of those of the same names. */
export function showRows(some: readonly Row[]): void {
  const replaced = new Set(some.map(({ name }) => byName.get(name)))
  for (const row of some) byName.set(row.name, row)
  // Of thousands, some change in a second: the others are in order already, and are neither looked up nor compared.
  const kept = all.value.filter((row) => !replaced.has(row))
  const fresh = some.filter((row) => byName.get(row.name) === row).sort(worstFirst)
  all.value = merge(kept, fresh)
}

/** Forgets all others. */
export function keepOnly(names: ReadonlySet<string>): void {
  const kept = all.value.filter(({ name }) => names.has(name))
  if (kept.length === all.value.length) return
  for (const name of byName.keys()) if (!names.has(name)) byName.delete(name)
  all.value = kept
}

function merge(many: readonly Row[], few: readonly Row[]): Row[] {
  const merged: Row[] = []
  let at = 0
  for (const row of few) {
    const end = placeOf(row, many, at)
    while (at < end) merged.push(many[at++] as Row)
    merged.push(row)
  }
  while (at < many.length) merged.push(many[at++] as Row)
  return merged
}

/** The index of the first one, from `low` on, that comes after the row. */
function placeOf(row: Row, rows: readonly Row[], low: number): number {
  let begin = low
  let end = rows.length
  while (begin < end) {
    const middle = (begin + end) >> 1
    if (worstFirst(rows[middle] as Row, row) < 0) begin = middle + 1
    else end = middle
  }
  return begin
}
