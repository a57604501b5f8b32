import { describe, expect, it } from 'vitest'
import {
  createBreaker,
  fail,
  hang,
  open,
  RESET_TIMEOUT,
  record,
  succeed,
} from '../test/helpers/public.ts'
import { CircuitRegistry } from './index.ts'
import { ManualClock } from './testing/manual-clock.ts'

/** One call that takes so long. */
async function callFor(
  { breaker, clock }: ReturnType<typeof createBreaker>,
  ms: number,
  end: 'release' | 'fail' = 'release',
): Promise<void> {
  const call = hang(breaker)
  await clock.advance(ms)
  await call[end](new Error('late'))
}

describe('the duration in the events of calls', () => {
  it.each([
    { ms: 0, end: 'release', event: 'success' },
    { ms: 250, end: 'release', event: 'success' },
    { ms: 1_234.5, end: 'fail', event: 'failure' },
  ] as const)('is what the call took: $ms ms of a $event', async ({ ms, end, event }) => {
    const created = createBreaker()
    const events = record(created.breaker, event)

    await callFor(created, ms, end)

    expect(events).toMatchObject([[event, { duration: ms, probe: false }]])
  })

  it.each(['success', 'failure'] as const)(
    'is there while only %s is listened to',
    async (event) => {
      const created = createBreaker()
      const events = record(created.breaker, event)

      await callFor(created, 40)
      await callFor(created, 50, 'fail')

      const [[, { duration }]] = events as unknown as [[string, { duration: number }]]
      expect([events.length, duration]).toEqual([1, event === 'success' ? 40 : 50])
    },
  )

  it('is that of each of several calls at once', async () => {
    const { breaker, clock } = createBreaker()
    const events = record(breaker, 'success')
    const first = hang(breaker)
    await clock.advance(10)
    const second = hang(breaker)
    await clock.advance(5)
    await first.release()
    await clock.advance(30)
    await second.release()

    expect(events).toMatchObject([
      ['success', { duration: 15 }],
      ['success', { duration: 35 }],
    ])
  })

  it('is unknown of a call that began before anything listened', async () => {
    const { breaker, clock } = createBreaker()
    const call = hang(breaker)
    const events = record(breaker, 'success', 'failure')
    await clock.advance(10)
    await call.release()
    await callFor({ breaker, clock }, 20)

    expect(events).toMatchObject([
      ['success', { duration: undefined }],
      ['success', { duration: 20 }],
    ])
  })

  it('is that of a probe, of one that timed out, and of a synchronous call', async () => {
    const { breaker, clock } = createBreaker({ callTimeout: 400 })
    const events = record(breaker, 'success', 'failure')
    const late = hang(breaker)
    await clock.advance(400)
    await late.result
    await open(breaker)
    await clock.advance(RESET_TIMEOUT)
    await callFor({ breaker, clock } as never, 70)
    breaker.sync(() => 1)()

    expect(events.at(0)).toMatchObject(['failure', { duration: 400, probe: false }])
    expect(events.at(-2)).toMatchObject(['success', { duration: 70, probe: true }])
    expect(events.at(-1)).toMatchObject(['success', { duration: 0, probe: false }])
  })

  it('is that of the first part of an answer that comes in parts', async () => {
    const { breaker, clock } = createBreaker()
    const events = record(breaker, 'success')
    const permit = breaker.acquire()
    await clock.advance(25)
    permit.deliver()
    await clock.advance(5_000)
    permit.success()

    expect(events).toMatchObject([['success', { duration: 25 }]])
  })

  it('is there for the listeners of a registry', async () => {
    const clock = new ManualClock()
    const registry = new CircuitRegistry({ defaults: { clock } })
    const durations: unknown[] = []
    registry.on('success', ({ duration }) => durations.push(duration))
    const breaker = registry.breaker('users')

    await callFor({ breaker, clock }, 30)

    expect(durations).toEqual([30])
  })

  it.each(['transition', 'timeout', 'fallback'] as const)(
    'needs no time of calls where only %s is listened to',
    async (event) => {
      const { breaker, clock } = createBreaker()
      let readings = 0
      const now = clock.now.bind(clock)
      clock.now = () => {
        readings++
        return now()
      }
      breaker.on(event, () => {})
      await succeed(breaker)
      expect(readings).toBe(0)

      breaker.on('success', () => {})
      await succeed(breaker)
      expect(readings).toBeGreaterThan(1)
    },
  )

  it.each(['breaker', 'registry', 'both'] as const)(
    'is there from the next call on where other events were listened to before: %s',
    async (who) => {
      const clock = new ManualClock()
      const registry = new CircuitRegistry({ defaults: { maxFailures: 3, clock } })
      const breaker = registry.breaker('users')
      const all: readonly Pick<typeof breaker, 'on'>[] = [breaker, registry]
      const sources = all.filter((_, i) => who === 'both' || i === (who === 'breaker' ? 0 : 1))
      for (const source of sources) source.on('transition', () => {})
      const get = breaker(async (ms: number) => clock.advance(ms))
      for (let i = 0; i < 3; i++) await get(1)
      const durations: unknown[] = []
      const offs = sources.map((source) =>
        source.on('success', ({ duration }) => durations.push(duration)),
      )

      await get(7)
      for (const off of offs) off()
      await get(8)
      sources.at(-1)?.on('success', ({ duration }) => durations.push(duration))
      await get(9)

      expect(durations).toEqual([...sources.map(() => 7), 9])
    },
  )

  it('does not change what is counted, nor by which rule it opens', async () => {
    const { breaker } = createBreaker()
    const events = record(breaker, 'success', 'failure', 'transition')
    await succeed(breaker)
    for (let i = 0; i < 3; i++) await fail(breaker)

    expect(breaker.snapshot()).toMatchObject({
      state: 'open',
      counts: { admitted: 4, settled: 4, success: 1, failure: 3 },
      trips: [{ reason: 'consecutiveFailures' }],
    })
    expect(events.map(([name]) => name)).toEqual([
      'success',
      'failure',
      'failure',
      'failure',
      'transition',
    ])
  })
})
