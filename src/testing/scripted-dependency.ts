import type { Clock } from '../index.ts'
import { isAbout, number, show } from './simulation/check.ts'
import { SimulatedDependency } from './simulation/dependency.ts'
import { randomStream } from './simulation/random.ts'
import { Schedule } from './simulation/schedule.ts'
import { readScript, type Script } from './simulation/script.ts'

export interface ScriptedDependencyOptions {
  /** The clock of the script, which begins at once; usually a `ManualClock`. */
  readonly clock: Clock
  /**
   * How long an answer takes without a fault, ms.
   * @defaultValue 10
   */
  readonly latency?: number
  /**
   * Seed of the random choice of failing calls, where the script has a share of errors. An integer.
   * @defaultValue 1
   */
  readonly seed?: number
}

/** Calls the dependency. Aborting the signal rejects with its reason. */
export type ScriptedDependency = (signal?: AbortSignal) => Promise<'ok'>

const MESSAGES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the scripted dependency refuses calls',
  ECONNRESET: 'the scripted dependency dropped the connection',
  EFAULT: 'the scripted dependency answered with an error',
}

/**
 * Creates a dependency that follows a script on a manual clock: a function whose promise resolves to
 * `'ok'`, rejects with an error whose `code` is `ECONNREFUSED`, `ECONNRESET` or `EFAULT`, or stays
 * pending. After the end of the script, calls succeed.
 *
 * A script is a list of phases or a text: `ok`, `hang`, `refuse`, `reset`, `30 % errors`,
 * `latency x20`, `latency +200 ms`, joined by `and`, each with a duration such as `for 1 min`. What
 * needs traffic (work, load, a cold cache, shards) is for `simulate`.
 *
 * @throws SyntaxError naming the part of the text that can't be parsed, and its position
 * @throws TypeError or RangeError naming the phase or option that is wrong
 * @example
 * import { CircuitBreaker } from 'short-circuit'
 * import { ManualClock, scriptedDependency } from 'short-circuit/testing'
 *
 * const clock = new ManualClock()
 * const call = scriptedDependency('ok for 5 s, refuse 10 s', { clock })
 * const breaker = new CircuitBreaker({ maxFailures: 1, resetTimeout: 10_000, clock })
 * await clock.advance(5_000)
 * await breaker.run(call).catch(() => {})
 * console.assert(breaker.state === 'open')
 */
export function scriptedDependency(
  script: Script,
  options: ScriptedDependencyOptions,
): ScriptedDependency {
  isAbout('options', options, ['clock', 'latency', 'seed'])
  const { clock, latency = 10, seed = 1 } = options
  if (typeof clock?.setTimer !== 'function') {
    throw new TypeError(`clock must be a clock, such as a ManualClock, got ${show(clock)}`)
  }
  number('latency', latency, { min: 0 })
  number('seed', seed, { min: 0, whole: true })
  const phases = readScript(script)
  for (const [index, phase] of phases.entries()) {
    for (const key of ['workFactor', 'coldFactor', 'loadFactor', 'shards'] as const) {
      if (phase[key] === undefined) continue
      throw new TypeError(
        `phase ${index + 1} of the script has ${key}, which only simulate supports`,
      )
    }
  }
  const dependency = new SimulatedDependency(
    {
      latency,
      spread: 0,
      capacity: Infinity,
      queue: Infinity,
      shards: 1,
      errorRate: 0,
      warmCalls: 1,
      roundTrip: 0,
    },
    new Schedule(phases),
  )
  const random = randomStream(seed, 'service')
  const begin = clock.now()

  return (signal) =>
    new Promise((resolve, reject) => {
      signal?.throwIfAborted()
      const now = clock.now() - begin
      const { at, ok, error } = dependency.send(now, [0, 0, 0, random()])
      let cancel = (): void => {}
      const abort = (): void => {
        cancel()
        reject(signal?.reason)
      }
      signal?.addEventListener('abort', abort, { once: true })
      if (at === Infinity) return
      const settle = (): void => {
        signal?.removeEventListener('abort', abort)
        if (ok) resolve('ok')
        else reject(Object.assign(new Error(MESSAGES[error]), { code: error }))
      }
      if (at > now) cancel = clock.setTimer(at - now, settle)
      else settle()
    })
}
