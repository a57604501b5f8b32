import { computed } from '@preact/signals'
import type { Row } from '../src/admin/index.ts'
import { rows } from './state.ts'
import { isIdle } from './state-badge.tsx'

function worstFirst(a: Row, b: Row): number {
  return (
    a.class - b.class ||
    Number(isIdle(a)) - Number(isIdle(b)) ||
    impactOf(b) - impactOf(a) ||
    b.rates.calls - a.rates.calls ||
    (a.name < b.name ? -1 : 1)
  )
}

/** Of the healthy ones it would only be noise. */
function impactOf({ class: severity, rates }: Row): number {
  return severity === 3 ? 0 : rates.failed + rates.rejected
}

let last: readonly Row[] = []

/** All rows, by trouble. They are sorted from where they were, as few of thousands move in a second. */
export const sorted = computed<readonly Row[]>(() => {
  const all = rows.value
  const seen = new Set<string>()
  const next: Row[] = []
  for (const { name } of last) {
    const row = all.get(name)
    if (row === undefined) continue
    seen.add(name)
    next.push(row)
  }
  if (seen.size < all.size) for (const row of all.values()) if (!seen.has(row.name)) next.push(row)
  last = next.sort(worstFirst)
  return last
})

/** Those that need attention, the worst first. */
export const troubled = computed<readonly Row[]>(() => {
  const end = sorted.value.findIndex((row) => row.class !== 0)
  return end === -1 ? sorted.value : sorted.value.slice(0, end)
})
