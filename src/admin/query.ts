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
  /** Only those that need somebody. */
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

/** Sorts as asked, and leaves out what is before the place. */
export function sorted(entries: readonly Entry[], { sort, after }: Query): Entry[] {
  const placed = entries.map((entry) => ({ entry, ...placeIn(entry, sort) }))
  const rest = after === undefined ? placed : placed.filter((one) => compare(after, one) < 0)
  return rest.sort(compare).map(({ entry }) => entry)
}

/** The first entries, and the parameter `after` for those that follow. */
export function page(
  entries: readonly Entry[],
  { sort, limit }: Query,
): { readonly entries: readonly Entry[]; readonly next: string | null } {
  const last = entries[limit - 1]
  if (last === undefined || entries.length === limit) return { entries, next: null }
  const { number, name } = placeIn(last, sort)
  return { entries: entries.slice(0, limit), next: JSON.stringify([number, name]) }
}

/** A class is worth more than whatever calls there are. */
const PER_CLASS = 1e9

function placeIn({ name, severity, impact, calls }: Entry, sort: Order): Place {
  if (sort === 'name') return { number: 0, name }
  if (sort === 'calls') return { number: -calls, name }
  return { number: severity * PER_CLASS - Math.min(impact, PER_CLASS / 2), name }
}

function compare(a: Place, b: Place): number {
  if (a.number !== b.number) return a.number - b.number
  if (a.name === b.name) return 0
  return a.name < b.name ? -1 : 1
}

function placeOf(text: string): Place | undefined {
  try {
    const [number, name] = JSON.parse(text)
    return typeof number === 'number' && typeof name === 'string' ? { number, name } : undefined
  } catch {
    return undefined
  }
}
