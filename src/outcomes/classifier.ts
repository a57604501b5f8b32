import { isCircuitFullError, isCircuitOpenError, type Outcome, type Settled } from '../index.ts'

/** Says what the end of a call means, or `undefined` where that is for others to say. */
export type Classifier = (settled: Settled) => Outcome | 'trip' | undefined

/**
 * One classifier of several: the first that says something decides. One that throws is reported as that of
 * a breaker is, and the next one decides.
 *
 * @throws TypeError for anything but functions
 * @example
 * import { CircuitBreaker } from 'short-circuit'
 * import { firstOf, http } from 'short-circuit/outcomes'
 *
 * const teapot = (settled: { status: string; value?: unknown }) =>
 *   (settled.value as { status?: number })?.status === 418 ? ('neutral' as const) : undefined
 * const breaker = new CircuitBreaker({ maxFailures: 1, classify: firstOf(teapot, http) })
 * await breaker.run(async () => ({ status: 503 }))
 * console.assert(breaker.state === 'open')
 */
export function firstOf(...classifiers: readonly Classifier[]): Classifier {
  for (const classifier of classifiers) {
    if (typeof classifier !== 'function') {
      throw new TypeError(`firstOf takes functions, got ${typeof classifier}`)
    }
  }
  const first: Classifier = (settled) => {
    for (const classifier of classifiers) {
      const outcome = classifier(settled)
      if (outcome !== undefined) return outcome
    }
    return undefined
  }
  // A breaker asks each by itself, so that one that throws is reported and the next one decides.
  return Object.defineProperty(first, Symbol.for('short-circuit.classifiers'), {
    value: classifiers,
  })
}

/** No client wraps errors deeper, and causes may form a circle. */
const DEEPEST_CAUSE = 5

/** An error and what caused it, outermost first. */
export function causesOf(error: unknown): readonly object[] {
  const causes: object[] = []
  let next = error
  while (typeof next === 'object' && next !== null && causes.length <= DEEPEST_CAUSE) {
    causes.push(next)
    next = read(next, 'cause')
  }
  return causes
}

/**
 * Classifies errors, and leaves values to others. What another breaker rejected says nothing about this
 * one's target, however it is wrapped.
 */
export function ofErrors(outcomeOf: (error: unknown) => Outcome | undefined): Classifier {
  return (settled) => {
    if (settled.status === 'fulfilled') return undefined
    return isRejectedBelow(settled.reason) ? 'cancelled' : outcomeOf(settled.reason)
  }
}

export function isRejectedBelow(error: unknown): boolean {
  return causesOf(error).some((cause) => isCircuitOpenError(cause) || isCircuitFullError(cause))
}

/** What the first of the causes that the look-up knows means. */
export function firstOutcome(
  error: unknown,
  outcomeOf: (cause: object) => Outcome | undefined,
): Outcome | undefined {
  for (const cause of causesOf(error)) {
    const outcome = outcomeOf(cause)
    if (outcome !== undefined) return outcome
  }
  return undefined
}

/** A property of what may be anything: a proxy, or a getter that throws. */
export function read(value: unknown, key: string): unknown {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return undefined
  try {
    return (value as Record<string, unknown>)[key]
  } catch {
    return undefined
  }
}

/** A property that is a text or a number, as text; otherwise the empty text. */
export function readText(value: unknown, key: string): string {
  const property = read(value, key)
  return typeof property === 'string' || typeof property === 'number' ? String(property) : ''
}

/** A table from outcomes to the codes that have them, as a look-up. */
export function codes(table: { readonly [K in Outcome]?: string }): ReadonlyMap<string, Outcome> {
  return new Map(
    Object.entries(table).flatMap(([outcome, list]) =>
      list.split(' ').map((code) => [code, outcome as Outcome] as const),
    ),
  )
}
