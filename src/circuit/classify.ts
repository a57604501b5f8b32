import {
  CANCELLED,
  type Classification,
  type Failure,
  NEUTRAL,
  OUTCOMES,
  type Outcome,
  type Settled,
  SUCCESS,
} from '../core/outcome.ts'
import { isRejection } from '../errors.ts'
import { show, synchronous } from '../options/validate.ts'
import type { ResolvedOptions } from '../options.ts'

/** Longer messages are cut. */
const MESSAGE_KEPT = 200

export type Classify = (settled: Settled) => Outcome | 'trip' | undefined

/** What a classifier may return. */
const CLASSES = [...OUTCOMES, 'trip'] as const

/** Reads Retry-After from a call, ms. */
type ReadRetryAfter = (settled: Settled) => number | undefined

type Redact = (message: string) => string

/** What classification needs of a circuit. */
export interface ClassifyHost {
  readonly options: ResolvedOptions
  /** The call that its classifier is being asked about, where its Retry-After may be read. */
  asked: { readonly settled: Settled; readonly own: ReadRetryAfter | undefined } | undefined
  /** Reports an error that a function of the user's threw. */
  report(error: unknown, source: string): void
}

/** What classification depends on, besides the result. */
export interface CallContext {
  /** The call's own classifier, asked first. */
  readonly classify?: Classify | undefined
  /** The call's own reader of Retry-After, asked first. */
  readonly retryAfter?: ReadRetryAfter | undefined
  /** The caller's own signal was aborted. */
  readonly callerGone?: boolean
  /** Ended by its call timeout. */
  readonly timedOut?: boolean
}

/** Classifies a settled call. The only place that maps a result to an outcome. */
export function classify(
  settled: Settled,
  host: ClassifyHost,
  { classify, retryAfter, callerGone = false, timedOut = false }: CallContext = {},
): Classification {
  const outcome =
    ask(classify, settled, host, retryAfter) ??
    ask(host.options.classify, settled, host, retryAfter) ??
    (settled.status === 'fulfilled' ? 'success' : outcomeOf(settled.reason, callerGone))
  if (outcome === 'failure' || outcome === 'trip') {
    const error = settled.status === 'rejected' ? settled.reason : settled.value
    const failure = failed(error, host.options, retryAfterOf(settled, host, retryAfter), timedOut)
    return outcome === 'trip' ? { ...failure, trips: true } : failure
  }
  if (timedOut) return { outcome, timedOut }
  return classificationOf(outcome)
}

/** As {@link classify}, for a plain rejection: skips the settled object when no option reads it. */
export function classifyRejection(reason: unknown, host: ClassifyHost): Classification {
  const { options } = host
  if (options.classify !== undefined || options.retryAfter !== undefined) {
    return classify({ status: 'rejected', reason }, host)
  }
  const outcome = outcomeOf(reason, false)
  return outcome === 'failure'
    ? failed(reason, options, undefined, false)
    : classificationOf(outcome)
}

function failed(
  error: unknown,
  { redact }: ResolvedOptions,
  retryAfter: number | undefined,
  timedOut: boolean,
): Classification {
  return { outcome: 'failure', error, failure: describe(error, redact), retryAfter, timedOut }
}

function classificationOf(outcome: Exclude<Outcome, 'failure'>): Classification {
  return outcome === 'success' ? SUCCESS : outcome === 'neutral' ? NEUTRAL : CANCELLED
}

/** Those that `firstOf` of the subpath `/outcomes` has made one of. */
const PARTS: unique symbol = /* @__PURE__ */ Symbol.for('short-circuit.classifiers') as never

function ask(
  classify: Classify | undefined,
  settled: Settled,
  host: ClassifyHost,
  own: ReadRetryAfter | undefined,
): Outcome | 'trip' | undefined {
  if (classify === undefined) return undefined
  const parts = (classify as { readonly [PARTS]?: readonly Classify[] })[PARTS]
  if (parts !== undefined) {
    for (const part of parts) {
      const outcome = ask(part, settled, host, own)
      if (outcome !== undefined) return outcome
    }
    return undefined
  }
  const { asked } = host
  if (own !== undefined || host.options.retryAfter !== undefined) host.asked = { settled, own }
  try {
    const outcome: unknown = synchronous('classify', classify(settled))
    if (outcome === undefined || CLASSES.includes(outcome as Outcome)) return outcome as Outcome
    const expected = CLASSES.map(show).join(', ')
    throw new TypeError(`classify must return ${expected} or undefined, got ${show(outcome)}`)
  } catch (error) {
    host.report(error, 'classify')
    return undefined
  } finally {
    host.asked = asked
  }
}

function outcomeOf(reason: unknown, callerGone: boolean): 'failure' | 'cancelled' {
  // An inner breaker that rejected has its own evidence; one whose call timed out saw a slow target.
  return callerGone || isRejection(reason) ? 'cancelled' : 'failure'
}

/** The Retry-After of the call that a classifier trips the breaker for. */
export function askedRetryAfter(host: ClassifyHost): number | undefined {
  const { asked } = host
  return asked && retryAfterOf(asked.settled, host, asked.own)
}

function retryAfterOf(
  settled: Settled,
  host: ClassifyHost,
  own: ReadRetryAfter | undefined,
): number | undefined {
  const ms =
    readRetryAfter(own, settled, host) ?? readRetryAfter(host.options.retryAfter, settled, host)
  // A circuit must not stay open for ever by it. What is not above 0 is left out where it is used.
  return ms === Infinity ? undefined : ms
}

function readRetryAfter(
  read: ReadRetryAfter | undefined,
  settled: Settled,
  host: ClassifyHost,
): number | undefined {
  if (read === undefined) return undefined
  try {
    const ms: unknown = synchronous('retryAfter', read(settled))
    return typeof ms === 'number' ? ms : undefined
  } catch (error) {
    host.report(error, 'retryAfter')
    return undefined
  }
}

/** What is kept of a failure. Errors may be proxies or have getters: nothing of it may throw. */
function describe(value: unknown, redact: Redact | undefined): Failure {
  try {
    if (typeof value !== 'object' || value === null) {
      return { name: typeof value, code: undefined, message: cut(String(value), redact) }
    }
    const { name, cause } = value as Record<string, unknown>
    const code = codeOf(value) ?? codeOf(cause)
    return {
      name: cut(typeof name === 'string' ? name : String(value.constructor?.name ?? 'object')),
      code: typeof code === 'string' ? cut(code, redact) : code,
      message: cut(join(messageOf(value), messageOf(cause)), redact),
    }
  } catch {
    return { name: 'unknown', code: undefined, message: '' }
  }
}

function messageOf(value: unknown): string {
  const { message, statusText, errors } = (value ?? {}) as Record<string, unknown>
  const text = String(message ?? statusText ?? '')
  // What Node throws when no address of a host answers has no message, its parts have.
  return text === '' && Array.isArray(errors) ? messageOf(errors[0]) : text
}

/** fetch says only "fetch failed", and its cause says why; axios repeats what its cause says. */
function join(text: string, detail: string): string {
  return text.includes(detail) ? text : [text, detail].filter(Boolean).join(': ')
}

function codeOf(value: unknown): string | number | undefined {
  if (value === undefined || value === null) return undefined
  const { code, status } = value as Record<string, unknown>
  if (typeof code === 'string' || typeof code === 'number') return code
  return typeof status === 'string' || typeof status === 'number' ? status : undefined
}

function cut(message: string, redact?: Redact): string {
  try {
    const text = redact === undefined ? message : String(synchronous('redact', redact(message)))
    // Engines cut by pointing into the original, which would stay in memory as a whole.
    return text.length <= MESSAGE_KEPT ? text : text.slice(0, MESSAGE_KEPT).split('').join('')
  } catch {
    return ''
  }
}

/** Whether a fallback stands in for a call that ended like this: not where the target answered. */
export function isReplaced({ outcome }: Classification): boolean {
  return outcome === 'failure' || outcome === 'cancelled'
}
