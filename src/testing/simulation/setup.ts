import type { CircuitBreakerOptions } from '../../index.ts'
import { isAbout, number, show } from './check.ts'
import type { DependencySettings } from './dependency.ts'
import type { PolicyFactory } from './guard.ts'
import { Schedule } from './schedule.ts'
import { readScript, type Script } from './script.ts'

/** The dependency of a simulation: its faults and its capacity. */
export interface SimulatedDependencyOptions {
  /** Its faults over time. Clients begin to call when the script begins. */
  readonly script: Script
  /**
   * The median time to serve a call, ms.
   * @defaultValue 50
   */
  readonly latency?: number
  /**
   * The spread of service times: the standard deviation of their logarithm.
   * @defaultValue 0.5
   */
  readonly spread?: number
  /**
   * How many calls each shard serves at once; with `Infinity` it is never busy.
   * @defaultValue 32
   */
  readonly capacity?: number
  /**
   * How many calls may wait at each shard while it is busy; further ones are refused with `EBUSY`.
   * @defaultValue 128
   */
  readonly queue?: number
  /**
   * The number of independent parts; each call goes to one of them at random.
   * @defaultValue 1
   */
  readonly shards?: number
  /**
   * The share of calls, from 0 to 1, that fails even without a fault.
   * @defaultValue 0
   */
  readonly errorRate?: number
  /**
   * After how many calls to a shard a cold cache is two thirds warm.
   * @defaultValue 200
   */
  readonly warmCalls?: number
}

/** The callers of a simulation. */
export interface TrafficOptions {
  /**
   * The number of client processes, each with its own breaker.
   * @defaultValue 1
   */
  readonly clients?: number
  /**
   * How many calls per second each client's users want to make on average, at random moments.
   * @defaultValue 10
   */
  readonly callsPerSecond?: number
  /**
   * After which time a call without an answer fails, ms. A shorter `callTimeout` of the policy wins.
   * @defaultValue 1000
   */
  readonly timeout?: number
  /**
   * Whether clients give up at `timeout` by an abort of their own: breakers are told that the call was
   * cancelled, not that it failed.
   * @defaultValue false
   */
  readonly aborts?: boolean
  /**
   * How often a failed call is retried through the breaker. A rejected one is not retried.
   * @defaultValue 0
   */
  readonly retries?: number
  /**
   * The delay before the first retry, ms, half of it random; it doubles with each further one.
   * @defaultValue 100
   */
  readonly retryDelay?: number
  /**
   * Whether all clients use one breaker.
   * @defaultValue false
   */
  readonly shared?: boolean
}

/** The options of a simulation; the same options always produce the same result. */
export interface SimulationOptions {
  /** Seed of all random numbers. An integer. */
  readonly seed: number
  readonly dependency: SimulatedDependencyOptions
  readonly traffic?: TrafficOptions
  /**
   * Options of the breakers, or a function that creates the breaker of one client.
   * @defaultValue a breaker with default options
   */
  readonly policy?: CircuitBreakerOptions | PolicyFactory
  /**
   * How long calls are made, ms.
   * @defaultValue the length of the script
   */
  readonly duration?: number
}

/** A simulation with every default applied. */
export interface SimulationSetup {
  readonly seed: number
  readonly duration: number
  readonly schedule: Schedule
  readonly dependency: DependencySettings
  readonly traffic: Required<TrafficOptions>
}

/** Checks all options except the policy, which the breaker checks. */
export function resolveSetup(options: SimulationOptions): SimulationSetup {
  isAbout('simulation', options, ['seed', 'dependency', 'traffic', 'policy', 'duration'])
  const seed = number('seed', options.seed, { min: 0, max: Number.MAX_SAFE_INTEGER, whole: true })
  const traffic = resolveTraffic(options.traffic)
  const { settings, schedule } = resolveDependency(options.dependency)
  const duration = options.duration ?? schedule.end
  if (duration === Infinity) {
    throw new TypeError('duration must be set, because the last phase of the script has no end')
  }
  number('duration', duration, { above: 0 })
  return { seed, duration, schedule, dependency: settings, traffic }
}

function resolveTraffic(given: TrafficOptions = {}): Required<TrafficOptions> {
  const defaults = {
    clients: 1,
    callsPerSecond: 10,
    timeout: 1_000,
    aborts: false,
    retries: 0,
    retryDelay: 100,
    shared: false,
  }
  isAbout('traffic', given, Object.keys(defaults))
  const traffic = { ...defaults, ...defined(given) }
  number('traffic.clients', traffic.clients, { min: 1, max: 10_000, whole: true })
  number('traffic.callsPerSecond', traffic.callsPerSecond, { above: 0 })
  number('traffic.timeout', traffic.timeout, { above: 0 })
  number('traffic.retries', traffic.retries, { min: 0, max: 100, whole: true })
  number('traffic.retryDelay', traffic.retryDelay, { min: 0 })
  for (const flag of ['aborts', 'shared'] as const) {
    if (typeof traffic[flag] !== 'boolean') {
      throw new TypeError(`traffic.${flag} must be true or false, got ${show(traffic[flag])}`)
    }
  }
  return traffic
}

function resolveDependency(given: SimulatedDependencyOptions): {
  settings: DependencySettings
  schedule: Schedule
} {
  const defaults = {
    latency: 50,
    spread: 0.5,
    capacity: 32,
    queue: 128,
    shards: 1,
    errorRate: 0,
    warmCalls: 200,
  }
  isAbout('dependency', given, ['script', ...Object.keys(defaults)])
  const { script, ...rest } = given
  const settings = { ...defaults, ...defined(rest), roundTrip: 1 }
  number('dependency.latency', settings.latency, { above: 0 })
  number('dependency.spread', settings.spread, { min: 0 })
  if (settings.capacity !== Infinity) {
    number('dependency.capacity', settings.capacity, { min: 1, max: 10_000, whole: true })
  }
  if (settings.queue !== Infinity)
    number('dependency.queue', settings.queue, { min: 0, whole: true })
  number('dependency.shards', settings.shards, { min: 1, max: 1_000, whole: true })
  number('dependency.errorRate', settings.errorRate, { min: 0, max: 1 })
  number('dependency.warmCalls', settings.warmCalls, { above: 0 })
  const phases = readScript(script)
  const most = Math.max(...phases.map(({ shards = 0 }) => shards))
  if (most > settings.shards) {
    throw new RangeError(
      `the script speaks of ${most} shards, and dependency.shards is ${settings.shards}`,
    )
  }
  return { settings, schedule: new Schedule(phases) }
}

/** Without the keys whose value is `undefined`, so that their defaults apply. */
function defined<T extends object>(given: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== undefined),
  ) as never
}
