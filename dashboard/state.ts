import { computed, signal } from '@preact/signals'
import type { Counts, List, LogEntry, Operation, ProcessInfo } from '../src/admin/index.ts'
import { get } from './api.ts'
import { keepOnly, showRows } from './rows.ts'

export interface Session {
  readonly by: string | null
  readonly can: readonly string[]
  readonly process: ProcessInfo
  readonly fleet: boolean
  readonly historySince: number
  readonly limits: { readonly maxFor: number | null; readonly operations: readonly Operation[] }
}

export const session = signal<Session | undefined>(undefined)
export const canWrite = computed(() => session.value?.can.includes('write') ?? false)
/** Undefined until they are known. */
export const counts = signal<Counts | undefined>(undefined)
/** The time of the process when it last said something, in milliseconds since 1970. */
export const now = signal(Date.now())
export const log = signal<readonly LogEntry[]>([])
/** The processes that have answered. */
export const processes = signal<readonly string[]>([])

/** So many entries are kept. */
const MOST_ENTRIES = 1_000

export function addEntries(entries: readonly LogEntry[]): void {
  const known = new Set(log.value.map(({ id }) => id))
  const fresh = entries.filter(({ id }) => !known.has(id))
  if (fresh.length === 0) return
  log.value = [...fresh, ...log.value].sort(newestFirst).slice(0, MOST_ENTRIES)
}

function newestFirst(a: LogEntry, b: LogEntry): number {
  return b.at - a.at || numberOf(b) - numberOf(a)
}

function numberOf({ id }: LogEntry): number {
  return Number(id.split('.')[1])
}

export function sawProcess(id: string): void {
  if (!processes.value.includes(id)) processes.value = [...processes.value, id]
}

/** The first page of a list has what fits a window, and the others are this long. */
const FIRST_PAGE = 100
const PAGE = 200

let walking = false

/** Reads all rows, page by page, and forgets those that are gone. */
export async function readAll(): Promise<void> {
  if (walking) return
  walking = true
  try {
    const found = new Set<string>()
    let after: string | null = null
    do {
      const query = new URLSearchParams({
        limit: String(after === null ? FIRST_PAGE : PAGE),
        ...(after === null ? {} : { after }),
      })
      const list: List = await get<List>(`breakers?${query}`)
      sawProcess(list.process.id)
      if (after === null) {
        now.value = list.now
        counts.value = list.counts
      }
      for (const { name } of list.rows) found.add(name)
      after = list.next
      showRows(list.rows)
    } while (after !== null)
    keepOnly(found)
  } finally {
    walking = false
  }
}

/** An address is at most so long, without its names. */
const MOST_NAMES = 100
const LONGEST_QUERY = 3_000

/** Reads rows by their names. */
export async function readSome(names: Iterable<string>): Promise<void> {
  let query = new URLSearchParams()
  const read = async () => {
    if (query.size > 0) showRows((await get<List>(`breakers?${query}`)).rows)
    query = new URLSearchParams()
  }
  for (const name of names) {
    query.append('name', name)
    if (query.size === MOST_NAMES || query.toString().length > LONGEST_QUERY) await read()
  }
  await read()
}

export async function readSession(): Promise<void> {
  session.value = await get<Session>('session')
  sawProcess(session.value.process.id)
}

export async function readLog(): Promise<void> {
  const { entries } = await get<{ entries: readonly LogEntry[] }>('log?limit=200')
  addEntries(entries)
}
