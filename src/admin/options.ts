import type { SharedFleet } from '../fleet/index.ts'
import type { CircuitRegistry, Clock } from '../index.ts'
import type { Peer } from './access.ts'
import type { LogEntry } from './log.ts'
import type { Operation } from './routes.ts'

/** What is asked for, beside the request. */
export interface Access extends Peer {
  /** True for what changes a breaker. */
  readonly write: boolean
  readonly operation: Operation | null
  /** The name in the request, whether or not there is such a breaker. */
  readonly breaker: string | null
}

/** Who asks, and whether they may change anything. */
export interface Identity {
  /** What the log calls them. */
  readonly by: string
  readonly write: boolean
}

/**
 * Says who a request comes from; `false` if it is not known, which is answered with 401. The request has no body. An
 * answer that takes more than 5 s is none.
 */
export type Authorize = (
  request: Request,
  access: Access,
) => Identity | false | Promise<Identity | false>

/** What {@link admin} takes. */
export interface AdminOptions {
  /** The breakers to show and to move. */
  readonly registry: CircuitRegistry
  /**
   * Says who may ask.
   * @defaultValue none: only who is on this machine, and has come without a proxy, is let in
   */
  readonly authorize?: Authorize | undefined
  /**
   * Host names by which it is reached, with their port if it is not the usual one. Without `authorize`, in
   * addition to localhost; with it, the only ones that are answered.
   * @defaultValue none
   */
  readonly hosts?: readonly string[] | undefined
  /**
   * Rejects everything that changes a breaker.
   * @defaultValue `false`
   */
  readonly readOnly?: boolean | undefined
  /**
   * The longest time in milliseconds for which an override may be set; one without an end is rejected then.
   * @defaultValue none
   */
  readonly maxFor?: number | undefined
  /**
   * Switches on `statistics` for all breakers of the registry, as its `configure` does, so that durations are
   * there. That takes two clock readings a call.
   * @defaultValue `false`
   */
  readonly statistics?: boolean | undefined
  /** The memory for what is shown of the last hours. */
  readonly history?:
    | {
        /**
         * The most bytes that it takes.
         * @defaultValue 16 MiB
         */
        readonly memory?: number | undefined
      }
    | undefined
  /**
   * The fleet that the breakers are shared with, as it was given to the registry: its processes are shown, and what is
   * done by hand to a breaker of it is done in all of them.
   * @defaultValue none: breakers are changed in this process only
   */
  readonly fleet?: SharedFleet | undefined
  /** How this process is called in answers. */
  readonly process?:
    | {
        /** @defaultValue its host and number */
        readonly id?: string | undefined
        readonly name?: string | undefined
        readonly environment?: string | undefined
        readonly version?: string | undefined
      }
    | undefined
  /**
   * Called with everything that is written in the log, for an audit elsewhere. What it throws goes to `onError`
   * and changes nothing.
   * @defaultValue prints one line of JSON
   */
  readonly onAudit?: ((entry: LogEntry) => unknown) | undefined
  /**
   * Called with errors of `authorize` and `onAudit`, and with those that are answered with 500.
   * @defaultValue prints them
   */
  readonly onError?: ((error: unknown, source: string) => void) | undefined
  /**
   * Where it reads the time and sets timers; pass a `ManualClock` in tests.
   * @defaultValue the time of the process, with timers that do not keep it alive
   */
  readonly clock?: Clock | undefined
}

const KEYS: readonly (keyof AdminOptions)[] = [
  'registry',
  'authorize',
  'hosts',
  'readOnly',
  'maxFor',
  'statistics',
  'history',
  'fleet',
  'process',
  'onAudit',
  'onError',
  'clock',
]

const PARTS = {
  history: ['memory'],
  process: ['id', 'name', 'environment', 'version'],
}

/** @throws TypeError or RangeError naming the option that is wrong */
export function checkOptions(options: AdminOptions): void {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(`admin takes an object with options, got ${typeof options}`)
  }
  for (const key of Object.keys(options)) {
    if (!KEYS.includes(key as never)) {
      throw new TypeError(`unknown option ${JSON.stringify(key)}; known are ${KEYS.join(', ')}`)
    }
  }
  const { registry, authorize, hosts, readOnly, statistics, maxFor, history, clock, fleet } =
    options
  must(typeof registry?.read === 'function', 'registry', 'a CircuitRegistry', registry)
  must(
    fleet === undefined || typeof fleet?.operate === 'function',
    'fleet',
    'what shared() returns',
    fleet,
  )
  must(
    authorize === undefined || typeof authorize === 'function',
    'authorize',
    'a function',
    authorize,
  )
  must(
    hosts === undefined || (Array.isArray(hosts) && hosts.every((host) => isHost(host))),
    'hosts',
    'an array of host names, with a port or without',
    hosts,
  )
  for (const [name, value] of Object.entries({ readOnly, statistics })) {
    must(value === undefined || typeof value === 'boolean', name, 'a boolean', value)
  }
  for (const [name, value] of Object.entries({ maxFor, 'history.memory': history?.memory })) {
    if (value !== undefined && !(typeof value === 'number' && value > 0)) {
      throw new RangeError(`${name} must be a number above 0, got ${String(value)}`)
    }
  }
  for (const [name, known] of Object.entries(PARTS)) {
    const part = options[name as keyof typeof PARTS]
    if (part === undefined) continue
    must(typeof part === 'object' && part !== null, name, 'an object', part)
    const wrong = Object.keys(part).find((key) => !known.includes(key))
    if (wrong !== undefined) {
      throw new TypeError(`unknown option "${name}.${wrong}"; known are ${known.join(', ')}`)
    }
  }
  for (const name of ['onAudit', 'onError'] as const) {
    const value = options[name]
    must(value === undefined || typeof value === 'function', name, 'a function', value)
  }
  must(
    clock === undefined || typeof clock.setTimer === 'function',
    'clock',
    'an object with now(), wall() and setTimer()',
    clock,
  )
}

function must(right: boolean, name: string, expected: string, value: unknown): void {
  if (right) return
  const got = value === null ? 'null' : typeof value
  throw new TypeError(`${name} must be ${expected}, got ${got}`)
}

function isHost(host: unknown): boolean {
  return typeof host === 'string' && /^(\[[\da-f:]+\]|[\w.-]+)(:\d{1,5})?$/i.test(host)
}
