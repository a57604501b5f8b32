import type { CircuitBreaker, CircuitRegistry } from '../index.ts'

/** One breaker for everything, or a registry with one for each key. */
// biome-ignore lint/suspicious/noExplicitAny: whatever its fallback returns and takes.
export type By = CircuitBreaker<any, any> | CircuitRegistry

/**
 * Finds the breaker of a call: the given one, or that of the registry whose name is `<prefix>:<key>`. None
 * for a call without a key, which is not guarded.
 *
 * @throws TypeError for anything but a breaker or a registry
 */
export function breakersBy<Call>(
  what: string,
  by: By,
  prefix: string,
  keyOf: (call: Call) => string | undefined,
): (call: Call) => CircuitBreaker<unknown> | undefined {
  if (isBreaker(by)) return (call) => (keyOf(call) === undefined ? undefined : by)
  if (isRegistry(by)) {
    return (call) => {
      const key = keyOf(call)
      return key === undefined
        ? undefined
        : (by.breaker(`${prefix}:${key}`) as CircuitBreaker<unknown>)
    }
  }
  const got = by === null ? 'null' : typeof by
  throw new TypeError(`${what} takes a CircuitBreaker or a CircuitRegistry first, got ${got}`)
}

// By their methods: there may be several copies of the package in one process.
export function isBreaker(by: unknown): by is CircuitBreaker<unknown> {
  return typeof by === 'function' && typeof (by as Partial<CircuitBreaker>).acquire === 'function'
}

function isRegistry(by: unknown): by is CircuitRegistry {
  return (
    typeof by === 'object' &&
    by !== null &&
    typeof (by as Partial<CircuitRegistry>).breaker === 'function'
  )
}
