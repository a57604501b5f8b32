import { describe, expect, it } from 'vitest'
import {
  createBreaker,
  fail,
  hang,
  open,
  RESET_TIMEOUT,
  reasonOf,
  record,
  succeed,
} from '../test/helpers/public.ts'
import type { CircuitBreaker } from './index.ts'

type Method = 'trip' | 'halfOpen' | 'reset' | 'forceOpen' | 'forceClosed' | 'disable' | 'release'

const methods: readonly Method[] = [
  'trip',
  'halfOpen',
  'reset',
  'forceOpen',
  'forceClosed',
  'disable',
  'release',
]

/** What an event says of who did it, and why. */
function said([name, event]: [string, object]): object {
  const { note, reason, by } = event as Record<string, unknown>
  return { reason: name === 'transition' ? note : reason, by }
}

/** An open circuit, which is overridden if that is to be released. */
async function prepared(method: Method): Promise<CircuitBreaker> {
  const { breaker } = createBreaker()
  await open(breaker)
  if (method === 'release') breaker.forceClosed({ reason: 'earlier', by: 'Bob' })
  return breaker
}

describe.each(methods)('%s', (method) => {
  it.each([
    { why: 'maintenance', reason: 'maintenance', by: undefined },
    { why: { reason: 'maintenance', by: 'Ada' }, reason: 'maintenance', by: 'Ada' },
    { why: { by: 'Ada' }, reason: undefined, by: 'Ada' },
    { why: undefined, reason: undefined, by: undefined },
  ])('tells listeners who did it, and why: %o', async ({ why, reason, by }) => {
    const breaker = await prepared(method)
    const events = record(breaker, 'transition', 'override')

    breaker[method](why as never)

    expect(events.map(said)).toEqual([{ reason, by }])
  })

  it.each([
    [{ reason: 5 }, 'reason must be a string, got 5'],
    [{ by: {} }, 'by must be a string, got an object'],
    [{ until: 5 }, /unknown option "until" \(in \w+\)/],
    [5, /takes a reason or \{ reason, by, fleet(, for)? \}, got 5$/],
    [null, /takes a reason or .*, got null$/],
    [[], /takes a reason or .*, got an array$/],
    [new Error('down'), /takes a reason or .*, got an Error$/],
    [Promise.resolve(), /takes a reason or .*, got a Promise$/],
    [{ why: 'x' }, 'unknown option "why"'],
  ])('throws for %j, and changes nothing', async (why, message) => {
    const breaker = await prepared(method)
    const before = breaker.save()

    expect(() => breaker[method](why as never)).toThrow(message)

    expect(breaker.save()).toEqual(before)
  })
})

describe.each(methods)('%s', (method) => {
  it.each([
    ['a reason', ['maintenance', { by: 'Ada' }]],
    ['options', [{ reason: 'maintenance' }, 'Ada']],
    ['nothing', [undefined, { by: 'Ada' }]],
  ])('takes no argument after %s, which would be ignored', async (_, args) => {
    const breaker = await prepared(method)
    const before = breaker.save()

    expect(() => (breaker[method] as (...args: unknown[]) => void)(...args)).toThrow(
      new RegExp(`^${method} takes a reason or \\{ reason, by, fleet(, for)? \\}, got both$`),
    )

    expect(breaker.save()).toEqual(before)
  })
})

it.each(['halfOpen', 'reset', 'release'] as const)(
  '%s takes no time, since it lasts for none',
  (method) => {
    const { breaker } = createBreaker()

    expect(() => breaker[method]({ for: 5 } as never)).toThrow('unknown option "for"')
  },
)

describe('trip for a time', () => {
  it.each([
    { name: 'closed', prepare: async () => {} },
    { name: 'open', prepare: open },
    { name: 'half-open', prepare: async (breaker: CircuitBreaker) => breaker.halfOpen() },
  ])('opens a circuit that is $name for just that long', async ({ prepare }) => {
    const { breaker, clock } = createBreaker()
    await prepare(breaker)

    breaker.trip({ for: 7_000 })

    expect(breaker.snapshot().retryAfter).toBe(7_000)
    await clock.advance(6_999)
    expect(breaker.state).toBe('open')
    await clock.advance(1)
    expect(breaker.state).toBe('half-open')
  })

  it.each([{ first: { for: 7_000 } }, { first: {} }])(
    'is not changed by another reset timeout, after %o',
    async ({ first }) => {
      const { breaker } = createBreaker()
      breaker.trip(first)
      breaker.trip({ for: 5_000 })

      breaker.configure({ resetTimeout: 10 })

      expect(breaker.snapshot().retryAfter).toBe(5_000)
    },
  )

  it('lasts as the options say the next time', async () => {
    const { breaker, clock } = createBreaker()
    breaker.trip({ for: 7_000 })
    breaker.trip()
    expect(breaker.snapshot().retryAfter).toBe(RESET_TIMEOUT)

    await clock.advance(RESET_TIMEOUT)
    await fail(breaker)

    expect(breaker.snapshot().retryAfter).toBe(RESET_TIMEOUT)
  })

  it.each([0, -1, Number.NaN, Infinity, '5'])('throws for %s', (ms) => {
    const { breaker } = createBreaker()

    expect(() => breaker.trip({ for: ms as never })).toThrow('trip.for must be milliseconds')
    expect(breaker.state).toBe('closed')
  })
})

describe('trip of an open circuit', () => {
  it('is in the record, the events and the explanation', async () => {
    const { breaker, clock } = createBreaker({ maxFailures: 1 })
    await fail(breaker)
    const events = record(breaker, 'transition')
    await clock.advance(400)

    breaker.trip({ reason: 'maintenance', by: 'Ada' })

    expect(events).toMatchObject([
      ['transition', { from: 'open', to: 'open', reason: 'manual', generation: 3, by: 'Ada' }],
    ])
    expect(breaker.snapshot().trips).toMatchObject([
      { reason: 'consecutiveFailures', note: 'maintenance', by: 'Ada' },
    ])
    expect(breaker.snapshot()).toMatchObject({ stateFor: 400, generation: 3 })
    expect(breaker.explain().text).toContain(
      'It was tripped by hand by Ada (maintenance) just now, which restarted its open time.',
    )
    expect(breaker.explain().text).toContain('because 1 call failed')
  })

  it('does not say of an opening by hand what was said of the later trip', async () => {
    const { breaker, clock } = createBreaker()
    breaker.trip({ reason: 'maintenance', by: 'Ada' })
    await clock.advance(400)

    breaker.trip({ reason: 'not yet', by: 'Bob' })

    expect(breaker.explain().text).toContain(
      'It was tripped by hand by Bob (not yet) just now, which restarted its open time. It opened 400 ms ago because it was tripped by hand.',
    )
  })

  it('is still known after save, as far as it says who and why', async () => {
    const { breaker, clock } = createBreaker()
    await open(breaker)
    await clock.advance(400)
    breaker.trip({ reason: 'maintenance', by: 'Ada' })

    const { breaker: restored } = createBreaker({ saved: breaker.save() })

    expect((await reasonOf(restored.run(() => 1))) as Error).toMatchObject({
      message: 'circuit "circuit" is open because it was tripped by hand by Ada (maintenance)',
    })
  })
})

describe('halfOpen', () => {
  it.each([
    { from: 'closed', prepare: async () => {}, events: ['open', 'half-open'] },
    { from: 'open', prepare: open, events: ['half-open'] },
    {
      from: 'half-open',
      prepare: async (breaker: CircuitBreaker) => breaker.halfOpen(),
      events: ['half-open'],
    },
  ])('lets probes out of a circuit that is $from, which decide', async ({ prepare, events }) => {
    const { breaker } = createBreaker()
    await prepare(breaker)
    const transitions = record(breaker, 'transition')

    breaker.halfOpen('looks well')

    expect(transitions.map(([, event]) => event)).toMatchObject(
      events.map((to) => ({ to, reason: 'manual', note: 'looks well' })),
    )
    expect(breaker.state).toBe('half-open')
    await succeed(breaker)
    expect(breaker.state).toBe('closed')
  })

  it('re-opens when its probe fails, with one record of it all', async () => {
    const { breaker } = createBreaker()
    breaker.halfOpen()

    await fail(breaker)

    expect(breaker.state).toBe('open')
    expect(breaker.snapshot().trips).toMatchObject([
      { reason: 'manual', reopened: 1, lasted: null },
    ])
  })

  it('makes probes that are in flight decide nothing, and leaves room for as many more', async () => {
    const { breaker } = createBreaker()
    breaker.halfOpen()
    const earlier = hang(breaker)
    expect(breaker.tryAcquire()).toBeUndefined()

    breaker.halfOpen()
    const permit = breaker.acquire()
    await earlier.fail()

    expect(breaker.state).toBe('half-open')
    permit.success()
    expect(breaker.state).toBe('closed')
    expect(breaker.snapshot().counts).toMatchObject({ stale: 1 })
  })

  it('says in the explanation who did it', async () => {
    const { breaker, clock } = createBreaker()
    await open(breaker)
    breaker.halfOpen({ reason: 'looks well', by: 'Ada' })
    await clock.advance(2_000)

    expect(breaker.explain().text).toContain(
      'It was made half-open by hand by Ada (looks well) 2 s ago.',
    )
  })

  it('does not say when it opened again, which is not known then', async () => {
    const { breaker, clock } = createBreaker()
    await open(breaker)
    await clock.advance(RESET_TIMEOUT)
    await fail(breaker)
    await clock.advance(10)
    breaker.halfOpen()

    expect(breaker.explain().text).toContain('It opened again because a probe failed')
  })
})

describe('the words for calls that forceClosed lets through', () => {
  it('never count them as rejected', async () => {
    const { breaker } = createBreaker({ maxFailures: 1, statistics: true })
    await fail(breaker)
    breaker.forceClosed()
    const events = record(breaker, 'reject')

    await succeed(breaker)
    await succeed(breaker)

    const { counts, trips, recent, waitingSaved } = breaker.snapshot()
    const { unenforced, ...rejected } = counts.rejected
    expect(unenforced).toBe(2)
    expect(Object.values(rejected)).toEqual([0, 0, 0, 0])
    expect(trips).toMatchObject([{ rejected: 0 }])
    expect(JSON.stringify(recent)).not.toContain('"rejected":2')
    expect(waitingSaved).toBe(0)
    expect(events).toMatchObject([
      ['reject', { reason: 'open', enforced: false }],
      ['reject', { reason: 'open', enforced: false }],
    ])
    expect(breaker.explain().text).toContain(
      'In all, 2 calls have run that would have been rejected otherwise.',
    )
  })

  it('are left out while there are none', () => {
    const { breaker } = createBreaker()
    breaker.forceClosed()

    expect(breaker.explain().text).not.toContain('In all')
  })
})
