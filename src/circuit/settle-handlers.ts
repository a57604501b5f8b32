import type { CallTimeoutError } from '../errors.ts'

/** What the end of a call is reported to. They give what the caller gets, for `then`. */
export interface Reactions {
  readonly fulfilled: <T>(value: T) => T
  readonly rejected: (error: unknown) => never
}

/** The same for a call that may also end by its timeout. */
export interface LimitedReactions extends Reactions {
  expired(error: CallTimeoutError): never
}

/** How the calls of one closed state pass while nothing needs more than their end. */
export interface Lane {
  /** Lets a call pass; null when it must ask for a permit of its own. */
  enter(): LimitedReactions | null
}

/** A call that brings something along. */
export interface HeldCall {
  /** What the caller gets. `begin` reports the end of what it runs to the pair that it is given. */
  run(begin: (call: Reactions) => Promise<unknown>): Promise<unknown>
}
