import type { CircuitBreaker, CircuitRegistry } from '../index.ts'

/** One breaker for everything, or a registry with one for each key. */
// biome-ignore lint/suspicious/noExplicitAny: whatever its fallback returns and takes.
export type By = CircuitBreaker<any, any> | CircuitRegistry

/**
 * Finds the breaker of a call: the given one, or that of the registry whose name is `<prefix>:<key>`. None
 * for a call without a key, which is not guarded.
 *
 * @throws TypeError for anything but a breaker or a registry; the look-up, for a key that is no string
 */
export function breakersBy<Call>(
  what: string,
  by: By,
  prefix: string,
  given: (call: Call) => string | undefined,
): (call: Call) => CircuitBreaker<unknown> | undefined {
  const keyOf = (call: Call): string | undefined => {
    const key: unknown = given(call)
    if (key === undefined || typeof key === 'string') return key
    const got = key === null ? 'null' : typeof key
    throw misuse(`key of ${what} must return a string, or undefined for none, got ${got}`)
  }
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

interface Guard {
  readonly by: By
  /** What the names of breakers of a registry begin with. */
  readonly prefix: string
}

const guards = /* @__PURE__ */ new WeakMap<object, readonly Guard[]>()

/**
 * Notes that `guarded` sends by way of `target`, guarded by a breaker or registry.
 *
 * @throws TypeError if `target` is guarded by it already: it would count everything twice
 */
export function guardOnce(
  what: string,
  target: unknown,
  guarded: object,
  by: By,
  prefix: string,
): void {
  const before = guards.get(target as object) ?? []
  if (before.some((guard) => guard.by === by && (isBreaker(by) || guard.prefix === prefix))) {
    const whom = isBreaker(by) ? `the circuit "${by.name}"` : 'this registry'
    throw guardedTwice(what, whom)
  }
  guards.set(guarded, [...before, { by, prefix }])
}

export function guardedTwice(what: string, whom: string): TypeError {
  return misuse(`${what}: it is guarded by ${whom} already, and would count twice`)
}

/** With a code by which clients that retry see that it is not worth it, and other breakers that no target failed. */
function misuse(message: string): TypeError {
  return Object.assign(new TypeError(message), { code: 'ERR_INVALID_ARG_VALUE' })
}
