import { createHook } from 'node:async_hooks'
import type { Clock } from '../../src/index.ts'
import type { Action } from './subject.ts'
import { configurations, library } from './subjects/own.ts'

// What a call is made of, counted: no clock is asked how long anything took, so that a busy machine
// changes nothing. Optimizing compilers are switched off by the parent process, since they leave out
// allocations when they please. Prints `{ row: counts }`.

/** For one call, with those of the action and of awaiting it. */
export interface Counts {
  readonly promises: number
  /** Microtasks until the caller goes on. */
  readonly ticks: number
  readonly clockReads: number
  readonly timers: number
  readonly bytes: number
}

const CALLS = 2_000
const HOUR = 3_600_000
const { CircuitBreaker } = await library()

let [clockReads, timers, promises] = [0, 0, 0]
const clock: Clock = {
  now: () => {
    clockReads++
    return 0
  },
  wall: () => 0,
  setTimer: () => {
    timers++
    return () => {}
  },
}
const hook = createHook({
  init(_id, type) {
    if (type === 'PROMISE') promises++
  },
})

/** Microtasks until what is called has settled. */
async function ticksOf(call: Action): Promise<number> {
  let [settled, ticks] = [false, 0]
  const done = (): void => {
    settled = true
  }
  call().then(done, done)
  while (!settled) {
    ticks++
    await undefined
  }
  return ticks
}

async function repeat(call: Action, times: number): Promise<void> {
  for (let i = 0; i < times; i++) {
    try {
      await call()
    } catch {}
  }
}

async function bytesOf(call: Action): Promise<number> {
  const samples: number[] = []
  for (let i = 0; i < 4; i++) {
    ;(gc as () => void)()
    const before = process.memoryUsage().heapUsed
    await repeat(call, CALLS)
    samples.push((process.memoryUsage().heapUsed - before) / CALLS)
  }
  return Math.round(Math.min(...samples))
}

async function countsOf(call: Action): Promise<Counts> {
  await repeat(call, 200)
  const bytes = await bytesOf(call)
  const ticks = await ticksOf(call)
  ;[clockReads, timers, promises] = [0, 0, 0]
  await repeat(call, 16)
  const [reads, set] = [clockReads / 16, timers / 16]
  hook.enable()
  await repeat(call, 16)
  hook.disable()
  return { promises: promises / 16, ticks, clockReads: reads, timers: set, bytes }
}

const succeed = async (): Promise<number> => 1
const error = new Error('down')
const fail = async (): Promise<number> => {
  throw error
}

const rows: Record<string, Counts> = {}
for (const [name, configuration] of Object.entries(configurations)) {
  const make = (more: object = {}) =>
    new CircuitBreaker({ ...configuration(false), clock, ...more })
  rows[`${name}, success`] = await countsOf(make()(succeed))
  rows[`${name}, timeout armed`] = await countsOf(make({ callTimeout: 10_000 })(succeed))
  if (name === 'seed') rows['seed, failure'] = await countsOf(make()(fail))
  const open = make({ resetTimeout: HOUR })
  open.trip()
  rows[`${name}, open`] = await countsOf(open(succeed))
  const falling = make({ resetTimeout: HOUR, fallback: () => 7 })
  falling.trip()
  rows[`${name}, open, fallback`] = await countsOf(falling(succeed))
}
const heard = new CircuitBreaker({ ...configurations.seed(false), clock })
heard.on('success', () => {})
rows['listeners, success'] = await countsOf(heard(succeed))

process.stdout.write(JSON.stringify(rows))
process.exit(0)
