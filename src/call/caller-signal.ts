import { isSignal } from '../options/validate.ts'
import { type CallSignal, isPlain } from './call-signal.ts'

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

/** As above, and also under other names, and in options within options, as `{ request: { signal } }`. */
export function findSignal(args: readonly unknown[]): AbortSignal | undefined {
  const signal = callerSignal(args)
  if (signal !== undefined) return signal
  for (let i = args.length - 1; i >= 0; i--) {
    const found = callerSignal(partsOf(args[i]))
    if (found !== undefined) return found
  }
  return undefined
}

/** Signals and further options within options. */
function partsOf(arg: unknown): readonly unknown[] {
  try {
    const parts = isOptions(arg) ? Object.values(arg) : []
    return parts.filter((part) => isOptions(part) || isSignal(part))
  } catch {
    // As above.
    return []
  }
}

function isOptions(value: unknown): value is Options {
  return typeof value === 'object' && value !== null && isPlain(value)
}

/**
 * The arguments with the signal of the call in place of its caller's: as an argument, and in plain
 * options, which are copied; with a `depth` of 1 also under other names and in options within them. An instance
 * of a class, such as a `Request`, can't be copied and stays.
 */
export function replaceSignal(
  args: readonly unknown[],
  own: CallSignal | undefined,
  depth = 0,
): readonly unknown[] {
  // Apart, because a closure makes each call pay for what it refers to, 40 bytes: most have no signal.
  return own === undefined ? args : replaceIn(args, own, depth)
}

function replaceIn(
  args: readonly unknown[],
  { caller, signal }: CallSignal,
  depth: number,
): readonly unknown[] {
  return Array.from(args, (arg) => {
    if (typeof arg !== 'object' || arg === null) return arg
    if (arg === caller) return signal
    try {
      return isPlain(arg) ? replaceProperties(arg as Options, caller, signal, depth) : arg
    } catch {
      return arg
    }
  })
}

type Options = Readonly<Record<string, unknown>>

function replaceProperties(
  options: Options,
  caller: AbortSignal | undefined,
  own: AbortSignal,
  depth: number,
): Options {
  let copy = options
  for (const name of SIGNAL_PROPERTIES) {
    if (Object.hasOwn(options, name) && options[name] === caller) copy = { ...copy, [name]: own }
  }
  if (depth === 0) return copy
  for (const [name, part] of Object.entries(options)) {
    const inner = isOptions(part) ? replaceProperties(part, caller, own, depth - 1) : part
    const replaced = part === caller ? own : inner
    if (replaced !== part) copy = { ...copy, [name]: replaced }
  }
  return copy
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
  let aborted = false
  try {
    aborted = signal?.aborted === true
    return aborted && (signal?.reason as Error | undefined)?.name !== 'TimeoutError'
  } catch {
    return aborted
  }
}
