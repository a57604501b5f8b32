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
 * an object of fields first and the text second, any other the text alone.
 */
export interface TransitionLogger {
  // biome-ignore lint/suspicious/noExplicitAny: loggers take texts, objects or both.
  info(...args: any[]): unknown
  // biome-ignore lint/suspicious/noExplicitAny: the same.
  warn(...args: any[]): unknown
  readonly child?: unknown
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
   * their breaker before. Where it throws, the line tells only the names of the states.
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
  if (typeof registry?.on !== 'function') {
    throw new TypeError(`logTransitions takes a CircuitRegistry first, got ${typeof registry}`)
  }
  if (typeof logger?.info !== 'function' || typeof logger.warn !== 'function') {
    throw new TypeError('logger must have the methods info and warn')
  }
  checkAdapterOptions('logTransitions', options, TYPES)
  const { perMinute = 60, perBreaker = 10, redact = (text: string) => text } = options
  const write = (level: 'info' | 'warn', fields: object, text: string): void => {
    if (typeof logger.child === 'function') logger[level](fields, text)
    else logger[level](text)
  }
  const limit = new RateLimit({ perMinute, perBreaker }, (left) => {
    const transitions = left === 1 ? 'transition of a circuit was' : 'transitions of circuits were'
    write('warn', { left }, `${left} more ${transitions} not logged within a minute`)
  })
  const stop = registry.on('transition', (event) => {
    if (!limit.allows(event.breaker)) return
    const { breaker, from, to, reason, enforced } = event
    const level = to === 'open' ? 'warn' : 'info'
    write(level, { breaker, from, to, reason, enforced }, textOf(registry, event, redact))
  })
  return () => {
    stop()
    limit.end()
  }
}

function textOf(
  registry: CircuitRegistry,
  { breaker, from, to, reason }: BreakerEvent<'transition'>,
  redact: (text: string) => string,
): string {
  const short = `Circuit "${breaker}" went from ${from} to ${to} (${reason}).`
  let text: unknown
  try {
    text = redact(registry.get(breaker)?.explain().text ?? short)
  } catch {
    // The line is more important than why it could not be redacted.
  }
  return oneLine(typeof text === 'string' ? text : short)
}

/** What looks like the next line could be forged by whoever chooses names, reasons or messages. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ')
}
