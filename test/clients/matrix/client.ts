import type { CircuitBreaker, ProtectOptions } from '../../../src/index.ts'
import type { Upstream } from './upstream.ts'

/** One client of the matrix: how to create, guard and call it. */
export interface Client {
  readonly name: string
  /** The packages whose versions are tested. The last one is the client itself. */
  readonly packages: readonly string[]
  /** How it is guarded, as code. */
  readonly guarded: string
  /** What its users must know. */
  readonly trap: string
  /** For `methods` of `protect`, where without them a first call would run while the circuit is open. */
  readonly methods?: readonly string[]
  /** How a call is cancelled: by a signal that it is passed, by a method, or not at all. */
  readonly cancelledBy: 'signal' | 'method' | 'nothing'
  /** What happens when a body dies, where no call can tell. */
  readonly brokenBody?: string
  /** It loads pages of a list one after the other. */
  readonly paginates?: true
  /** Starts an upstream, and connects a client to it. */
  connect(guards: Guards): Promise<Connection>
}

export interface Guards {
  readonly breaker: CircuitBreaker
  /** `protect` with that breaker, and with the `methods` of the client where these are tested. */
  protect<T extends object>(client: T, options?: ProtectOptions): T
}

export interface Connection {
  readonly upstream: Upstream
  /**
   * The ways in which users make a call and take its answer, to the end. Each is one call for the
   * breaker. One with a parameter cancels it when the signal aborts.
   */
  readonly uses: Readonly<Record<string, (signal?: AbortSignal) => Promise<unknown>>>
  /** The ways in which users load a second page. */
  readonly pages?: Readonly<Record<string, () => Promise<unknown>>>
  close?(): unknown
}
