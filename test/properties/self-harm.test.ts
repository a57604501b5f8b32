import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { CircuitBreaker, type EventName, isShortCircuitError } from '../../src/index.ts'
import { ManualClock } from '../../src/testing/manual-clock.ts'
import { runsAsked, seedOfRun } from '../model/runs.ts'

vi.setConfig({ testTimeout: 600_000 })
const seed = seedOfRun()
process.stdout.write(`no-self-harm: MODEL_SEED=${seed}\n`)

const EVENTS: readonly EventName[] = [
  'transition',
  'reject',
  'success',
  'failure',
  'timeout',
  'override',
  'configure',
]

const thrown = fc.constantFrom<unknown>(new Error('bad'), 'bad', undefined, null, 0)
const call = fc.record({ fails: fc.boolean(), wait: fc.constantFrom(0, 1, 99, 100, 101) })

/** Everything of the user's that a breaker calls throws, but for the action itself. */
function harmed(clock: ManualClock, error: unknown): CircuitBreaker {
  const bad = (): never => {
    throw error
  }
  const trip = { consecutiveFailures: 2, when: bad }
  const hooks = { classify: bad, retryAfter: bad, redact: bad }
  const breaker = new CircuitBreaker({ trip, resetTimeout: 100, clock, ...hooks })
  for (const event of EVENTS) breaker.on(event, bad)
  return breaker
}

describe('no-self-harm', () => {
  it('answers callers the same, and decides the same, whatever listeners and hooks throw', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => {})
    await fc.assert(
      fc.asyncProperty(thrown, fc.array(call, { maxLength: 30 }), async (error, calls) => {
        const clock = new ManualClock()
        const breakers = [
          harmed(clock, error),
          new CircuitBreaker({ maxFailures: 2, resetTimeout: 100, clock }),
        ]

        for (const { fails, wait } of calls) {
          await clock.advance(wait)
          const action = (): Promise<string> =>
            fails ? Promise.reject(new RangeError('down')) : Promise.resolve('answer')
          const results = await Promise.all(
            breakers.map((value) => value.run(action).catch((reason: Error) => reason.constructor)),
          )
          expect(results[0]).toBe(results[1])
        }

        const [own, plain] = breakers.map((value) => value.snapshot())
        expect(own?.state).toBe(plain?.state)
        expect(own?.counts).toEqual(plain?.counts)
      }),
      { seed, numRuns: runsAsked(200) },
    )
    vi.restoreAllMocks()
  })

  it('never counts its own rejections, nor those of a breaker inside, as failures', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(call, { maxLength: 30 }), async (calls) => {
        const clock = new ManualClock()
        const outer = new CircuitBreaker({ name: 'outer', maxFailures: 1, clock })
        const inner = new CircuitBreaker({ name: 'inner', maxFailures: 1, clock })
        inner.trip()
        inner.forceOpen()

        for (const { wait } of calls) {
          await clock.advance(wait)
          const reason = await outer.run(() => inner.run(() => 1)).catch((value: unknown) => value)
          expect(isShortCircuitError(reason)).toBe(true)
        }

        const { counts, state } = outer.snapshot()
        expect(state).toBe('closed')
        expect(counts).toMatchObject({ failure: 0, cancelled: calls.length })
      }),
      { seed, numRuns: runsAsked(100) },
    )
  })
})
