import { batch, computed, signal } from '@preact/signals'
import { createParser, type EventSourceMessage } from 'eventsource-parser'
import type { Counts, LogEntry, Row } from '../src/admin/index.ts'
import { ApiError, request } from './api.ts'
import { showRows, sorted } from './rows.ts'
import {
  addEntries,
  counts,
  log,
  now,
  processes,
  readAll,
  readLog,
  readSession,
  readSome,
  sawProcess,
  session,
} from './state.ts'

/** How what is shown comes in. */
export const mode = signal<'loading' | 'live' | 'polling' | 'lost'>('loading')
/** Why nothing is shown: not signed in, or not let in. */
export const rejected = signal<ApiError | undefined>(undefined)
/** By the clock of this browser: when something last came, and the time now, to the second. */
const heardAt = signal(Date.now())
const seconds = signal(Date.now())
export const age = computed(() => Math.max(0, seconds.value - heardAt.value))
/** When the next attempt is made, while the connection is lost. */
const nextAt = signal(0)
export const nextIn = computed(() => Math.max(0, nextAt.value - seconds.value))
/** What is shown is too old to act upon. */
export const isStale = computed(() => mode.value !== 'loading' && age.value >= 10_000)
export const restartedAt = signal<number | undefined>(undefined)

/** Without a tick for so long a stream counts as stuck, ms. */
const PATIENCE = 5_000
const POLL = 2_000
/** So long it polls before it tries the stream again, ms. */
const POLLING = 30_000
const LONGEST_WAIT = 10_000

let boot = ''
/** When everything was last asked for. */
let readAt = 0
let wake: () => void = () => {}
let stop: AbortController | undefined

export function heard(): void {
  heardAt.value = seconds.value = Date.now()
  rejected.value = undefined
}

/** Tries again now. */
export function retry(): void {
  wake()
}

/** Begins anew, with another token. */
export function reconnect(): void {
  stop?.abort()
  wake()
}

function wait(ms: number): Promise<void> {
  nextAt.value = Date.now() + ms
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    wake = () => {
      clearTimeout(timer)
      resolve()
    }
  })
}

async function whenVisible(): Promise<void> {
  while (document.hidden) {
    await new Promise((resolve) => {
      document.addEventListener('visibilitychange', resolve, { once: true })
    })
  }
}

/** Follows what happens for as long as the page is there. */
export async function connect(): Promise<never> {
  setInterval(() => {
    seconds.value = Date.now()
  }, 1_000)
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) stop?.abort()
  })
  let failures = 0
  for (;;) {
    await whenVisible()
    try {
      await readEverything()
      failures = 0
      const stuck = await follow()
      if (stuck) await poll()
      else await wait(1_000)
    } catch (error) {
      if (document.hidden) continue
      if (error instanceof ApiError && [401, 403].includes(error.status)) rejected.value = error
      if (mode.value !== 'loading') mode.value = 'lost'
      await wait(Math.min(LONGEST_WAIT, 1_000 * 2 ** failures++))
    }
  }
}

async function readEverything(): Promise<void> {
  readAt = Date.now()
  await Promise.all([readSession(), readAll(), readLog()])
  heard()
  if (mode.value !== 'live') mode.value = 'polling'
}

/** True if the stream is open, but nothing comes. */
async function follow(): Promise<boolean> {
  const own = new AbortController()
  stop = own
  let isStuck = false
  let timer = setTimeout(giveUp, PATIENCE)
  function giveUp(): void {
    isStuck = true
    own.abort()
  }
  const parser = createParser({
    onEvent(message) {
      clearTimeout(timer)
      timer = setTimeout(giveUp, PATIENCE)
      heard()
      mode.value = 'live'
      take(message)
    },
  })
  try {
    const last = log.value[0]?.id
    const after = last === undefined ? '' : `?after=${encodeURIComponent(last)}`
    const { body } = await request(`events${after}`, {
      headers: { accept: 'text/event-stream' },
      signal: own.signal,
    })
    const reader = (body as ReadableStream<Uint8Array>).getReader()
    const decoder = new TextDecoder()
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return false
      parser.feed(decoder.decode(value, { stream: true }))
    }
  } catch (error) {
    if (isStuck) return true
    if (own.signal.aborted) return false
    throw error
  } finally {
    clearTimeout(timer)
    own.abort()
  }
}

function take({ event, data }: EventSourceMessage): void {
  const body = JSON.parse(data)
  if (event === 'hello') greet(body)
  else if (event === 'tick') tick(body)
  else if (event === 'log') addEntries([body as LogEntry])
  else if (event === 'reset') refresh()
}

function greet({
  process,
  boot: current,
  now: at,
}: {
  process: string
  boot: string
  now: number
}) {
  if (boot !== '' && boot !== current) {
    // Another run of the same program: what was known of the one before is over.
    if (processes.value.length === 1 && processes.value[0] !== process) processes.value = []
    restartedAt.value = session.value?.process.startedAt ?? at
    log.value = []
    refresh()
  }
  boot = current
  sawProcess(process)
}

function refresh(): void {
  Promise.all([readAll(), readLog()]).catch(() => {})
}

/** How often everything is read, where a tick has not all: because it is not right, and in any case; ms. */
const WRONG_EVERY = 10_000
const ALL_EVERY = 60_000
/** How often what is in view is read, ms. */
const VIEW_EVERY = 5_000

let viewReadAt = 0
/** The names of the last tick. */
let ticked: ReadonlySet<string> = new Set()
let isReadingSome = false

/** The counts of a tick are shown in a later frame than its rows, ms. */
const A_FRAME = 20

interface Tick {
  readonly now: number
  readonly counts: Counts
  readonly rows: readonly Row[]
}

function tick(body: Tick): void {
  batch(() => {
    now.value = body.now
    showRows(body.rows)
  })
  setTimeout(showCounts, A_FRAME, body)
}

function showCounts({ counts: fresh, rows }: Tick): void {
  counts.value = fresh
  const { total } = fresh
  const waited = Date.now() - readAt
  if (total !== sorted.value.length ? waited > 1_000 : total > rows.length && isTime(waited)) {
    readAt = Date.now()
    readAll().catch(() => {})
  } else if (total > rows.length) {
    // A task of its own: while scrolling, the longest one of a slow processor takes 42 ms in place of 53.
    setTimeout(readBeside, 0, rows)
  }
}

function isTime(waited: number): boolean {
  return waited > ALL_EVERY || (waited > WRONG_EVERY && hasOtherSizes())
}

/** True if what is shown has not as many in each class as there are. */
function hasOtherSizes(): boolean {
  const sizes = [0, 0, 0, 0]
  for (const row of sorted.value) sizes[row.class] = (sizes[row.class] as number) + 1
  return counts.value?.byClass.some((size, index) => size !== sizes[index]) ?? false
}

/** Reads what the tick has no longer, and what is in view without being in it. */
function readBeside(some: readonly Row[]): void {
  const there = new Set(some.map(({ name }) => name))
  const names = new Set(ticked)
  ticked = there
  if (Date.now() - viewReadAt > VIEW_EVERY) {
    viewReadAt = Date.now()
    for (const { dataset } of document.querySelectorAll<HTMLElement>('.row.item')) {
      if (dataset['name'] !== undefined) names.add(dataset['name'])
    }
  }
  for (const name of there) names.delete(name)
  if (names.size === 0 || isReadingSome) return
  isReadingSome = true
  const end = () => {
    isReadingSome = false
  }
  readSome(names).then(end, end)
}

async function poll(): Promise<void> {
  mode.value = 'polling'
  const end = Date.now() + POLLING
  while (Date.now() < end && !document.hidden) {
    await wait(POLL)
    await Promise.all([readAll(), readLog()])
    heard()
  }
}
