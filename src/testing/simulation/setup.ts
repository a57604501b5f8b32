import type { CircuitBreakerOptions } from '../../index.ts'
import { isAbout, number, show } from './check.ts'
import type { DependencySettings } from './dependency.ts'
import type { PolicyFactory } from './guard.ts'
import { Schedule } from './schedule.ts'
import { readScript, type Script } from './script.ts'

/** The dependency of a simulation: what happens to it and what it can do. */
export interface SimulatedDependencyOptions {
  /** What happens to it. Clients begin to call when the script begins. */
  readonly script: Script
  /**
   * Half of the calls take less time than this to serve, ms.
   * @defaultValue 50
   */
  readonly latency?: number
  /**
   * How much service times differ: the standard deviation of their logarithm.
   * @defaultValue 0.5
   */
  readonly spread?: number
  /**
   * Calls that each shard serves at once; `Infinity`: it is never busy.
   * @defaultValue 32
   */
  readonly capacity?: number
  /**
   * Calls that may wait at each shard while it is busy; more are refused.
   * @defaultValue 128
   */
  readonly queue?: number
  /**
   * Independent parts; every call belongs to one of them, by chance.
   * @defaultValue 1
   */
  readonly shards?: number
  /**
   * Share of the calls, from 0 to 1, that fails even when all is well.
   * @defaultValue 0
   */
  readonly errorRate?: number
  /**
   * A cold cache is two thirds warm after that many calls to a shard.
   * @defaultValue 200
   */
  readonly warmCalls?: number
}

/** Who calls, how often, and with how much patience. */
export interface TrafficOptions {
  /**
   * Processes, each with a breaker of its own.
   * @defaultValue 1
   */
  readonly clients?: number
  /**
   * Calls per second that each client's users want to make on average, at random moments.
   * @defaultValue 10
   */
  readonly callsPerSecond?: number
  /**
   * A call without an answer fails after this time, ms. The policy's `callTimeout` goes first.
   * @defaultValue 1000
   */
  readonly timeout?: number
  /**
   * How often a call that failed is tried again, through the breaker; a refused one is not.
   * @defaultValue 0
   */
  readonly retries?: number
  /**
   * Before the first retry, ms, half of it by chance; doubled with each further one.
   * @defaultValue 100
   */
  readonly retryDelay?: number
  /**
   * All clients use one breaker.
   * @defaultValue false
   */
  readonly shared?: boolean
}

/** One simulation: the same one always gives the same result. */
export interface SimulationOptions {
  /** Everything that is left to chance follows from it: a whole number. */
  readonly seed: number
  readonly dependency: SimulatedDependencyOptions
  readonly traffic?: TrafficOptions
  /**
   * Options of the breakers, or what creates a breaker for one client. Omitted, a breaker with
   * default options.
   */
  readonly policy?: CircuitBreakerOptions | PolicyFactory
  /** How long calls are made, ms. Omitted, as long as the script lasts. */
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

/** Checks everything but the policy, which the breaker itself checks. */
export function resolveSetup(options: SimulationOptions): SimulationSetup {
  isAbout('simulation', options, ['seed', 'dependency', 'traffic', 'policy', 'duration'])
  const seed = number('seed', options.seed, { min: 0, max: Number.MAX_SAFE_INTEGER, whole: true })
  const traffic = resolveTraffic(options.traffic)
  const { settings, schedule } = resolveDependency(options.dependency)
  const duration = options.duration ?? schedule.end
  if (duration === Infinity) {
    throw new TypeError('duration is needed: the last phase of the script goes on for ever')
  }
  number('duration', duration, { above: 0 })
  return { seed, duration, schedule, dependency: settings, traffic }
}

function resolveTraffic(given: TrafficOptions = {}): Required<TrafficOptions> {
  const defaults = {
    clients: 1,
    callsPerSecond: 10,
    timeout: 1_000,
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
  if (typeof traffic.shared !== 'boolean') {
    throw new TypeError(`traffic.shared must be true or false, got ${show(traffic.shared)}`)
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

/** Without the keys whose value is `undefined`, which mean "not given". */
function defined<T extends object>(given: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== undefined),
  ) as never
}
