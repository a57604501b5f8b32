import { tryAdmit } from '../../src/core/fast-path.ts'
import { Machine } from '../../src/core/machine.ts'
import type { Classification, Outcome } from '../../src/core/outcome.ts'
import { Permit, SharedPermit } from '../../src/core/permit.ts'
import { restore, type Saved, save } from '../../src/core/save.ts'
import type { MachineSettings } from '../../src/core/settings.ts'

/** What a test says about a machine, in the words of the options; the rest is the default here. */
export interface MachineOptions {
  readonly maxFailures?: number
  readonly resetTimeout?: number
  readonly probes?: number
  readonly successes?: number
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
  const { probes = 1, successes = probes, concurrent = probes } = options
  return {
    trip: {
      consecutiveFailures: options.maxFailures ?? 3,
      failureCount: undefined,
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
      successes,
      concurrent,
      timeout: options.probeTimeout ?? PROBE_TIMEOUT,
    },
    maxConcurrent: options.maxConcurrent ?? Infinity,
    maxRetryAfter: 60_000,
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
  throw new Error(`expected a permit at ${reading}, got the rejection "${permit}"`)
}

/** A permit by the fast path; null where the machine must be asked. */
export function admitFast(machine: Machine): SharedPermit | null {
  const { shared } = machine
  return shared !== null && tryAdmit(machine, shared) ? new SharedPermit(shared) : null
}

export function admitMany(machine: Machine, count: number, reading: number): Permit[] {
  return Array.from({ length: count }, () => admit(machine, reading))
}

export function classificationOf(
  outcome: Outcome,
  about: Partial<Classification> = {},
): Classification {
  const failure = { name: 'Error', code: undefined, message: 'no answer' }
  return outcome === 'failure' ? { outcome, failure, ...about } : { outcome, ...about }
}

/** Tells the end of a call; true when its result counted. */
export function settle(
  machine: Machine,
  permit: Permit | SharedPermit,
  outcome: Outcome,
  reading: number,
  about?: Partial<Classification>,
): boolean {
  return machine.settle(permit, classificationOf(outcome, about), reading)
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
export function failuresInARow(machine: Machine): number | undefined {
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
  const settings = settingsOf(options)
  return new Machine(settings, newReading, noJitter, restore(settings, saved))
}

export function saveAt(machine: Machine, reading: number): Saved {
  return save(machine.peek(reading), machine.now(reading))
}

/** All that a machine holds, as text: two machines with the same text behave the same. */
export function machineAsText(machine: Machine): string {
  // At a reading of the far past and one of the far future, to see into the machine's time.
  const time = [machine.now(-1e12), machine.now(1e12)]
  const { changes, baseline, history, rate, ...rest } = machine
  // With what the parts that are created when first needed start from.
  const saved = save(machine, machine.now(0))
  const wantsSample = baseline?.wantsSample ?? true
  const parts = { ...rest, time, changes, wantsSample, saved }
  return JSON.stringify(parts, function (this: unknown, key, value) {
    if (key === 'state' && this instanceof Permit) return value?.generation
    // Calls in flight are a line, told from its first on.
    if (key === 'previous' || key === 'list') return undefined
    return typeof value === 'number' || value === undefined ? String(value) : value
  })
}
