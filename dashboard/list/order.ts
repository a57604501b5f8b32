import { computed, signal } from '@preact/signals'
import type { Row, Severity } from '../../src/admin/index.ts'
import { route } from '../route.ts'
import { rows } from '../state.ts'
import { isIdle } from '../state-badge.tsx'

export const GROUPS = [
  ['Needs you', 'rejecting calls, coming back, or failing unprotected'],
  ['Held by hand', 'overrides that do what somebody asked for'],
  ['Watch', 'halfway to a trip, failing or slow'],
  ['Healthy', 'closed and quiet'],
] as const

export type Item =
  | {
      readonly kind: 'group'
      readonly key: string
      readonly severity: Severity
      readonly size: number
    }
  | { readonly kind: 'row'; readonly key: string; readonly row: Row; readonly number: number }

/** The order holds still while this is true. */
export const isHeld = signal(false)

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

const QUICK: Readonly<Record<string, (row: Row) => boolean>> = {
  trouble: (row) => row.class === 0,
  hand: (row) => row.override !== null,
  'half-open': (row) => row.state === 'half-open',
}

function matches(row: Row, words: readonly string[]): boolean {
  if (words.length === 0) return true
  const { name, why, state, automatic, override } = row
  const by = override?.by?.toLowerCase() ?? ''
  const text = [name, why, override?.reason, by, override?.mode].join('\n').toLowerCase()
  return words.every((word) => {
    if (word.startsWith('state:')) return [state, automatic].includes(word.slice(6) as never)
    if (word.startsWith('by:')) return by.includes(word.slice(3))
    return text.includes(word)
  })
}

/** The rows that are asked for. */
export const fitting = computed<readonly Row[]>(() => {
  const { value } = route
  if (value.page !== 'list') return []
  const words = value.query.toLowerCase().split(/\s+/).filter(Boolean)
  const quick = QUICK[value.show]
  const all = [...rows.value.values()]
  return all.filter((row) => (quick === undefined || quick(row)) && matches(row, words))
})

interface Placed {
  readonly name: string
  readonly severity: Severity
}

let last: readonly Placed[] = []

/** Where rows are; while it is held, those that are there stay, and others come after their group. */
const placed = computed<readonly Placed[]>(() => {
  const sorted = fitting.value.toSorted(worstFirst)
  const fresh = sorted.map(({ name, class: severity }) => ({ name, severity }))
  if (!isHeld.value) {
    last = fresh
    return last
  }
  const wanted = new Set(fresh.map(({ name }) => name))
  const kept = last.filter(({ name }) => wanted.has(name))
  const known = new Set(kept.map(({ name }) => name))
  const added = fresh.filter(({ name }) => !known.has(name))
  last = [...kept, ...added].toSorted((a, b) => a.severity - b.severity)
  return last
})

/** How many rows would be elsewhere if the order were not held. */
export const misplaced = computed(() => {
  if (!isHeld.value) return 0
  return placed.value.filter(({ name, severity }) => rows.value.get(name)?.class !== severity)
    .length
})

/** Sorts now, although the order is held. */
export function sortNow(): void {
  const before = isHeld.value
  isHeld.value = false
  void placed.value
  isHeld.value = before
}

export const names = computed(() => placed.value.map(({ name }) => name))

/** The rows with the headings of their groups between them. */
export const items = computed<readonly Item[]>(() => {
  const sizes = [0, 0, 0, 0]
  for (const { severity } of placed.value) sizes[severity] = (sizes[severity] as number) + 1
  const all: Item[] = []
  let group: Severity | undefined
  for (const [index, { name, severity }] of placed.value.entries()) {
    const row = rows.value.get(name)
    if (row === undefined) continue
    if (severity !== group) {
      group = severity
      const size = sizes[severity] as number
      all.push({ kind: 'group', key: `group ${severity}`, severity, size })
    }
    all.push({ kind: 'row', key: `row ${name}`, row, number: index + 1 })
  }
  return all
})
