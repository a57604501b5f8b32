import { checkAdapterOptions } from '../adapter/call-options.ts'
import type { Clock, SharedBreakers } from '../index.ts'
import type { Answer, FleetCommand, FleetPolicy, FleetReading, JournalEntry } from './store.ts'

/** What may be said beside the store. */
export interface SharedOptions {
  /** In place of what follows from the options of each breaker. */
  readonly policy?: Partial<FleetPolicy> | undefined
  /**
   * The longest time an exchange with the store may take, in milliseconds; no call waits for one, but for a
   * call that asks for the lease of a probe.
   * @defaultValue `250`
   */
  readonly deadline?: number | undefined
  /**
   * The name of this process, as others see it: no white space, and unique among those that live.
   * @defaultValue the process id and a random number
   */
  readonly process?: string | undefined
  /**
   * What runs in this process, and in which version, as operators see them in the list of processes.
   * @defaultValue empty
   */
  readonly service?: string | undefined
  readonly version?: string | undefined
  /**
   * Called when the store could not be reached any more, with the error, and when it can be reached again. With `true` and
   * an error, when it can be reached but for a part, such as a shard, whose breakers decide by themselves.
   */
  readonly onConnection?: ((connected: boolean, error?: unknown) => void) | undefined
  /** Time and timers of the exchanges. The default keeps no process alive. */
  readonly clock?: Clock | undefined
  /** Random numbers from 0 to less than 1. */
  readonly random?: (() => number) | undefined
}

/** What `shared` returns: pass it as the option `shared` of breakers and registries. */
export interface SharedFleet extends SharedBreakers, AsyncDisposable {
  /** The name of this process in the fleet. */
  readonly process: string
  /** False while the store can't be reached, and before it was first reached. */
  readonly connected: boolean
  /** How long the last exchange with the store has taken, ms, and how long ago it was; `null` before the first. */
  readonly lastExchange: { readonly took: number; readonly age: number } | null
  /**
   * What the store has, for those who operate the fleet: its processes, and breakers by their names, or all.
   * @throws TypeError if the store can't be read, and what it rejects with
   */
  read(names?: readonly string[]): Promise<FleetReading>
  /**
   * Does something by hand to a breaker of the fleet, and resolves when the store has it, with its answer; with undefined
   * if the fleet has no such breaker. It has an effect here at once.
   * @throws as `read`; then it was not done
   */
  operate(name: string, command: FleetCommand): Promise<Answer | undefined>
  /** The last changes, newest first. @throws as `read` */
  journal(limit?: number): Promise<readonly JournalEntry[]>
  /** Resolves when the store has been asked for all breakers that there are, or could not be reached. */
  ready(): Promise<void>
  /** Reports what there is to report, returns leases, and stops. Breakers go on by themselves. */
  close(): Promise<void>
}

export const DEADLINE = 250

const TYPES = {
  policy: 'object',
  deadline: 'number',
  process: 'string',
  service: 'string',
  version: 'string',
  onConnection: 'function',
  clock: 'object',
  random: 'function',
}

const SHARE = [0, 1] as const
const AT_LEAST_1 = [1, Infinity] as const
/** The smallest and the largest value of each. */
const POLICY: Readonly<Record<keyof FleetPolicy, readonly [number, number]>> = {
  failureRate: SHARE,
  slowCallRate: SHARE,
  minimumCalls: AT_LEAST_1,
  minReporters: AT_LEAST_1,
  buckets: AT_LEAST_1,
  bucketMs: AT_LEAST_1,
  openMs: AT_LEAST_1,
  maxOpenMs: AT_LEAST_1,
  factor: AT_LEAST_1,
  probes: AT_LEAST_1,
  successes: AT_LEAST_1,
  leaseMs: AT_LEAST_1,
}

/** Checked here, because a store would judge by `NaN` without a word. */
function checkPolicy(policy: Partial<FleetPolicy>): void {
  const names = Object.keys(POLICY) as (keyof FleetPolicy)[]
  checkAdapterOptions(
    'policy of shared',
    policy,
    Object.fromEntries(names.map((name) => [name, 'number'])),
  )
  for (const name of names) {
    const [least, most] = POLICY[name]
    const value = policy[name] ?? least
    if (value >= least && value <= most) continue
    const range = most === 1 ? 'from 0 to 1' : 'of at least 1'
    throw new RangeError(`policy.${name} of shared must be a number ${range}, got ${value}`)
  }
}

/** @throws TypeError or RangeError naming the option that is wrong */
export function checkSharedOptions(options: SharedOptions): void {
  checkAdapterOptions('shared', options, TYPES)
  const { deadline = DEADLINE, process, policy = {}, clock } = options
  checkPolicy(policy)
  if (clock !== undefined && typeof clock.setTimer !== 'function') {
    throw new TypeError('clock of shared must be an object with now(), wall() and setTimer()')
  }
  if (!(deadline > 0 && deadline < Infinity)) {
    throw new RangeError(`deadline of shared must be a number of ms above 0, got ${deadline}`)
  }
  if (process !== undefined && !/^\S+$/.test(process)) {
    throw new TypeError(`process of shared must be a name without white space, got "${process}"`)
  }
}
