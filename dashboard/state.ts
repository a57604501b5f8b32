import { computed, signal } from '@preact/signals'
import type { Counts, List, LogEntry, Operation, ProcessInfo } from '../src/admin/index.ts'
import { pagesByName } from '../src/admin/pages.ts'
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

/** What fits a window comes first. */
const IN_VIEW = 100
const PAGE = 200

let walking = false

/** Reads all rows, page by page, and forgets those that are gone. */
export async function readAll(): Promise<void> {
  if (walking) return
  walking = true
  try {
    const worst = await readPage({ limit: String(IN_VIEW) })
    now.value = worst.now
    counts.value = worst.counts
    if (worst.next === null) return keepOnly(namesOf(worst))
    const found = new Set<string>()
    for await (const page of pagesByName(readPage, { limit: String(PAGE) })) {
      for (const name of namesOf(page)) found.add(name)
    }
    keepOnly(found)
  } finally {
    walking = false
  }
}

async function readPage(query: Readonly<Record<string, string>>): Promise<List> {
  const list = await get<List>(`breakers?${new URLSearchParams(query)}`)
  sawProcess(list.process.id)
  showRows(list.rows)
  return list
}

function namesOf({ rows }: List): ReadonlySet<string> {
  return new Set(rows.map(({ name }) => name))
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
