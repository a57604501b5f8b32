import { getEventListeners } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { heapInUse } from '../resources/heap.ts'
import { httpFaults, redisFaults, Schedule } from './faults.ts'
import { HttpTraffic } from './http-loads.ts'
import { Load } from './load.ts'
import { seeded } from './random.ts'
import { RedisTraffic } from './redis-loads.ts'
import { growth, type Sample } from './trend.ts'
import { takeVictimsAlong, Victim } from './victim.ts'

// Real traffic against real servers that are frozen, killed, slowed and restarted:
//
//     npm run test:soak -- [seconds] [seed]
//
// Ends by itself when nothing holds it any more, with 0 if all that it watches has held.

const seconds = numberOf(process.argv[2] ?? process.env['SOAK_SECONDS'], 600)
const seed = numberOf(process.argv[3] ?? process.env['SOAK_SEED'], Date.now() % 2 ** 31)

/** Ms after a fault in which every breaker must have closed, on a busy machine. */
const RECOVERY = 20_000
/**
 * Bytes that the heap may grow by, as the line that fits the samples has it, without warm-up. A
 * short run on a slow machine is warm-up for the most part.
 */
const HEAP_GROWTH = seconds < 120 ? 4_000_000 : 1_500_000
/** The share of the run in which the engine still compiles and the pools still fill. */
const WARM_UP = 0.25
/** Ms in which the process has to be gone once it is done. */
const LEAVING = 5_000

const problems: string[] = []
const say = (text: string): boolean => process.stdout.write(`${text}\n`)
process.on('warning', (warning) => problems.push(`the process warns: ${warning}`))
takeVictimsAlong()
say(`soak: ${seconds} s with seed ${seed}, Node ${process.version}`)
await sleep(1)
const resourcesBefore = resources()

const servers = await Promise.all([Victim.http(), Victim.redis()])
const [upstream, store] = servers
const http = new HttpTraffic(upstream.port)
const redis = new RedisTraffic(store.port)
const random = seeded(seed)
const loads = [...http.plans(random), ...redis.plans(random)].map((plan) => new Load(plan, random))
const begin = performance.now()
const lane = (target: string) => ({
  loads: loads.filter((load) => load.target === target),
  until: begin + seconds * 1_000,
  recovery: RECOVERY,
  random: seeded(seed + target.length),
})
const schedules = { http: new Schedule(), redis: new Schedule() }
const heap: Sample[] = []
let checks = 0

for (const load of loads) load.start()
let running = true
const watching = Promise.all([
  repeat(50, checkBooks),
  repeat(Math.max(500, seconds * 10), sampleHeap),
  repeat(2_000, async () => report()),
])
await Promise.all([
  schedules.http.run({ ...lane('http'), faults: httpFaults(upstream) }),
  schedules.redis.run({ ...lane('redis'), faults: redisFaults(store, redis) }),
])
running = false
await watching
await finish()

async function finish(): Promise<void> {
  for (const load of loads) load.stop()
  const deadline = performance.now() + RECOVERY
  while (loads.some((load) => load.waiting > 0) && performance.now() < deadline) await sleep(20)
  await checkBooks()
  for (const { name, breaker, waiting, trips, complaints } of loads) {
    const { inFlight } = breaker.snapshot()
    if (inFlight > 0) problems.push(`${name} ends with ${inFlight} in flight`)
    if (waiting > 0) problems.push(`${name} has left ${waiting} callers without an answer`)
    if (trips === 0) problems.push(`${name} was never opened by any fault`)
    problems.push(...complaints.map((complaint) => `${name} complains: ${complaint}`))
  }
  const listeners = getEventListeners(http.longLived, 'abort').length
  if (listeners > 0) problems.push(`${listeners} listeners are left on a long-lived signal`)
  await http.close()
  redis.close()
  for (const server of servers) await server.end()
  problems.push(...schedules.http.problems, ...schedules.redis.problems)
  checkHeap()
  await checkResources()
  summarize()
  watchTheExit()
}

async function repeat(ms: number, action: () => Promise<void>): Promise<void> {
  for (;;) {
    for (let left = ms; left > 0 && running; left -= 100) await sleep(Math.min(left, 100))
    if (!running) return
    await action()
  }
}

async function checkBooks(): Promise<void> {
  checks++
  for (const load of loads) problems.push(...load.imbalances())
}

async function sampleHeap(): Promise<void> {
  heap.push({ at: performance.now() - begin, value: await heapInUse() })
}

function checkHeap(): void {
  const grown = settledHeap()
  if (grown > HEAP_GROWTH) problems.push(`the heap has grown by ${grown} bytes`)
}

function settledHeap(): number {
  return Math.round(growth(heap.filter(({ at }) => at > WARM_UP * (heap.at(-1)?.at ?? 0))))
}

/** What holds the process, but for the streams it was given. */
function resources(): string {
  const held = process.getActiveResourcesInfo()
  return held.filter((name) => !['PipeWrap', 'TTYWrap'].includes(name)).join(', ')
}

async function checkResources(): Promise<void> {
  const deadline = performance.now() + 2_000
  // Sockets that were destroyed are gone a turn later.
  while (resources() !== resourcesBefore && performance.now() < deadline) await sleep(20)
  if (resources() !== resourcesBefore) problems.push(`it is still held by ${resources()}`)
}

function report(): void {
  const ms = performance.now() - begin
  const calls = sum((load) => load.made)
  const closed = loads.filter(({ breaker }) => breaker.state === 'closed').length
  const wrong = Object.entries(schedules).map(([name, { current }]) => `${name} ${current || 'ok'}`)
  const bytes = heap.at(-1)?.value ?? 0
  say(
    [
      `${(ms / 1_000).toFixed(0).padStart(4)} s`,
      `${calls} calls`,
      `${sum((load) => load.answers['ok'] ?? 0)} ok`,
      `${closed}/${loads.length} closed`,
      `heap ${(bytes / 1e6).toFixed(2)} MB`,
      ...wrong,
      `${problems.length} problems`,
    ].join(' · '),
  )
}

function summarize(): void {
  for (const { name, made, trips, answers, breaker } of loads) {
    const { expired, stale } = breaker.snapshot().counts
    const told = Object.entries(answers).map(([answer, times]) => `${answer} ${times}`)
    say(
      `${name}: ${made} calls, ${trips} openings, ${expired} expired, ${stale} stale; ${told.join(', ')}`,
    )
  }
  for (const [name, { done, slowest }] of Object.entries(schedules)) {
    const kinds = Object.entries(done).map(([kind, times]) => `${kind} ${times}`)
    say(`${name} was ${kinds.join(', ')}; the slowest recovery took ${slowest.toFixed(0)} ms`)
  }
  say(`${checks} checks of the books of ${loads.length} breakers`)
  say(`heap: ${settledHeap()} bytes of growth over ${heap.length} samples (bound ${HEAP_GROWTH})`)
  for (const problem of problems) say(`PROBLEM ${problem}`)
  say(problems.length === 0 ? 'soak: all held' : `soak: ${problems.length} problems`)
  process.exitCode = problems.length === 0 ? 0 : 1
}

/** Nothing ends the process but having nothing left to do; if that fails, it dies by a signal. */
function watchTheExit(): void {
  const watchdog = setTimeout(() => {
    say(`soak: the process does not exit, held by ${resources()}`)
    process.kill(process.pid, 'SIGTERM')
  }, LEAVING)
  watchdog.unref()
}

function sum(of: (load: Load) => number): number {
  return loads.reduce((total, load) => total + of(load), 0)
}

function numberOf(text: string | undefined, otherwise: number): number {
  const number = text === undefined || text === '' ? otherwise : Number(text)
  if (Number.isFinite(number) && number >= 0) return number
  throw new TypeError(`expected a number of at least 0, got ${text}`)
}
