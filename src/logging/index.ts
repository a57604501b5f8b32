/**
 * One line for each transition, with its explanation.
 *
 * @example
 * import { CircuitRegistry } from 'short-circuit'
 * import { logTransitions } from 'short-circuit/logging'
 *
 * const circuits = new CircuitRegistry()
 * const lines: string[] = []
 * const write = (line: string) => lines.push(line)
 * logTransitions(circuits, { info: write, warn: write })
 * circuits.breaker('users').trip('maintenance')
 * console.assert(lines[0]?.includes('calls are rejected'))
 *
 * @module
 */
import { checkAdapterOptions } from '../adapter/call-options.ts'
import type { BreakerEvent, CircuitRegistry } from '../index.ts'
import { RateLimit } from './rate-limit.ts'

/**
 * What lines are written to: the console, pino, or anything like them. One with `child`, as pino has it, gets
 * an object of fields first and the text second; any other, also one with `log`, as winston has it, the text alone.
 */
export interface TransitionLogger {
  // biome-ignore lint/suspicious/noExplicitAny: loggers take texts, objects or both.
  info(...args: any[]): unknown
  // biome-ignore lint/suspicious/noExplicitAny: the same.
  warn(...args: any[]): unknown
  readonly child?: unknown
  readonly log?: unknown
}

/** What {@link logTransitions} takes. */
export interface LogOptions {
  /**
   * How many lines a minute at most, whichever breakers they are about. How many transitions had none is told
   * at its end. An integer of at least 1.
   * @defaultValue 60
   */
  readonly perMinute?: number | undefined
  /**
   * How many of these about the same breaker, so that one that opens again and again does not take all of
   * them. An integer of at least 1.
   * @defaultValue 10
   */
  readonly perBreaker?: number | undefined
  /**
   * Changes each text before it is written. Messages of failures have been through the option `redact` of
   * their breaker before. The name of the breaker in the fields goes through it alone. Where it throws or
   * returns anything but a string, the line tells only the states and the reason.
   */
  readonly redact?: ((text: string) => string) | undefined
}

const TYPES = { perMinute: 'number', perBreaker: 'number', redact: 'function' }

/**
 * Writes a line for each transition of a breaker in the registry: at level `warn` when it opens, at `info`
 * otherwise. The text is that of `explain()`: what calls meet now, and why.
 *
 * Calls that pass cost nothing more. A logger that throws changes no result: it is reported as any listener.
 *
 * @returns a function that stops it
 * @throws TypeError or RangeError for arguments or options that are wrong
 */
export function logTransitions(
  registry: CircuitRegistry,
  logger: TransitionLogger,
  options: LogOptions = {},
): () => void {
  // A breaker has `on` as well.
  if (typeof registry?.read !== 'function') {
    throw new TypeError(`logTransitions takes a CircuitRegistry first, got ${typeof registry}`)
  }
  if (typeof logger?.info !== 'function' || typeof logger.warn !== 'function') {
    throw new TypeError(`logger must have the methods info and warn, got ${typeof logger}`)
  }
  checkAdapterOptions('logTransitions', options, TYPES)
  const { perMinute = 60, perBreaker = 10, redact = (text: string) => text } = options
  const takesFields = typeof logger.child === 'function' && typeof logger.log !== 'function'
  const write = (level: 'info' | 'warn', fields: object, text: string): unknown =>
    takesFields ? logger[level](fields, text) : logger[level](text)
  const limit = new RateLimit({ perMinute, perBreaker }, (left) => {
    const transitions = left === 1 ? 'transition of a circuit was' : 'transitions of circuits were'
    const text = `${left} more ${transitions} not logged within a minute`
    // No event of a breaker, whose listeners are caught: thrown by a timer, it would end the process.
    new Promise((resolve) => resolve(write('warn', { left }, text))).catch((error: unknown) =>
      console.error('short-circuit: logger of logTransitions threw', error),
    )
  })
  const stop = registry.on('transition', (event) => {
    if (!limit.allows(event.breaker)) return undefined
    const { from, to, reason, enforced } = event
    const breaker = redacted(event.breaker, redact)
    const text = breaker === undefined ? undefined : redacted(textOf(registry, event), redact)
    const fields = { ...(breaker === undefined ? {} : { breaker }), from, to, reason, enforced }
    const states = `went from ${from} to ${to} (${reason})`
    // Returned, so that the error of an asynchronous logger is reported, too.
    return write(to === 'open' ? 'warn' : 'info', fields, text ?? `A circuit ${states}.`)
  })
  return () => {
    stop()
    limit.end()
  }
}

/** The explanation of the state that the event led to; of a breaker that is gone or further on, the event. */
function textOf(
  registry: CircuitRegistry,
  { breaker: name, from, to, reason, generation }: BreakerEvent<'transition'>,
): string {
  const breaker = registry.get(name)
  return breaker?.snapshot().generation === generation
    ? breaker.explain().text
    : `Circuit "${name}" went from ${from} to ${to} (${reason}).`
}

/** In one line; undefined where it could not be redacted. */
function redacted(text: string, redact: (text: string) => string): string | undefined {
  try {
    const changed: unknown = redact(text)
    return typeof changed === 'string' ? oneLine(changed) : undefined
  } catch {
    // The line is more important than why it could not be redacted.
    return undefined
  }
}

/** A name, reason or message with line breaks could forge what looks like the next line. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ')
}
