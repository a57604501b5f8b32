import { describe, expect, it } from 'vitest'
import { CircuitBreaker } from '../index.ts'
import { ManualClock } from './manual-clock.ts'
import { scriptedDependency } from './scripted-dependency.ts'

function settled(promise: Promise<unknown>): () => string {
  let state = 'pending'
  promise.then(
    (value) => {
      state = String(value)
    },
    (error) => {
      state = error.code ?? String(error)
    },
  )
  return () => state
}

describe('scriptedDependency', () => {
  it('answers after its latency when all is well, also after the script', async () => {
    const clock = new ManualClock()
    const call = scriptedDependency('refuse 1 s', { clock, latency: 30 })
    await clock.advance(1_000)

    const first = settled(call())
    await clock.advance(29)
    const before = first()
    await clock.advance(1)

    expect([before, first()]).toEqual(['pending', 'ok'])
  })

  it('begins its script when it is created', async () => {
    const clock = new ManualClock(5_000)
    const call = scriptedDependency('ok 1 s, refuse', { clock })
    await clock.advance(1_000)

    const state = settled(call())
    await clock.advance(0)

    expect([state(), clock.timers]).toEqual(['ECONNREFUSED', 0])
  })

  it('leaves calls pending that hang, until their signal is aborted', async () => {
    const clock = new ManualClock()
    const controller = new AbortController()
    const call = scriptedDependency('hang 10 s', { clock })

    const state = settled(call(controller.signal))
    await clock.advance(60_000)
    const before = state()
    controller.abort('enough')
    await clock.advance(0)

    expect([before, state(), clock.timers]).toEqual(['pending', 'enough', 0])
  })

  it('forgets the timer of a call that is aborted', async () => {
    const clock = new ManualClock()
    const controller = new AbortController()
    const state = settled(scriptedDependency('ok', { clock })(controller.signal))

    controller.abort('enough')
    await clock.advance(0)

    expect([state(), clock.timers]).toEqual(['enough', 0])
  })

  it('rejects without a call when the signal is aborted already', async () => {
    const clock = new ManualClock()
    const state = settled(scriptedDependency('ok', { clock })(AbortSignal.abort('before')))
    await clock.advance(0)

    expect([state(), clock.timers]).toEqual(['before', 0])
  })

  it('drops calls that are in flight when it begins to refuse', async () => {
    const clock = new ManualClock()
    const call = scriptedDependency('ok 1 s, refuse 1 s', { clock, latency: 2_000 })

    const state = settled(call())
    await clock.advance(1_000)

    expect(state()).toBe('ECONNRESET')
  })

  it('fails about the share of calls it is told, the same ones for the same seed', async () => {
    const run = async (seed: number): Promise<string[]> => {
      const clock = new ManualClock()
      const call = scriptedDependency('30 % errors', { clock, seed })
      const states = Array.from({ length: 1_000 }, () => settled(call()))
      await clock.advance(10)
      return states.map((state) => state())
    }

    const failures = (await run(1)).filter((state) => state === 'EFAULT').length

    expect(Math.abs(failures - 300)).toBeLessThan(60)
    expect(await run(1)).toEqual(await run(1))
    expect(await run(1)).not.toEqual(await run(2))
  })

  it('drives a breaker on the same clock', async () => {
    const clock = new ManualClock()
    const call = scriptedDependency('ok 1 s, hang 10 s, ok', { clock })
    const breaker = new CircuitBreaker({
      maxFailures: 2,
      resetTimeout: 10_000,
      callTimeout: 500,
      clock,
    })
    const states = []
    for (let second = 0; second < 15; second++) {
      breaker.run(call).catch(() => {})
      for (let i = 0; i < 10; i++) await clock.advance(100)
      states.push(breaker.state)
    }

    expect(states.slice(0, 3)).toEqual(['closed', 'closed', 'open'])
    expect(states.at(-1)).toBe('closed')
  })

  it.each([
    ['work x2', {}, 'phase 1 of the script has workFactor, which only simulate supports'],
    ['ok 1 s, hang on 1 shard', {}, 'phase 2 of the script has shards'],
    ['ok', { latency: -1 }, 'latency must be a number of at least 0, got -1'],
    ['ok', { clock: {} }, 'clock must be a clock, such as a ManualClock, got an object'],
    ['ok', { seeds: 1 }, 'unknown key "seeds" (in options); known are clock, latency, seed'],
  ])('refuses %j with %j', (script, options, message) => {
    const given = { clock: new ManualClock(), ...options } as never

    expect(() => scriptedDependency(script, given)).toThrow(message)
  })
})
