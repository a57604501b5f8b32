import { computed, signal } from '@preact/signals'
import type { Row, Severity } from '../../src/admin/index.ts'
import { isIdle } from '../../src/admin/order.ts'
import { route } from '../route.ts'
import { rowOf, sorted } from '../rows.ts'

export const GROUPS = [
  ['Needs you', 'rejecting calls, coming back, or failing unprotected'],
  ['Held by hand', 'overrides that do what somebody asked for'],
  ['Watch', 'halfway to a trip, failing or slow'],
  ['Healthy', 'closed and quiet'],
] as const

/** The order holds still while this is true. */
export const isHeld = signal(false)

const QUICK: Readonly<Record<string, (row: Row) => boolean>> = {
  trouble: (row) => row.class === 0,
  hand: (row) => row.override !== null,
  'half-open': (row) => row.state === 'half-open',
}

function matches(row: Row, words: readonly string[]): boolean {
  if (words.length === 0) return true
  const { state, automatic, override } = row
  const by = override?.by?.toLowerCase() ?? ''
  const text = textOf(row)
  return words.every((word) => {
    if (word.startsWith('state:')) return [state, automatic].includes(word.slice(6) as never)
    if (word.startsWith('by:')) return by.includes(word.slice(3))
    return text.includes(word)
  })
}

const texts = new WeakMap<Row, string>()

/** What words are looked for in. Of thousands of rows a few change in a second. */
function textOf(row: Row): string {
  let text = texts.get(row)
  if (text === undefined) {
    const { name, why, override } = row
    text = [name, why, override?.reason, override?.by, override?.mode].join('\n').toLowerCase()
    texts.set(row, text)
  }
  return text
}

/** What rows are asked for; undefined for all. */
const filter = computed<((row: Row) => boolean) | undefined>(() => {
  const { value } = route
  if (value.page !== 'list') return () => false
  const words = value.query.toLowerCase().split(/\s+/).filter(Boolean)
  const quick = QUICK[value.show]
  if (words.length === 0) return quick
  return (row) => (quick === undefined || quick(row)) && matches(row, words)
})

/** The rows that are asked for, in order. */
export const fitting = computed<readonly Row[]>(() => {
  const { value: fits } = filter
  return fits === undefined ? sorted.value : sorted.value.filter(fits)
})

/** How high a row is: its class in the style sheet. */
export function sizeOf(row: Row): 'tall' | 'middle' | 'short' {
  if (row.class < 2) return 'tall'
  return row.why === '' || isIdle(row) ? 'short' : 'middle'
}

let last: readonly Row[] = []

/**
 * The rows where they are shown, as they were when they were placed. While the order is held, those that are there
 * stay, and others come after their group. The same array again where nothing has moved, so that nothing is placed
 * anew.
 */
const placed = computed<readonly Row[]>(() => {
  const next = isHeld.value ? held(fitting.value) : fitting.value
  const hasMoved = (row: Row, index: number) => {
    const before = last[index]
    if (row === before) return false
    return row.name !== before?.name || row.class !== before.class || sizeOf(row) !== sizeOf(before)
  }
  if (next.length !== last.length || next.some(hasMoved)) last = next
  return last
})

function held(fresh: readonly Row[]): readonly Row[] {
  const { value: fits } = filter
  const kept = last.filter(({ name }) => {
    const row = rowOf(name)
    return row !== undefined && (fits === undefined || fits(row))
  })
  if (kept.length === fresh.length) return kept
  const known = new Set(kept.map(({ name }) => name))
  const added = fresh.filter(({ name }) => !known.has(name))
  return [...kept, ...added].toSorted((a, b) => a.class - b.class)
}

/** How many rows would be elsewhere if the order were not held. */
export const misplaced = computed(() => {
  if (!isHeld.value) return 0
  return placed.value.filter((row) => rowOf(row.name)?.class !== row.class).length
})

/** Sorts now, although the order is held. */
export function sortNow(): void {
  const before = isHeld.value
  isHeld.value = false
  void placed.value
  isHeld.value = before
}

export const names = computed(() => placed.value.map(({ name }) => name))

/** Rows of one class, below a heading. */
export interface Group {
  readonly severity: Severity
  readonly size: number
  /** Where its first row is among all rows, and its heading among these and the headings. */
  readonly firstRow: number
  readonly heading: number
}

/** The rows with the headings of their groups between them. They are asked for by index: few of thousands are shown. */
export interface Items {
  readonly length: number
  groupAt(index: number): Group
  /** As it was when it was placed; undefined for a heading. */
  rowAt(index: number): Row | undefined
}

export const items = computed<Items>(() => {
  const { value } = placed
  const sizes = [0, 0, 0, 0]
  for (const { class: severity } of value) sizes[severity] = (sizes[severity] as number) + 1
  const groups: Group[] = []
  let firstRow = 0
  for (const [severity, size] of sizes.entries()) {
    if (size === 0) continue
    const heading = firstRow + groups.length
    groups.push({ severity: severity as Severity, size, firstRow, heading })
    firstRow += size
  }
  const groupAt = (index: number) => {
    let at = groups.length - 1
    while (at > 0 && (groups[at] as Group).heading > index) at--
    return groups[at] as Group
  }
  const rowAt = (index: number) => {
    const { heading, firstRow } = groupAt(index)
    return index === heading ? undefined : value[firstRow + index - heading - 1]
  }
  return { length: value.length + groups.length, groupAt, rowAt }
})
