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

describe('configure', () => {
  it('changes options live and tells which', () => {
    const { breaker } = createBreaker({ maxFailures: 3, resetTimeout: 1_000 })

    const { changed, lost } = breaker.configure({ resetTimeout: 2_000, maxFailures: 3 })

    expect(changed).toEqual({ resetTimeout: 2_000 })
    expect(lost).toEqual([])
    expect(breaker.options.resetTimeout).toBe(2_000)
  })

  it('keeps the failures in a row, the generation and the counts', async () => {
    const { breaker } = createBreaker({ maxFailures: 5 })
    await fail(breaker)
    await fail(breaker)
    const { generation } = breaker.snapshot()

    breaker.configure({ maxFailures: 3 })
    await fail(breaker)

    expect(breaker.state).toBe('open')
    expect(breaker.snapshot()).toMatchObject({ generation: generation + 1, counts: { failure: 3 } })
  })

  it('keeps the permits of calls in flight', async () => {
    const { breaker } = createBreaker({ maxFailures: 1 })
    const call = hang(breaker)

    breaker.configure({ resetTimeout: 5, callTimeout: 100 })
    await call.fail()

    expect(breaker.state).toBe('open')
    expect(breaker.snapshot().inFlight).toBe(0)
  })

  it('keeps an override', () => {
    const { breaker } = createBreaker()
    breaker.forceOpen()

    breaker.configure({ maxFailures: 9 })

    expect(breaker.state).toBe('open')
  })

  it('applies the new open time to an open circuit, counted from its opening', async () => {
    const { breaker, clock } = createBreaker({ resetTimeout: 1_000 })
    await open(breaker)

    await clock.advance(300)
    breaker.configure({ resetTimeout: 400 })
    await clock.advance(100)

    expect(breaker.state).toBe('half-open')
  })

  it('takes a fallback, a classifier and a call timeout from the next call on', async () => {
    const { breaker, clock } = createBreaker()
    await succeed(breaker)

    breaker.configure({ fallback: () => 'instead', classify: () => 'failure', callTimeout: 50 })
    const timedOut = breaker.run(() => new Promise(() => {}))
    await clock.advance(50)

    await expect(timedOut).resolves.toBe('instead')
    await succeed(breaker)
    expect(breaker.snapshot()).toMatchObject({
      consecutiveFailures: 2,
      counts: { timeout: 1, success: 1 },
    })
  })

  it('sets a limit for functions that were called without one', async () => {
    const { breaker, clock } = createBreaker()
    let hangs = false
    const action = async (_?: number) => (hangs ? new Promise(() => {}) : 'answer')
    const [none, one] = [breaker(() => action()), breaker((id: number) => action(id))]
    for (let i = 0; i < 2; i++) await Promise.all([none(), one(1)])

    breaker.configure({ callTimeout: 50 })
    hangs = true
    const reasons = Promise.all([none(), one(1)].map(reasonOf))
    await clock.advance(50)

    expect(breaker.snapshot().inFlight).toBe(0)
    expect(await reasons).toMatchObject([{ timeout: 50 }, { timeout: 50 }])
  })

  it('gives a fallback to a synchronous function that was called without one', () => {
    const { breaker } = createBreaker<string>()
    let fails = false
    const read = breaker.sync(() => {
      if (fails) throw new Error('down')
      return 'answer'
    })
    for (let i = 0; i < 2; i++) read()

    breaker.configure({ fallback: () => 'instead' })
    fails = true

    expect(read()).toBe('instead')
  })

  it('sets an option given as undefined back to its default', async () => {
    const { breaker } = createBreaker({ maxConcurrent: 1 })

    breaker.configure({ maxConcurrent: undefined })
    const calls = [hang(breaker), hang(breaker)]

    expect(breaker.options.maxConcurrent).toBeUndefined()
    expect(breaker.snapshot().inFlight).toBe(2)
    for (const call of calls) await call.release()
  })

  it('lets a default that follows another option follow its change', () => {
    const { breaker } = createBreaker({ callTimeout: 100 })

    breaker.configure({ callTimeout: 250 })

    expect(breaker.options.recovery).toMatchObject({ timeout: 250 })
  })

  it('says what it had no room for', async () => {
    const { breaker } = createBreaker()
    for (let i = 0; i < 3; i++) {
      breaker.trip()
      breaker.reset()
    }

    const { lost } = breaker.configure({ history: 1 })

    expect(lost).toEqual(['2 trip records'])
    expect(breaker.snapshot().trips).toHaveLength(1)
  })

  it('publishes what changed after it is in place', () => {
    const { breaker } = createBreaker({ name: 'users' })
    const seen: unknown[] = []
    breaker.on('configure', (event) => seen.push(event, breaker.options.maxConcurrent))

    breaker.configure({ maxConcurrent: 4 })

    expect(seen).toEqual([{ breaker: 'users', changed: { maxConcurrent: 4 }, lost: [] }, 4])
  })

  it('publishes what time has made due before it', async () => {
    const { breaker, clock } = createBreaker()
    await open(breaker)
    await clock.advance(RESET_TIMEOUT)
    const events = record(breaker, 'configure', 'transition')

    breaker.configure({ history: 3 })

    expect(events).toMatchObject([
      ['transition', { from: 'open', to: 'half-open' }],
      ['configure', { changed: { history: 3 } }],
    ])
  })

  it('reports what a function among the new options throws', async () => {
    const { breaker } = createBreaker({ maxFailures: 1 })
    const events = record(breaker, 'listenerError')
    const error = new Error('no time')

    breaker.configure({
      resetTimeout: () => {
        throw error
      },
    })
    await open(breaker)

    expect(events).toEqual([
      ['listenerError', { breaker: 'circuit', error, source: 'resetTimeout' }],
    ])
  })

  it('changes nothing when any of the patch is wrong', () => {
    const { breaker } = createBreaker({ resetTimeout: 1_000 })
    const events = record(breaker, 'configure')

    expect(() => breaker.configure({ resetTimeout: 5, maxConcurrent: 0 })).toThrow(
      'maxConcurrent must be an integer of at least 1, got 0',
    )
    breaker.configure({})

    expect(breaker.options).toMatchObject({ resetTimeout: 1_000, maxConcurrent: undefined })
    expect(events.map(([, event]) => event)).toEqual([expect.objectContaining({ changed: {} })])
  })

  it.each(['name', 'saved', 'clock'])('rejects %s, which is only set at construction', (key) => {
    const { breaker } = createBreaker()

    expect(() => breaker.configure({ [key]: undefined })).toThrow(
      `${key} can't be changed by configure; create a new breaker`,
    )
  })

  it('rejects an unknown option with the nearest known name', () => {
    const { breaker } = createBreaker()

    expect(() => breaker.configure({ resetTimout: 5 } as never)).toThrow(
      'unknown option "resetTimout" (in patch); did you mean "resetTimeout"?',
    )
  })

  it('applies to calls that are rejected from then on', async () => {
    const { breaker } = createBreaker({ maxConcurrent: 1 })
    const call = hang(breaker)

    breaker.configure({ maxConcurrent: 2 })
    const second = hang(breaker)
    const error = await reasonOf(breaker.run(() => 1))

    expect(error).toMatchObject({ maxConcurrent: 2 })
    await Promise.all([call.release(), second.release()])
  })
})

describe('configure with a dry run', () => {
  const statistics = { statistics: true, maxFailures: 3, resetTimeout: 1_000 } as const

  it('tells what would change and be lost, and changes nothing', async () => {
    const { breaker, clock } = createBreaker({
      ...statistics,
      trip: { failureRate: { window: { duration: 5_000 } } },
    })
    await fail(breaker)
    const events = record(breaker, 'configure')
    const before = [breaker.options, breaker.snapshot(), breaker.save()]
    const patch = { trip: { failureRate: { window: { duration: 60_000 } } }, statistics: false }

    const dry = breaker.configure(patch, { dryRun: true })

    expect([breaker.options, breaker.snapshot(), breaker.save()]).toEqual(before)
    expect(events).toEqual([])
    expect(dry.lost).toContain('statistics')
    expect(dry).toEqual(breaker.configure(patch))
    await clock.advance(1)
  })

  it('lets nothing happen that is due', async () => {
    const { breaker, clock } = createBreaker({ resetTimeout: 1_000 })
    await open(breaker)
    const events = record(breaker, 'transition')

    await clock.advance(1_000)
    breaker.configure({ resetTimeout: 5_000 }, { dryRun: true })

    expect(events).toEqual([])
    expect(breaker.state).toBe('half-open')
  })

  it('rejects a patch that is wrong', () => {
    const { breaker } = createBreaker()

    expect(() => breaker.configure({ maxFailures: 0 }, { dryRun: true })).toThrow(RangeError)
  })

  it('applies where it is false', () => {
    const { breaker } = createBreaker(statistics)

    breaker.configure({ resetTimeout: 9 }, { dryRun: false })

    expect(breaker.options.resetTimeout).toBe(9)
  })
})

describe('the reason of a change of options', () => {
  it.each([
    { said: undefined, reason: undefined, by: undefined },
    { said: 'too eager', reason: 'too eager', by: undefined },
    { said: { reason: 'too eager', by: 'ann' }, reason: 'too eager', by: 'ann' },
    { said: { by: 'ann' }, reason: undefined, by: 'ann' },
  ])('is part of the event: $said', ({ said, reason, by }) => {
    const { breaker } = createBreaker()
    const events = record(breaker, 'configure')

    breaker.configure({ resetTimeout: 9 }, said)

    const changed = { resetTimeout: 9 }
    expect(events).toEqual([['configure', { breaker: 'circuit', changed, lost: [], reason, by }]])
  })

  it.each([
    [7, 'configure takes a reason or { reason, by, dryRun }, got 7'],
    [null, 'configure takes a reason or { reason, by, dryRun }, got null'],
    [{ dryrun: true }, 'unknown option "dryrun" (in configure); did you mean "dryRun"?'],
    [{ dryRun: 1 }, 'configure.dryRun must be a boolean, got 1'],
    [{ by: 5 }, 'configure.by must be a string, got 5'],
    [{ for: 5 }, 'unknown option "for" (in configure)'],
  ])('changes nothing when it is wrong: %j', (said, message) => {
    const { breaker } = createBreaker({ resetTimeout: 3 })

    expect(() => breaker.configure({ resetTimeout: 9 }, said as never)).toThrow(message)
    expect(breaker.options.resetTimeout).toBe(3)
  })
})

it('takes no third argument, which may have been meant as options', () => {
  const { breaker } = createBreaker({ resetTimeout: 3 })
  const configure = breaker.configure as (...args: unknown[]) => unknown

  expect(() => configure.call(breaker, { resetTimeout: 9 }, 'x', { dryRun: true })).toThrow(
    'configure takes a reason or { reason, by, dryRun }, got both',
  )
  expect(breaker.options.resetTimeout).toBe(3)
})

describe('the name of a breaker', () => {
  it('is kept by configure, for errors and events as well', () => {
    const { breaker } = createBreaker({ name: 'users' })

    breaker.configure({ resetTimeout: 5 })
    breaker.trip()

    expect([breaker.name, breaker.options.name, breaker.snapshot().name]).toEqual([
      'users',
      'users',
      'users',
    ])
    expect(() => breaker.acquire()).toThrow('circuit "users" is open')
  })

  it('is kept also where it is the default', () => {
    const { breaker } = createBreaker()

    expect(breaker.configure({ resetTimeout: 5 }).changed).toEqual({ resetTimeout: 5 })
    expect(breaker.options.name).toBe('circuit')
  })
})
