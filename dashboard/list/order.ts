import { computed, signal } from '@preact/signals'
import type { Row, Severity } from '../../src/admin/index.ts'
import { route } from '../route.ts'
import { sorted } from '../sorted.ts'
import { rows } from '../state.ts'

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
  | {
      readonly kind: 'row'
      readonly key: string
      readonly name: string
      readonly severity: Severity
      readonly number: number
    }

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

/** The rows that are asked for, in order. */
export const fitting = computed<readonly Row[]>(() => {
  const { value } = route
  if (value.page !== 'list') return []
  const words = value.query.toLowerCase().split(/\s+/).filter(Boolean)
  const quick = QUICK[value.show]
  if (words.length === 0 && quick === undefined) return sorted.value
  return sorted.value.filter((row) => (quick === undefined || quick(row)) && matches(row, words))
})

interface Placed {
  readonly name: string
  readonly severity: Severity
}

let last: readonly Placed[] = []

/** Where rows are; while it is held, those that are there stay, and others come after their group. */
const placed = computed<readonly Placed[]>(() => {
  const fresh = fitting.value.map(({ name, class: severity }) => ({ name, severity }))
  if (!isHeld.value) return lastUnlessOther(fresh)
  const wanted = new Set(fresh.map(({ name }) => name))
  const kept = last.filter(({ name }) => wanted.has(name))
  const known = new Set(kept.map(({ name }) => name))
  const added = fresh.filter(({ name }) => !known.has(name))
  return lastUnlessOther([...kept, ...added].toSorted((a, b) => a.severity - b.severity))
})

/** The same array again where nothing has moved, so that nothing is placed anew. */
function lastUnlessOther(next: readonly Placed[]): readonly Placed[] {
  const isSame = ({ name, severity }: Placed, index: number) =>
    last[index]?.name === name && last[index]?.severity === severity
  if (next.length !== last.length || !next.every(isSame)) last = next
  return last
}

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
    if (severity !== group) {
      group = severity
      const size = sizes[severity] as number
      all.push({ kind: 'group', key: `group ${severity}`, severity, size })
    }
    all.push({ kind: 'row', key: `row ${name}`, name, severity, number: index + 1 })
  }
  return all
})
