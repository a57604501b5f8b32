import { describe, expect, it } from 'vitest'
import { createBreaker, RESET_TIMEOUT, reasonOf, record, turn } from '../../test/helpers/public.ts'
import type { CircuitBreaker } from '../circuit-breaker.ts'

/** As `AbortSignal.timeout` aborts: its own timer is real, and a test waits for none. */
const missed = new DOMException('The operation was aborted due to timeout', 'TimeoutError')

interface Caller {
  readonly signal: AbortSignal
  readonly abort: (reason?: unknown) => void
}

function caller(): Caller {
  const controller = new AbortController()
  return { signal: controller.signal, abort: (reason) => controller.abort(reason) }
}

/** Fails when its signal is aborted. */
function listening(signal: AbortSignal): Promise<string> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason))
  })
}

type Call = (breaker: CircuitBreaker<unknown>, signal: AbortSignal) => Promise<unknown>

const calls: [string, Call][] = [
  ['breaker.run', (breaker, signal) => breaker.run(listening, { signal })],
  ['a run whose action does not listen', (breaker, signal) => breaker.run(hang, { signal })],
  ['a wrapped function', (breaker, signal) => breaker(listening)(signal)],
  [
    'a wrapped function with { signal }',
    (breaker, signal) =>
      breaker((init: { signal: AbortSignal }) => listening(init.signal))({ signal }),
  ],
  [
    'a wrapped function of two arguments',
    (breaker, signal) => breaker((_: string, own: AbortSignal) => listening(own))('/', signal),
  ],
  [
    'a wrapped function of any number of arguments',
    (breaker, signal) =>
      breaker((...args: unknown[]) => listening(args.at(-1) as AbortSignal))(1, 2, 3, signal),
  ],
  [
    'a wrapped function with a timeout',
    (breaker, signal) => {
      breaker.configure({ callTimeout: 60_000 })
      return breaker((_: string, init: { signal: AbortSignal }) => listening(init.signal))('/', {
        signal,
      })
    },
  ],
  [
    'a function that takes a signal',
    (breaker, signal) =>
      breaker.withSignal((own: AbortSignal, _: AbortSignal) => listening(own))(signal),
  ],
]

describe.each(calls)('a deadline of the caller’s own, for %s,', (_, call) => {
  it('counts as a failure when it is missed', async () => {
    const { breaker } = createBreaker({ maxFailures: 1 })
    const { signal, abort } = caller()
    const failures = record(breaker, 'failure', 'timeout')

    const reason = reasonOf(call(breaker, signal))
    abort(missed)

    expect(await reason).toBe(missed)
    expect(breaker.snapshot()).toMatchObject({ state: 'open', inFlight: 0, counts: { failure: 1 } })
    expect(failures).toMatchObject([['failure', { error: missed }]])
  })

  it('counts as one among the reasons of a signal that has several', async () => {
    const { breaker } = createBreaker({ maxFailures: 1 })
    const [deadline, shutdown] = [caller(), caller()]

    const reason = reasonOf(call(breaker, AbortSignal.any([shutdown.signal, deadline.signal])))
    deadline.abort(missed)

    expect(await reason).toBe(missed)
    expect(breaker.state).toBe('open')
  })

  it('lets the fallback run', async () => {
    const { breaker } = createBreaker<unknown>({ fallback: (error: unknown) => ['kept', error] })
    const { signal, abort } = caller()

    const result = call(breaker, signal)
    abort(missed)

    expect(await result).toEqual(['kept', missed])
  })

  it.each([
    ['without a reason', undefined, expect.objectContaining({ name: 'AbortError' })],
    ['with a reason', 'stop', 'stop'],
    ['with an error', Object.assign(new Error('x'), { code: 'TimeoutError' }), expect.any(Error)],
  ])('is none where the caller aborts %s: that is cancelled', async (_, given, expected) => {
    const { breaker } = createBreaker<unknown>({ maxFailures: 1, fallback: () => 'kept' })
    const { signal, abort } = caller()

    const reason = reasonOf(call(breaker, signal))
    abort(given)

    expect(await reason).toEqual(expected)
    expect(breaker.snapshot()).toMatchObject({
      state: 'closed',
      inFlight: 0,
      counts: { cancelled: 1, failure: 0 },
    })
  })
})

describe('a deadline of the caller’s own, for a permit,', () => {
  it('counts as a failure when it is missed, whatever comes later', () => {
    const { breaker } = createBreaker({ maxFailures: 1 })
    const { signal, abort } = caller()
    const failures = record(breaker, 'failure')
    const permit = breaker.acquire({ signal })

    abort(missed)
    permit.success()

    expect(breaker.snapshot()).toMatchObject({ state: 'open', inFlight: 0, counts: { failure: 1 } })
    expect(failures).toMatchObject([['failure', { error: missed }]])
  })

  it('is classified as any other failure', () => {
    const { breaker } = createBreaker({ maxFailures: 1 })
    const { signal, abort } = caller()
    breaker.acquire({ signal, classify: () => 'neutral' })

    abort(missed)

    expect(breaker.snapshot()).toMatchObject({ state: 'closed', counts: { neutral: 1 } })
  })

  it.each([undefined, 'stop'])('is none where the caller aborts with %s', (reason) => {
    const { breaker } = createBreaker({ maxFailures: 1 })
    const { signal, abort } = caller()
    const permit = breaker.acquire({ signal })

    abort(reason)
    permit.failure()

    expect(breaker.snapshot()).toMatchObject({
      state: 'closed',
      inFlight: 0,
      counts: { cancelled: 1, failure: 0 },
    })
  })
})

describe('AbortSignal.timeout', () => {
  it('is such a deadline', async () => {
    const { breaker } = createBreaker({ maxFailures: 1 })

    const reason = await reasonOf(breaker.run(hang, { signal: AbortSignal.timeout(1) }))

    expect(reason).toMatchObject({ name: 'TimeoutError' })
    expect(breaker.state).toBe('open')
  })

  it('says nothing about a target that was never asked', async () => {
    const { breaker } = createBreaker({ maxFailures: 1 })
    const signal = AbortSignal.abort(missed)

    expect(await reasonOf(breaker.run(hang, { signal }))).toBe(missed)
    expect(breaker.tryAcquire({ signal })).toBeUndefined()
    expect(breaker.snapshot().counts).toMatchObject({ admitted: 0, failure: 0 })
  })
})

function hang(): Promise<never> {
  return new Promise(() => {})
}

describe('the caller’s signal of a synchronous function', () => {
  it.each([
    ['an abort', 'stop', { state: 'closed', counts: { cancelled: 1, failure: 0 } }],
    ['a deadline', missed, { state: 'open', counts: { cancelled: 0, failure: 1 } }],
  ])('tells what counts where it throws after %s', (_, reason, expected) => {
    const { breaker } = createBreaker({ maxFailures: 1 })
    const throwing = breaker.sync((signal: AbortSignal) => signal.throwIfAborted())

    expect(() => throwing(AbortSignal.abort(reason))).toThrow()

    expect(breaker.snapshot()).toMatchObject(expected)
  })
})

/** Reads a stream that listens to its signal, to its end. */
const readings: [string, Call][] = [
  [
    'a generator',
    async (breaker, signal) => {
      const stream = breaker.stream(async function* (own: AbortSignal) {
        yield await listening(own)
      })
      for await (const _ of stream(signal));
    },
  ],
  [
    'a promise of a stream',
    async (breaker, signal) => {
      const open = async (own: AbortSignal): Promise<AsyncIterable<unknown>> => {
        await listening(own)
        return (async function* () {})()
      }
      for await (const _ of await breaker.stream(open)(signal));
    },
  ],
]

describe.each(readings)('a deadline of the caller’s own, for %s,', (_, read) => {
  it.each([
    ['no timeout', {}],
    ['a timeout', { callTimeout: 60_000 }],
  ])(
    'counts as a failure when it is missed, and a plain abort as cancelled, with %s',
    async (_, options) => {
      for (const [reason, expected] of [
        ['stop', { state: 'closed', counts: { cancelled: 1, failure: 0 } }],
        [missed, { state: 'open', counts: { cancelled: 0, failure: 1 } }],
      ]) {
        const { breaker } = createBreaker<unknown>({ maxFailures: 1, ...options })
        const { signal, abort } = caller()

        const result = reasonOf(read(breaker, signal))
        await turn()
        abort(reason)

        expect(await result).toBe(reason)
        expect(breaker.snapshot()).toMatchObject(expected as object)
      }
    },
  )
})

/** What becomes of a call whose caller aborts while a listener hears of its admission. */
const admissions: [string, Call, 'runs nothing' | 'sees it aborted'][] = [
  ['run', (breaker, signal) => breaker.run(fine, { signal }), 'runs nothing'],
  [
    'withSignal',
    (breaker, signal) => breaker.withSignal((_, __: AbortSignal) => fine())(signal),
    'runs nothing',
  ],
  ['acquire', async (breaker, signal) => breaker.acquire({ signal }), 'runs nothing'],
  [
    'a wrapped function',
    (breaker, signal) => breaker(async (own: AbortSignal) => own.throwIfAborted())(signal),
    'sees it aborted',
  ],
]

describe.each(admissions)('an abort while a call by %s is admitted', (_, call, what) => {
  it(`${what}, and returns the permit`, async () => {
    const { breaker, clock } = createBreaker<unknown>({ maxFailures: 1 })
    const { signal, abort } = caller()
    ran = 0
    breaker.trip()
    await clock.advance(RESET_TIMEOUT)
    breaker.on('transition', () => abort('stop'))

    expect(await reasonOf(call(breaker, signal))).toBe('stop')

    expect(ran).toBe(0)
    expect(breaker.snapshot()).toMatchObject({
      state: 'half-open',
      inFlight: 0,
      counts: { admitted: 1, cancelled: 1 },
    })
  })
})

describe('an abort in the same tick as the answer', () => {
  it.each([
    ['before it', 'stop', { success: 0, cancelled: 1 }],
    ['after it', 'answer', { success: 1, cancelled: 0 }],
  ])('counts by which the call hears of first: %s', async (order, expected, counts) => {
    const { breaker } = createBreaker()
    const { signal, abort } = caller()
    let answer = (_: string): void => {}
    const action = (): Promise<string> => new Promise((resolve) => (answer = resolve))
    const result = breaker.run(action, { signal }).catch((reason: unknown) => reason)

    if (order === 'before it') abort('stop')
    answer('answer')
    // The answer is on its way, by as many microtasks as a promise takes.
    if (order === 'after it') {
      await Promise.resolve()
      abort('stop')
    }

    expect(await result).toBe(expected)
    expect(breaker.snapshot().counts).toMatchObject(counts)
  })
})

let ran = 0
async function fine(): Promise<string> {
  ran++
  return 'answer'
}
