import { isSignal } from '../options/validate.ts'

/** Under these names the arguments of clients carry the caller's signal: fetch, axios, AWS, … */
const SIGNAL_PROPERTIES = ['signal', 'abortSignal'] as const

/**
 * The caller's own signal among the arguments of a wrapped function, as it is or as
 * `{ signal }`: what it aborts says nothing about the target.
 */
export function callerSignal(args: readonly unknown[]): AbortSignal | undefined {
  // Options come last.
  for (let i = args.length - 1; i >= 0; i--) {
    const arg = args[i]
    if (typeof arg !== 'object' || arg === null) continue
    try {
      const signal = isSignal(arg) ? arg : carried(arg)
      if (signal !== undefined) return signal
    } catch {
      // A proxy or getter that objects to being asked: it carries no signal.
    }
  }
  return undefined
}

function carried(arg: object): AbortSignal | undefined {
  for (const name of SIGNAL_PROPERTIES) {
    const signal = (arg as Record<string, unknown>)[name]
    if (isSignal(signal)) return signal
  }
  return undefined
}

/**
 * True when the caller has lost interest, which says nothing about the target. A deadline that was
 * missed does say something: an abort by `AbortSignal.timeout()` is not meant.
 */
export function abortedByCaller(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true && !isTimeout(signal.reason)
}

function isTimeout(reason: unknown): boolean {
  try {
    return (reason as { name?: unknown } | null | undefined)?.name === 'TimeoutError'
  } catch {
    return false
  }
}
