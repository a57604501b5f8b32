/**
 * Where the machine is known to differ from the specification. Each is true until it is mended; the
 * model then holds the machine to that point as well.
 */
export const known = {
  /** `enforced` depends on when somebody looks, not on whether an override was in place. */
  enforced: true,
  /** `retryAfter` is said although a forced-closed or disabled breaker lets calls pass. */
  retryAfter: true,
  /** A probe of an earlier generation is given up only if nobody looked between two deadlines. */
  strays: true,
  /** An open circuit forgets the server's own word when it is saved. */
  savedOpen: true,
  /** Each save moves the calls of a window by time up to one slice into the past. */
  savedSlices: true,
}
