import type { CircuitBreaker, Settled } from '../index.ts'
import { type Classifier, firstOf } from '../outcomes/classifier.ts'

/** What a call is made with. */
export interface AdapterCallOptions {
  readonly classify: Classifier
  readonly retryAfter: (settled: Settled) => number | undefined
}

/**
 * How calls of an adapter are classified: by `own`, then as their breaker says, then by what is usual for
 * the protocol; and how long their answers ask to wait.
 */
export function callOptionsOf(
  own: Classifier | undefined,
  usual: Classifier,
  retryAfterOf: (about: unknown) => number | undefined,
): (breaker: CircuitBreaker<unknown>) => AdapterCallOptions {
  const known = new WeakMap<CircuitBreaker<unknown>, AdapterCallOptions>()
  return (breaker) => {
    let options = known.get(breaker)
    if (options === undefined) {
      options = {
        classify: firstOf(
          own ?? UNDECIDED,
          // Read each time, because it may be configured.
          (settled) => breaker.options.classify?.(settled),
          usual,
        ),
        retryAfter: (settled) =>
          breaker.options.retryAfter?.(settled) ??
          retryAfterOf(settled.status === 'fulfilled' ? settled.value : settled.reason),
      }
      known.set(breaker, options)
    }
    return options
  }
}

/** The last of several classifiers, so that none of them is asked twice. */
export const byDefault: Classifier = ({ status }) =>
  status === 'fulfilled' ? 'success' : 'failure'

const UNDECIDED: Classifier = () => undefined

/** What a value is, as error messages show it. */
export function kindOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice(8, -1).toLowerCase()
}

/** Checks the options of an adapter by name and type. A built-in object, such as a signal, has none. */
export function checkAdapterOptions(
  what: string,
  options: object,
  types: Readonly<Record<string, string>>,
): void {
  const kind = kindOf(options)
  const known = `; known are ${Object.keys(types).join(', ')}`
  if (kind !== 'object' && kind !== 'module') {
    throw new TypeError(`${what} takes an object of options, got ${kind}${known}`)
  }
  for (const [name, value] of Object.entries(options)) {
    const expected = types[name]
    if (expected === undefined) throw new TypeError(`unknown option "${name}" (of ${what})${known}`)
    if (value !== undefined && !expected.split(' or ').includes(typeof value)) {
      const a = expected === 'object' ? 'an' : 'a'
      throw new TypeError(`${name} of ${what} must be ${a} ${expected}, got ${kindOf(value)}`)
    }
  }
}

/** Until when a request goes on. */
export function untilOf({ until = 'headers' }: { readonly until?: unknown }): 'headers' | 'body' {
  if (until === 'headers' || until === 'body') return until
  throw new TypeError(`until must be "headers" or "body", got "${String(until)}"`)
}
