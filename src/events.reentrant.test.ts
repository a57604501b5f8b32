import { describe, expect, it, vi } from 'vitest'
import {
  createBreaker,
  fail,
  hang,
  RESET_TIMEOUT,
  reasonOf,
  record,
  turn,
} from '../test/helpers/public.ts'
import type { CircuitBreaker } from './circuit-breaker.ts'

type Move = (breaker: CircuitBreaker) => unknown

/** What a listener may do to the breaker that it listens to. */
const moves: [string, Move][] = [
  ['releases it', (breaker) => breaker.release()],
  ['resets it', (breaker) => breaker.reset()],
  ['trips it', (breaker) => breaker.trip('again')],
  ['forces it open', (breaker) => breaker.forceOpen({ by: 'listener' })],
  ['forces it closed', (breaker) => breaker.forceClosed()],
  ['disables it', (breaker) => breaker.disable()],
  ['configures it', (breaker) => breaker.configure({ maxConcurrent: 5, maxFailures: 7 })],
  ['lifts the limit', (breaker) => breaker.configure({ maxConcurrent: undefined })],
  ['throws', thrower],
]

const rejections: [string, (breaker: CircuitBreaker) => unknown, object][] = [
  [
    'an open circuit',
    (breaker) => breaker.trip('by hand'),
    {
      name: 'CircuitOpenError',
      message: 'circuit "users" is open because it was tripped by hand (by hand)',
      state: 'open',
      reason: 'manual',
      retryAfter: RESET_TIMEOUT,
    },
  ],
  [
    'a forced-open one',
    (breaker) => breaker.forceOpen({ by: 'ops', reason: 'maintenance' }),
    {
      name: 'CircuitOpenError',
      message: 'circuit "users" is forced open by ops: maintenance',
      state: 'open',
      reason: 'forced-open',
    },
  ],
  [
    'a full one',
    (breaker) => {
      breaker.configure({ maxConcurrent: 1 })
      hang(breaker)
    },
    {
      name: 'CircuitFullError',
      message: 'circuit "users" is full: at most 1 call may be in flight',
      maxConcurrent: 1,
    },
  ],
]

const calls: [string, (breaker: CircuitBreaker) => Promise<unknown>][] = [
  ['breaker.run', (breaker) => breaker.run(() => 1)],
  ['breaker.run with a timeout', (breaker) => breaker.run(() => 1, { timeout: 9 })],
  ['a wrapped function', (breaker) => breaker(async () => 1)()],
  ['a stream', (breaker) => breaker.stream(numbers)().next()],
]

const rows = rejections.flatMap(([kind, reject, error]) =>
  moves.flatMap(([does, move]) =>
    calls.map(([call, make]) => ({ kind, reject, error, does, move, call, make })),
  ),
)

describe('a listener of "reject"', () => {
  it.each(rows)('that $does leaves $call the rejection of $kind', async (row) => {
    const { breaker } = createBreaker({ name: 'users' })
    record(breaker, 'listenerError')
    row.reject(breaker)
    const off = breaker.on('reject', () => {
      off()
      row.move(breaker)
    })

    const promise = row.make(breaker)

    expect(await reasonOf(promise)).toMatchObject(row.error)
  })

  it.each(moves)('that %s leaves synchronous rejections theirs', (_, move) => {
    const { breaker } = createBreaker({ name: 'users' })
    record(breaker, 'listenerError')
    const reasons: unknown[] = []
    for (const call of [() => breaker.sync(() => 1)(), () => breaker.acquire()]) {
      breaker.release()
      breaker.trip()
      const off = breaker.on('reject', () => {
        off()
        move(breaker)
      })
      reasons.push(thrownBy(call))
    }

    expect(reasons).toMatchObject([{ reason: 'manual' }, { reason: 'manual' }])
  })

  it('that makes a call of its own gets the rejection of that, without end', async () => {
    const { breaker } = createBreaker()
    let calls = 0
    breaker.on('reject', () => {
      if (++calls < 5) breaker.run(() => 1).catch(() => {})
    })
    breaker.trip()

    await reasonOf(breaker.run(() => 1))

    expect(breaker.snapshot().counts.rejected.open).toBe(5)
  })
})

/** A breaker whose next call is its probe, while `caller` is aborted by the transition to that. */
async function aborting(reason: unknown = 'stop', to: 'abort' | 'timeout' = 'abort') {
  const { breaker, clock } = createBreaker({ maxFailures: 1, callTimeout: 500 })
  const caller = new AbortController()
  await fail(breaker)
  await clock.advance(RESET_TIMEOUT)
  breaker.on('transition', ({ to }) => {
    if (to === 'half-open') caller.abort(reason)
  })
  return { breaker, clock, signal: caller.signal, to }
}

describe('a listener that aborts the caller’s signal while the call is admitted', () => {
  it('makes breaker.run reject with its reason, and nothing runs', async () => {
    const { breaker, clock, signal } = await aborting()
    const action = vi.fn(() => new Promise(() => {}))

    expect(await reasonOf(breaker.run(action, { signal }))).toBe('stop')
    expect(action).not.toHaveBeenCalled()
    expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts: { cancelled: 1 } })
    await clock.advance(0)
    expect(clock.timers).toBe(0)
  })

  it('makes acquire throw its reason, and tryAcquire give nothing', async () => {
    const one = await aborting()
    const other = await aborting()

    expect(thrownBy(() => one.breaker.acquire({ signal: one.signal }))).toBe('stop')
    expect(other.breaker.tryAcquire({ signal: other.signal })).toBeUndefined()
    for (const { breaker, clock } of [one, other]) {
      expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts: { cancelled: 1 } })
      await clock.advance(0)
      expect(clock.timers).toBe(0)
    }
  })

  it('leaves the probe to the next call', async () => {
    const { breaker, signal } = await aborting()
    await reasonOf(breaker.run(() => 1, { signal }))

    await breaker.run(() => 'answer')

    expect(breaker.state).toBe('closed')
  })

  it('leaves no listener on the signal', async () => {
    const { breaker, signal } = await aborting()
    const added = vi.spyOn(signal, 'addEventListener')
    const removed = vi.spyOn(signal, 'removeEventListener')

    await reasonOf(breaker.run(() => 1, { signal }))

    expect(removed.mock.calls.length).toBe(added.mock.calls.length)
  })
})

describe('the generation of a permit', () => {
  it.each(moves)('is that of the permit when a listener %s during admission', async (_, move) => {
    const { breaker, clock } = createBreaker({ maxFailures: 1 })
    record(breaker, 'listenerError')
    await fail(breaker)
    const { generation } = breaker.snapshot()
    await clock.advance(RESET_TIMEOUT)
    breaker.on('transition', ({ to }) => {
      if (to === 'half-open') move(breaker)
    })

    const permit = breaker.acquire()

    expect(permit.generation).toBe(generation + 1)
    expect(permit.probe).toBe(true)
    permit.success()
    expect(breaker.snapshot().inFlight).toBe(0)
  })

  it('tells that a permit has become stale during its admission', async () => {
    const { breaker, clock } = createBreaker({ maxFailures: 1 })
    await fail(breaker)
    await clock.advance(RESET_TIMEOUT)
    breaker.on('transition', ({ to }) => {
      if (to === 'half-open') breaker.reset()
    })

    const permit = breaker.acquire()
    permit.failure()

    expect(permit.generation).toBeLessThan(breaker.snapshot().generation)
    expect(breaker.snapshot()).toMatchObject({ state: 'closed', inFlight: 0, counts: { stale: 1 } })
  })
})

describe('what a listener returns', () => {
  it.each<[string, () => unknown]>([
    ['rejects as a promise', () => Promise.reject(bad)],
    [
      'rejects as a thenable',
      () => ({ [THEN]: (_: unknown, reject: (e: unknown) => void) => reject(bad) }),
    ],
    ['throws as a thenable', () => ({ [THEN]: thrower })],
    ['throws when it is asked', () => Object.defineProperty({}, THEN, { get: thrower })],
  ])('is reported when it %s', async (_, listener) => {
    const { breaker } = createBreaker({ name: 'users' })
    const reports = record(breaker, 'listenerError')
    breaker.on('success', listener as () => void)

    expect(await breaker.run(() => 'answer')).toBe('answer')
    await turn()

    const report = { breaker: 'users', error: bad, source: 'listener of "success"' }
    expect(reports).toEqual([['listenerError', report]])
  })
})

const bad = new Error('bad listener')
// By a name: a literal key would make every such object look like a mistake.
const THEN = 'then'

function thrower(): never {
  throw bad
}

function thrownBy(call: () => unknown): unknown {
  try {
    call()
  } catch (error) {
    return error
  }
  throw new Error('expected it to throw')
}

async function* numbers(): AsyncGenerator<number> {
  yield 1
}

it('publishes what led to an event before what its listener causes', async () => {
  const { breaker, clock } = createBreaker({ maxFailures: 1 })
  const seen: unknown[] = []
  breaker.on('success', ({ probe }) => {
    seen.push('success')
    if (probe) breaker.tryAcquire()?.failure(new Error('x'))
  })
  breaker.on('failure', () => seen.push('failure'))
  breaker.trip()
  await clock.advance(RESET_TIMEOUT)
  breaker.on('transition', ({ to }) => seen.push(to))

  await breaker.run(() => Promise.resolve(1))

  expect(seen.slice(1)).toEqual(['success', 'closed', 'failure', 'open'])
})
