import {
  CANCELLED,
  type Failure,
  NEUTRAL,
  OUTCOMES,
  type Outcome,
  type Settled,
  SUCCESS,
  type Verdict,
} from './core/outcome.ts'
import { isCallTimeoutError, isShortCircuitError } from './errors.ts'
import type { ResolvedOptions } from './options.ts'
import { show } from './validate.ts'

/** Longer messages are cut. */
const MESSAGE_KEPT = 200

export type Classify = (settled: Settled) => Outcome | undefined

export type Report = (error: unknown, source: string) => void

/** What a call is judged by, besides its result. */
export interface Circumstances {
  /** The call's own classifier, asked first. */
  readonly classify?: Classify | undefined
  /** The caller's own signal was aborted. */
  readonly callerGone?: boolean
  /** Ended by its call timeout. */
  readonly timedOut?: boolean
}

/** What a finished call counts as: the one place that decides it. */
export function judge(
  settled: Settled,
  options: ResolvedOptions,
  report: Report,
  { classify, callerGone = false, timedOut = false }: Circumstances = {},
): Verdict {
  const outcome =
    ask(classify, settled, report) ??
    ask(options.classify, settled, report) ??
    defaultOutcome(settled, callerGone)
  if (outcome === 'failure') {
    return {
      outcome,
      error: settled.status === 'rejected' ? settled.reason : settled.value,
      failure: describe(settled, options.redact),
      retryAfter: serverWord(settled, options, report),
      timedOut,
    }
  }
  if (timedOut) return { outcome, timedOut }
  return outcome === 'success' ? SUCCESS : outcome === 'neutral' ? NEUTRAL : CANCELLED
}

function ask(
  classify: Classify | undefined,
  settled: Settled,
  report: Report,
): Outcome | undefined {
  if (classify === undefined) return undefined
  try {
    const outcome: unknown = classify(settled)
    if (outcome === undefined || OUTCOMES.includes(outcome as Outcome)) return outcome as Outcome
    const expected = OUTCOMES.map(show).join(', ')
    throw new TypeError(`classify must give ${expected} or undefined, got ${show(outcome)}`)
  } catch (error) {
    report(error, 'classify')
    return undefined
  }
}

function defaultOutcome(settled: Settled, callerGone: boolean): Outcome {
  if (settled.status === 'fulfilled') return 'success'
  if (callerGone) return 'cancelled'
  const { reason } = settled
  // An inner breaker that refused knows something; one whose call timed out saw a slow target.
  return isShortCircuitError(reason) && !isCallTimeoutError(reason) ? 'cancelled' : 'failure'
}

function serverWord(
  settled: Settled,
  { retryAfter }: ResolvedOptions,
  report: Report,
): number | undefined {
  if (retryAfter === undefined) return undefined
  try {
    const ms: unknown = retryAfter(settled)
    return typeof ms === 'number' && ms > 0 && ms < Infinity ? ms : undefined
  } catch (error) {
    report(error, 'retryAfter')
    return undefined
  }
}

/** What is kept of a failure. Errors may be proxies or have getters: nothing of it may throw. */
function describe(settled: Settled, redact: ((message: string) => string) | undefined): Failure {
  const value: unknown = settled.status === 'rejected' ? settled.reason : settled.value
  try {
    if (typeof value !== 'object' || value === null) {
      return { name: typeof value, code: undefined, message: cut(String(value), redact) }
    }
    const { name, message, statusText, cause } = value as Record<string, unknown>
    const text = String(message ?? statusText ?? '')
    // fetch says no more than "fetch failed"; what failed is in the cause.
    const detail = (cause as { message?: unknown } | undefined)?.message
    return {
      name: cut(String(typeof name === 'string' ? name : (value.constructor?.name ?? 'object'))),
      code: shortened(codeOf(value) ?? codeOf(cause), redact),
      message: cut(typeof detail === 'string' ? `${text}: ${detail}` : text, redact),
    }
  } catch {
    return { name: 'unknown', code: undefined, message: '' }
  }
}

function shortened(
  code: string | number | undefined,
  redact: ((message: string) => string) | undefined,
): string | number | undefined {
  return typeof code === 'string' ? cut(code, redact) : code
}

function codeOf(value: unknown): string | number | undefined {
  const { code, status } = (value ?? {}) as Record<string, unknown>
  return [code, status].find((it) => typeof it === 'string' || typeof it === 'number') as
    | string
    | number
    | undefined
}

function cut(message: string, redact?: (message: string) => string): string {
  try {
    return String(redact === undefined ? message : redact(message)).slice(0, MESSAGE_KEPT)
  } catch {
    return ''
  }
}
