import type { StateName } from '../index.ts'
import type { Entry } from './entry.ts'
import { type FieldError, invalid } from './problem.ts'

const STATES: readonly string[] = ['closed', 'open', 'half-open']
const ORDERS = ['trouble', 'name', 'calls'] as const
type Order = (typeof ORDERS)[number]
/** Names that are asked for one by one. */
const MOST_NAMES = 200
const MOST_ROWS = 500
const MOST_WORDS = 20

/** What a list is asked for. */
export interface Query {
  /** All of them must be in its name, or what was said when it was overridden, or in that field. */
  readonly words: readonly { readonly field: 'state' | 'by' | undefined; readonly word: string }[]
  readonly state: readonly StateName[] | undefined
  /** Only those that need attention. */
  readonly trouble: boolean
  /** Only those that are overridden. */
  readonly hand: boolean
  readonly sort: Order
  readonly limit: number
  /** The place of the last row before. */
  readonly after: Place | undefined
  /** Undefined for all. */
  readonly names: readonly string[] | undefined
}

/** Where an entry stands in an order: by number, then by name. */
interface Place {
  readonly number: number
  readonly name: string
}

const KNOWN = ['q', 'state', 'trouble', 'hand', 'sort', 'limit', 'after', 'name']

/** @throws Problem that names every parameter that is wrong */
export function queryOf(parameters: URLSearchParams): Query {
  const errors: FieldError[] = []
  const wrong = (name: string, message: string): undefined => {
    errors.push({ pointer: `?${name}`, message })
  }
  checkKnown(parameters, KNOWN, wrong)
  const states = parameters.get('state')?.split(',')
  if (states?.some((state) => !STATES.includes(state))) {
    wrong('state', `state must be some of ${STATES.join(', ')}`)
  }
  const sort = parameters.get('sort') ?? 'trouble'
  if (!(ORDERS as readonly string[]).includes(sort)) {
    wrong('sort', `sort must be one of ${ORDERS.join(', ')}`)
  }
  const after = parameters.get('after')
  const place =
    after === null ? undefined : (placeOf(after) ?? wrong('after', 'after must be `next`'))
  const names = parameters.has('name') ? parameters.getAll('name') : undefined
  if (names !== undefined && names.length > MOST_NAMES) {
    wrong('name', `at most ${MOST_NAMES} names can be asked for`)
  }
  const query: Query = {
    words: wordsOf(parameters.get('q') ?? '', wrong),
    state: states as StateName[] | undefined,
    trouble: flag(parameters, 'trouble', wrong),
    hand: flag(parameters, 'hand', wrong),
    sort: sort as Order,
    limit: limitOf(parameters, 100, MOST_ROWS, wrong),
    after: place,
    names,
  }
  if (errors.length > 0) throw invalid(...errors)
  return query
}

type Wrong = (name: string, message: string) => undefined

export function checkKnown(
  parameters: URLSearchParams,
  known: readonly string[],
  wrong: Wrong,
): void {
  for (const name of new Set(parameters.keys())) {
    if (!known.includes(name)) wrong(name, `there is no parameter ${JSON.stringify(name)}`)
  }
}

export function limitOf(
  parameters: URLSearchParams,
  otherwise: number,
  most: number,
  wrong: Wrong,
): number {
  const text = parameters.get('limit')
  if (text === null) return otherwise
  const limit = /^\d{1,6}$/.test(text) ? Number(text) : 0
  if (limit < 1 || limit > most) wrong('limit', `limit must be an integer from 1 to ${most}`)
  return limit
}

function flag(parameters: URLSearchParams, name: string, wrong: Wrong): boolean {
  const text = parameters.get(name)
  if (text !== null && text !== '1' && text !== '0') wrong(name, `${name} must be 1 or 0`)
  return text === '1'
}

function wordsOf(text: string, wrong: Wrong): Query['words'] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean)
  if (words.length > MOST_WORDS) wrong('q', `q has at most ${MOST_WORDS} words`)
  return words.map((word) => {
    if (word.startsWith('state:')) return { field: 'state', word: word.slice('state:'.length) }
    if (word.startsWith('by:')) return { field: 'by', word: word.slice('by:'.length) }
    return { field: undefined, word }
  })
}

/** The first entries in the order that is asked for, after the place; at most so many. */
export function firstOf(
  entries: Iterable<Entry>,
  { sort, after }: Pick<Query, 'sort' | 'after'>,
  most: number,
): Entry[] {
  // Not sorted as a whole: of ten thousand, a hundred are shown.
  const first: Entry[] = []
  for (const entry of entries) {
    if (after !== undefined && order(after.number, after.name, entry, sort) >= 0) continue
    const last = first[most - 1]
    if (last !== undefined && order(numberOf(last, sort), last.name, entry, sort) <= 0) continue
    first.splice(indexOf(first, entry, sort), 0, entry)
    if (first.length > most) first.pop()
  }
  return first
}

/** Where an entry belongs among those that are in order. */
function indexOf(first: readonly Entry[], entry: Entry, sort: Order): number {
  let low = 0
  let high = first.length
  while (low < high) {
    const middle = (low + high) >> 1
    const other = first[middle] as Entry
    if (order(numberOf(other, sort), other.name, entry, sort) < 0) low = middle + 1
    else high = middle
  }
  return low
}

/** The first entries, and the parameter `after` for those that follow. */
export function page(
  entries: Iterable<Entry>,
  query: Query,
): { readonly entries: readonly Entry[]; readonly next: string | null } {
  const { sort, limit } = query
  const first = firstOf(entries, query, limit + 1)
  if (first.length <= limit) return { entries: first, next: null }
  first.pop()
  const last = first[limit - 1] as Entry
  return { entries: first, next: JSON.stringify([numberOf(last, sort), last.name]) }
}

/** A class is worth more than any impact. */
const PER_CLASS = 10_000

function numberOf({ severity, impact, calls }: Entry, sort: Order): number {
  if (sort === 'name') return 0
  return sort === 'calls' ? -calls : severity * PER_CLASS - impact
}

/** Below 0 where the place comes before the entry. */
function order(number: number, name: string, entry: Entry, sort: Order): number {
  const other = numberOf(entry, sort)
  if (number !== other) return number - other
  if (name === entry.name) return 0
  return name < entry.name ? -1 : 1
}

function placeOf(text: string): Place | undefined {
  try {
    const [number, name] = JSON.parse(text)
    return typeof number === 'number' && typeof name === 'string' ? { number, name } : undefined
  } catch {
    return undefined
  }
}

/** Of the parameters of a stream the names. @throws Problem for any other */
export function onlyNames(parameters: URLSearchParams): [string, string][] {
  const errors: FieldError[] = []
  checkKnown(parameters, ['name', 'after'], (name, message) => {
    errors.push({ pointer: `?${name}`, message })
    return undefined
  })
  if (errors.length > 0) throw invalid(...errors)
  return parameters.getAll('name').map((name) => ['name', name])
}
