import { describe, expect, it, onTestFinished } from 'vitest'
import { fail, hang, succeed } from '../../../test/helpers/public.ts'
import { CircuitRegistry } from '../../index.ts'
import { ManualClock } from '../../testing/manual-clock.ts'
import { Recorder } from './recorder.ts'

const MIB = 2 ** 20
const START = 1_200_000_000

function create({ memory = 16 * MIB, statistics = false } = {}): {
  clock: ManualClock
  registry: CircuitRegistry
  recorder: Recorder
} {
  const clock = new ManualClock(START)
  const registry = new CircuitRegistry({ defaults: { clock, statistics } })
  const recorder = new Recorder(registry, clock, memory)
  onTestFinished(() => recorder.close())
  return { clock, registry, recorder }
}

/** The last values. */
function last<T>(values: readonly T[], count: number): readonly T[] {
  return values.slice(-count)
}

describe('the history of 15 minutes', () => {
  it('has the calls of each 5 s, although no page was open', async () => {
    const { clock, registry, recorder } = create()
    const breaker = registry.breaker('a')
    for (const calls of [1, 0, 3]) {
      for (let i = 0; i < calls; i++) await succeed(breaker)
      await clock.advance(5_000)
    }
    await fail(breaker)
    breaker.forceOpen()
    await breaker.run(() => 1).catch(() => {})
    const call = registry.breaker('b').tryAcquire()
    await clock.advance(5_000)

    const { ok, failed, rejected, until, step, kept } = recorder.history('a', '15m')

    expect({ step, until, kept }).toEqual({ step: 5_000, until: START + 20_000, kept: true })
    expect(last(ok, 5)).toEqual([null, 1, 0, 3, 0])
    expect(last(failed, 4)).toEqual([0, 0, 0, 1])
    expect(last(rejected, 4)).toEqual([0, 0, 0, 1])
    expect(ok).toHaveLength(180)
    call?.cancel()
  })

  it('has what was in flight at the end of each step', async () => {
    const { clock, registry, recorder } = create()
    const call = hang(registry.breaker('a'))
    await clock.advance(5_000)
    await call.release()
    await clock.advance(5_000)
    await clock.advance(5_000)

    expect(last(recorder.history('a', '15m').inFlight, 3)).toEqual([0, 0, 0])
    const second = hang(registry.breaker('a'))
    await clock.advance(5_000)
    expect(last(recorder.history('a', '15m').inFlight, 1)).toEqual([1])
    await second.release()
  })

  it('has no calls from before it began', async () => {
    const clock = new ManualClock(START)
    const registry = new CircuitRegistry({ defaults: { clock } })
    for (let i = 0; i < 50; i++) await succeed(registry.breaker('a'))
    const recorder = new Recorder(registry, clock, MIB)
    onTestFinished(() => recorder.close())
    await succeed(registry.breaker('a'))
    await clock.advance(5_000)

    expect(last(recorder.history('a', '15m').ok, 2)).toEqual([null, 1])
  })

  it('has gaps where the process was stopped', async () => {
    const { clock, registry, recorder } = create()
    await succeed(registry.breaker('a'))
    await clock.advance(5_000)
    clock.set(clock.now() + 15_000)
    await recorder.update()

    expect(last(recorder.history('a', '15m').ok, 4)).toEqual([1, null, null, 0])
  })

  it('forgets what is older, and is the same an hour later', async () => {
    const { clock, registry, recorder } = create()
    await succeed(registry.breaker('a'))
    await clock.advance(60 * 60_000)

    const { ok } = recorder.history('a', '15m')

    expect(ok).toEqual(Array(180).fill(0))
  })

  it('begins with nothing for another breaker of the same name', async () => {
    const { clock, registry, recorder } = create()
    for (let i = 0; i < 5; i++) await succeed(registry.breaker('a'))
    await clock.advance(5_000)
    registry.delete('a')
    for (let i = 0; i < 2; i++) await succeed(registry.breaker('a'))
    await clock.advance(5_000)

    expect(last(recorder.history('a', '15m').ok, 1)).toEqual([2])
  })

  it('is all zeros for a breaker that was never called', async () => {
    const { clock, registry, recorder } = create()
    registry.breaker('a')
    await clock.advance(10_000)

    expect(last(recorder.history('a', '15m').ok, 3)).toEqual([null, 0, 0])
  })

  it('has durations with statistics, within 6 %', async () => {
    const { clock, registry, recorder } = create({ statistics: true })
    const breaker = registry.breaker('a')
    for (const ms of [10, 20, 30, 40, 50, 60, 70, 80, 90, 1_000]) {
      const permit = breaker.acquire()
      clock.set(clock.now() + ms)
      permit.success()
    }
    await clock.advance(5_000)
    await clock.advance(5_000)

    const { p50, p99 } = recorder.history('a', '15m')
    const [half, most] = [p50.find(Boolean), p99.find(Boolean)]

    expect(Math.abs((half ?? 0) - 50)).toBeLessThan(3)
    expect(Math.abs((most ?? 0) - 1_000)).toBeLessThan(60)
    expect(last(p50, 1)).toEqual([null])
  })
})

describe('the history of 6 hours', () => {
  it('has the calls of each two minutes', async () => {
    const { clock, registry, recorder } = create()
    for (const calls of [2, 0, 5]) {
      for (let i = 0; i < calls; i++) {
        await succeed(registry.breaker('a'))
        await clock.advance(20_000)
      }
      await clock.advance(120_000 - calls * 20_000)
    }

    const { ok, step, until } = recorder.history('a', '6h')

    expect({ step, until }).toEqual({ step: 120_000, until: START + 360_000 })
    expect(last(ok, 4)).toEqual([null, 2, 0, 5])
  })

  it('agrees with that of 15 minutes', async () => {
    const { clock, registry, recorder } = create()
    for (let i = 0; i < 180; i++) {
      for (let n = 0; n < i % 7; n++) await succeed(registry.breaker('a'))
      await clock.advance(5_000)
    }

    const sum = (values: readonly (number | null)[]) =>
      values.reduce<number>((total, value) => total + (value ?? 0), 0)
    // 14 minutes are seven times two; the 15th is not over.
    const short = recorder.history('a', '15m').ok.slice(0, 168)
    const long = recorder.history('a', '6h').ok.slice(-7)

    expect(Math.abs(sum(long) - sum(short))).toBeLessThan(0.04 * sum(short))
  })
})

describe('the memory of histories', () => {
  it('is about 3.2 kB for each breaker that has had calls, and nothing for others', async () => {
    const { clock, registry, recorder } = create()
    for (let i = 0; i < 1_000; i++) registry.breaker(`unused${i}`)
    for (let i = 0; i < 100; i++) await succeed(registry.breaker(`used${i}`))
    await clock.advance(5_000)
    await recorder.update()

    expect(recorder.memory).toBe(100 * 3_240)
  })

  it('is freed when breakers are removed, and when they have had no calls for 6 hours', async () => {
    const { clock, registry, recorder } = create()
    await succeed(registry.breaker('removed'))
    await succeed(registry.breaker('idle'))
    await clock.advance(5_000)
    registry.delete('removed')
    await clock.advance(5_000)
    expect(recorder.memory).toBe(3_240)

    await clock.advance(6 * 3_600_000)

    expect(recorder.memory).toBe(0)
    await succeed(registry.breaker('idle'))
    await clock.advance(5_000)
    expect(last(recorder.history('idle', '15m').ok, 1)).toEqual([1])
  })

  it('keeps within its limit: first without hours, then without what is healthy and idle', async () => {
    const { clock, registry, recorder } = create({ memory: 10 * 1_620 })
    await fail(registry.breaker('troubled'))
    await clock.advance(5_000)
    for (let i = 0; i < 20; i++) {
      await succeed(registry.breaker(`b${i}`))
      await clock.advance(1_000)
    }
    await clock.advance(5_000)

    expect(recorder.memory).toBe(10 * 1_620)
    expect(recorder.history('troubled', '15m').failed).toContain(1)
    expect(recorder.history('troubled', '6h').kept).toBe(false)
    expect(recorder.history('b19', '15m').ok).toContain(1)
    // What was dropped is a gap, and not a time without calls.
    expect(new Set(recorder.history('b0', '15m').ok)).toEqual(new Set([null, 0]))
  })
})

describe('the memory of histories, where there is too little of it', () => {
  it('stays with those that are called, whatever else is', async () => {
    const { clock, registry, recorder } = create({ memory: 10 * 1_620 })
    for (let step = 0; step < 20; step++) {
      for (let i = 0; i < 15; i++) await succeed(registry.breaker(`b${i}`))
      await clock.advance(5_000)
    }

    const complete = Array.from(
      { length: 15 },
      (_, i) => recorder.history(`b${i}`, '15m').ok,
    ).filter((ok) => last(ok, 20).every((calls) => calls === 1))
    expect(complete).toHaveLength(10)
    expect(recorder.memory).toBe(10 * 1_620)
  })

  it('goes to those that are called from those that no longer are, however many there are', async () => {
    const { clock, registry, recorder } = create({ memory: 500 * 1_620 })
    for (let i = 0; i < 500; i++) await succeed(registry.breaker(`idle${i}`))
    const step = async (): Promise<void> => {
      await clock.advance(5_000)
      await recorder.update()
    }
    for (let i = 0; i < 4; i++) await step()

    for (let i = 0; i < 100; i++) await succeed(registry.breaker(`new${i}`))
    await step()

    for (let i = 0; i < 100; i++) expect(recorder.history(`new${i}`, '15m').ok).toContain(1)
    expect(recorder.memory).toBe(500 * 1_620)
  })
})

describe('the timer', () => {
  it('is one, whatever is asked, and none when it was closed', async () => {
    const { clock, registry, recorder } = create()
    await succeed(registry.breaker('a'))
    for (let i = 0; i < 10; i++) {
      recorder.history('a', '15m')
      await clock.advance(2_500)
    }
    expect(clock.timers).toBe(1)

    recorder.close()

    expect(clock.timers).toBe(0)
  })

  it('is not needed: where there is none, it reads when it is asked', async () => {
    const clock = new ManualClock(START)
    clock.setTimer = () => {
      throw new Error('no timers outside of requests')
    }
    const registry = new CircuitRegistry({ defaults: { clock } })
    const recorder = new Recorder(registry, clock, MIB)
    await succeed(registry.breaker('a'))
    clock.set(clock.now() + 5_000)
    await recorder.update()

    expect(last(recorder.history('a', '15m').ok, 1)).toEqual([1])
  })
})
