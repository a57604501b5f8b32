import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { Machine } from '../src/core/machine.ts'
import type { Classification, Outcome } from '../src/core/outcome.ts'
import { Permit } from '../src/core/permit.ts'
import { restore, type Saved, save } from '../src/core/save.ts'
import type { MachineSettings } from '../src/core/settings.ts'
import {
  type BreakerEvent,
  type CallOptions,
  CircuitBreaker,
  type CircuitBreakerOptions,
  type EventName,
  isShortCircuitError,
} from '../src/index.ts'
import { ManualClock } from '../src/testing/manual-clock.ts'

/** What a test says about a machine, in the words of the options; the rest is the default here. */
export interface MachineOptions {
  readonly maxFailures?: number
  readonly resetTimeout?: number
  readonly probes?: number
  readonly concurrent?: number
  readonly probeTimeout?: number
  readonly maxConcurrent?: number
  readonly history?: number
  readonly statistics?: boolean
  readonly trip?: Partial<MachineSettings['trip']>
}

/** The middle of the range: jitter makes nothing longer or shorter. */
const noJitter = (): number => 0.5

export const RESET_TIMEOUT = 1_000
export const PROBE_TIMEOUT = 500

/** The one place that knows the shape of the machine's settings. */
export function settingsOf(options: MachineOptions = {}): MachineSettings {
  const { probes = 1, concurrent = probes } = options
  return {
    trip: {
      consecutiveFailures: options.maxFailures ?? 3,
      failureRate: undefined,
      slowCallRate: undefined,
      evidence: undefined,
      when: undefined,
      ...options.trip,
    },
    openDuration: { kind: 'fixed', ms: options.resetTimeout ?? RESET_TIMEOUT },
    recovery: {
      kind: 'probes',
      probes,
      concurrent,
      timeout: options.probeTimeout ?? PROBE_TIMEOUT,
    },
    maxConcurrent: options.maxConcurrent ?? Infinity,
    statistics: options.statistics ?? false,
    history: options.history ?? 8,
  }
}

export function createMachine(options: MachineOptions = {}, reading = 0): Machine {
  return new Machine(settingsOf(options), reading, noJitter)
}

/** A permit for a call that must pass. */
export function admit(machine: Machine, reading: number, backstop?: number): Permit {
  const permit = machine.admit(reading, backstop)
  if (permit instanceof Permit) return permit
  throw new Error(`expected a permit at ${reading}, got the refusal "${permit}"`)
}

export function admitMany(machine: Machine, count: number, reading: number): Permit[] {
  return Array.from({ length: count }, () => admit(machine, reading))
}

export function verdictOf(outcome: Outcome, about: Partial<Classification> = {}): Classification {
  const failure = { name: 'Error', code: undefined, message: 'no answer' }
  return outcome === 'failure' ? { outcome, failure, ...about } : { outcome, ...about }
}

/** Tells the end of a call; true when its result counted. */
export function settle(
  machine: Machine,
  permit: Permit,
  outcome: Outcome,
  reading: number,
  about?: Partial<Classification>,
): boolean {
  return machine.settle(permit, verdictOf(outcome, about), reading)
}

/** One whole call that takes no time. */
export function callOnce(
  machine: Machine,
  outcome: Outcome,
  reading: number,
  about?: Partial<Classification>,
): void {
  settle(machine, admit(machine, reading), outcome, reading, about)
}

export function callTimes(machine: Machine, times: number, outcome: Outcome, reading = 0): void {
  for (let i = 0; i < times; i++) callOnce(machine, outcome, reading)
}

/** A machine whose rule has opened it at the reading. */
export function openMachine(options: MachineOptions = {}, reading = 0): Machine {
  const machine = createMachine(options, reading)
  callTimes(machine, options.maxFailures ?? 3, 'failure', reading)
  return machine
}

/** A machine that is half-open since `RESET_TIMEOUT`, with as many probes in flight as it allows. */
export function probedMachine(options: MachineOptions = {}): {
  machine: Machine
  probes: Permit[]
} {
  const machine = openMachine(options)
  const concurrent = options.concurrent ?? options.probes ?? 1
  return { machine, probes: admitMany(machine, concurrent, RESET_TIMEOUT) }
}

/** The state as the next call would find it. */
export function stateAt(machine: Machine, reading: number): string {
  return machine.peek(reading).state.name
}

/** Failures in a row so far; `undefined` when the machine is not closed. */
export function streakOf(machine: Machine): number | undefined {
  return machine.state.name === 'closed' ? machine.state.consecutiveFailures : undefined
}

/** Goes on from what `machine` is at `reading`, through JSON, with a clock of its own. */
export function revive(
  machine: Machine,
  reading: number,
  options: MachineOptions = {},
  newReading = 0,
): Machine {
  const saved: Saved = JSON.parse(JSON.stringify(saveAt(machine, reading)))
  return restore(settingsOf(options), saved, newReading, noJitter)
}

export function saveAt(machine: Machine, reading: number): Saved {
  return save(machine.peek(reading), machine.now(reading))
}

/** All that a machine holds, as text: two machines that look the same behave the same. */
export function looks(machine: Machine): string {
  // At a reading of the far past and one of the far future, to see into the machine's time.
  const time = [machine.now(-1e12), machine.now(1e12)]
  const { changes, baseline } = machine
  const saved = save(machine, machine.now(0))
  const { wantsSample } = baseline
  const parts = { ...machine, time, changes, wantsSample, saved }
  return JSON.stringify(parts, function (this: unknown, key, value) {
    if (key === 'state' && this instanceof Permit) return value?.generation
    // Calls in flight are a line, told from its first on.
    if (key === 'previous') return undefined
    return typeof value === 'number' || value === undefined ? String(value) : value
  })
}

// biome-ignore lint/suspicious/noExplicitAny: whatever the fallback gives.
type AnyBreaker = CircuitBreaker<any>

/** A breaker with a clock of its own: opens at the third failure, for `RESET_TIMEOUT`. */
export function createBreaker<Fallback = never>(
  options: CircuitBreakerOptions<Fallback> = {},
): { breaker: CircuitBreaker<Fallback>; clock: ManualClock } {
  const clock = new ManualClock()
  const maxFailures = options.trip === undefined ? 3 : undefined
  const defaults = { maxFailures, resetTimeout: RESET_TIMEOUT, clock }
  return { breaker: new CircuitBreaker<Fallback>({ ...defaults, ...options }), clock }
}

/** One call that succeeds. */
export async function succeed(breaker: AnyBreaker): Promise<void> {
  await breaker.run(() => 'answer')
}

/** One call that fails; a refusal is no failure and is thrown. */
export async function fail(breaker: AnyBreaker, error: unknown = new Error('down')): Promise<void> {
  const thrown = await breaker.run(() => Promise.reject(error)).catch((reason: unknown) => reason)
  if (thrown !== error && isShortCircuitError(thrown)) throw thrown
}

/** Fails until the circuit opens. */
export async function open(breaker: AnyBreaker): Promise<void> {
  while (breaker.state === 'closed') await fail(breaker)
}

/** A call in flight. */
export interface Hanging {
  readonly result: Promise<unknown>
  readonly release: (value?: unknown) => Promise<unknown>
  readonly fail: (error?: unknown) => Promise<unknown>
}

/** One call that hangs until it is released, or made to fail. */
export function hang(breaker: AnyBreaker, call?: CallOptions): Hanging {
  let end: { resolve: (value: unknown) => void; reject: (error: unknown) => void } | undefined
  const result = breaker
    .run(() => new Promise((resolve, reject) => (end = { resolve, reject })), call)
    .catch((error: unknown) => error)
  return {
    result,
    release: (value) => {
      end?.resolve(value)
      return result
    },
    fail: (error = new Error('late')) => {
      end?.reject(error)
      return result
    },
  }
}

/** The names and payloads of what the breaker publishes, in order. */
export function record(breaker: AnyBreaker, ...names: EventName[]): [EventName, BreakerEvent][] {
  const events: [EventName, BreakerEvent][] = []
  for (const name of names) breaker.on(name, (event) => events.push([name, event]))
  return events
}

/** What the promise rejects with. */
export async function reasonOf(promise: PromiseLike<unknown>): Promise<unknown> {
  const fulfilled = (value: unknown): never => {
    throw new Error(`expected a rejection, got ${String(value)}`)
  }
  let reason: unknown
  await promise.then(fulfilled, (error: unknown) => (reason = error))
  return reason
}

/** One turn of the event loop: what is pending has happened after it. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** Runs a module with `short` being the package's root entry; gives its output. */
export async function runInChild(code: string, ...flags: string[]): Promise<ChildResult> {
  const entry = new URL('../src/index.ts', import.meta.url).href
  const source = `import * as short from ${JSON.stringify(entry)}\n${code}`
  const args = [...flags, '--no-warnings', '--input-type=module', '--eval', source]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const [stdout, stderr, [exitCode]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit'),
  ])
  return { stdout: stdout.trim(), stderr, exitCode }
}

export interface ChildResult {
  readonly stdout: string
  readonly stderr: string
  readonly exitCode: number
}

/** Only such a Node can run the sources as they are; `npm run` brings one. */
export const runsTypeScript: boolean = Boolean(process.features.typescript)

/** Makes everything in it wrong, as far down as it goes. */
export function spoil(value: object): void {
  for (const [key, member] of Object.entries(value)) {
    if (typeof member === 'object' && member !== null) spoil(member)
    else Object.assign(value, { [key]: -1 })
  }
  Object.assign(value, { spoilt: true })
}
