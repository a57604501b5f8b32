import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { createBreaker, reasonOf } from '../../test/helpers/public.ts'
import type { CircuitBreaker } from '../circuit-breaker.ts'
import { CallTimeoutError } from '../errors.ts'

const TIMEOUT = 50

// biome-ignore lint/suspicious/noExplicitAny: the arguments of any client.
type Find = (args: any[]) => AbortSignal

/** Where the arguments of clients carry the caller's signal. */
const shapes: [string, (signal: AbortSignal) => unknown[], Find][] = [
  ['as the only argument', (signal) => [signal], ([signal]) => signal],
  ['first of several', (signal) => [signal, 'users', 5], ([signal]) => signal],
  ['last of several', (signal) => ['users', null, signal], (args) => args[2]],
  ['as { signal }', (signal) => [{ signal }], ([{ signal }]) => signal],
  ['as { signal } after a URL', (signal) => ['/users', { signal }], ([, { signal }]) => signal],
  ['as { abortSignal }', (signal) => [{ abortSignal: signal }], ([{ abortSignal }]) => abortSignal],
  [
    'under both names',
    (signal) => [{ abortSignal: signal, signal }],
    ([{ abortSignal }]) => abortSignal,
  ],
  ['twice', (signal) => [signal, { signal }], ([signal]) => signal],
  [
    'in frozen options',
    (signal) => [Object.freeze({ signal, method: 'GET' })],
    ([{ signal }]) => signal,
  ],
  [
    'in options without a prototype',
    (signal) => [Object.assign(Object.create(null), { signal })],
    ([{ signal }]) => signal,
  ],
]

/** A guarded client call that never ends; `seen` gets its arguments. */
function hanging(breaker: CircuitBreaker, seen: unknown[][]): (...args: unknown[]) => unknown {
  return breaker((...args: unknown[]) => {
    seen.push(args)
    return new Promise(() => {})
  })
}

describe.each(shapes)('a wrapped function that is passed a signal %s', (_, wrap, find) => {
  it('sees it aborted by the call timeout', async () => {
    const { breaker, clock } = createBreaker({ callTimeout: TIMEOUT })
    const seen: unknown[][] = []
    const caller = new AbortController()
    const args = wrap(caller.signal)

    const reason = reasonOf(hanging(breaker, seen)(...args) as Promise<unknown>)
    const signal = find(seen[0] as never)
    expect(signal.aborted).toBe(false)
    await clock.advance(TIMEOUT)

    expect(await reason).toBeInstanceOf(CallTimeoutError)
    expect(signal).toMatchObject({ aborted: true, reason: await reason })
    expect(caller.signal.aborted).toBe(false)
    expect(find(args as never)).toBe(caller.signal)
  })

  it('sees it aborted by its caller, and decides what follows', async () => {
    const { breaker } = createBreaker({ callTimeout: TIMEOUT, maxFailures: 1 })
    const caller = new AbortController()
    const partial = breaker(
      (...args: unknown[]) =>
        new Promise((resolve) => {
          const signal = find(args)
          signal.addEventListener('abort', () => resolve(['partial', signal.reason]))
        }),
    )

    const result = partial(...wrap(caller.signal))
    caller.abort('stop')

    expect(await result).toEqual(['partial', 'stop'])
    expect(breaker.snapshot().counts).toMatchObject({ success: 1, cancelled: 0 })
  })

  it('sees it aborted where its caller has done so before', async () => {
    const { breaker } = createBreaker({ callTimeout: TIMEOUT, maxFailures: 1 })
    const guarded = breaker(async (...args: unknown[]) => find(args).throwIfAborted())

    expect(await reasonOf(guarded(...wrap(AbortSignal.abort('gone'))))).toBe('gone')
    expect(breaker.snapshot().counts).toMatchObject({ cancelled: 1, failure: 0 })
  })

  it('is passed all else as it is', async () => {
    const { breaker } = createBreaker({ callTimeout: TIMEOUT })
    const { signal } = new AbortController()
    const args = wrap(signal)

    const passed = (await breaker(async (...args: unknown[]) => args)(...args)) as unknown[]

    expect(find(passed)).not.toBe(signal)
    expect(passed.map(named)).toEqual(args.map(named))
  })
})

/** The value with a word in place of every signal. */
function named(value: unknown): unknown {
  if (value instanceof AbortSignal) return 'a signal'
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, named(member)]))
}

/** Streams that hang before their first item; `seen` gets the signal that their function sees. */
type Options = { signal: AbortSignal }
const streams: [
  string,
  (breaker: CircuitBreaker, seen: AbortSignal[], signal: AbortSignal) => unknown,
][] = [
  [
    'of a generator',
    (breaker, seen, signal) =>
      breaker
        .stream(async function* (_: string, { signal }: Options) {
          seen.push(signal)
          await new Promise(() => {})
          yield 1
        })('/', { signal })
        .next(),
  ],
  [
    'that is opened by a promise',
    (breaker, seen, signal) =>
      breaker.stream((own: AbortSignal): Promise<AsyncIterable<unknown>> => {
        seen.push(own)
        return new Promise(() => {})
      })(signal),
  ],
  [
    'of the web',
    (breaker, seen, signal) =>
      breaker
        .stream((own: AbortSignal) => {
          seen.push(own)
          return new ReadableStream()
        })(signal)
        .getReader()
        .read(),
  ],
]

describe.each(streams)('the signal of a stream %s', (_, start) => {
  it.each([
    ['the call timeout', { callTimeout: TIMEOUT }],
    ['the timeout of a probe', { recovery: { probes: 1, timeout: TIMEOUT } }],
  ])('is aborted by %s', async (_, options) => {
    const { breaker, clock } = createBreaker(options)
    const seen: AbortSignal[] = []
    const caller = new AbortController()
    breaker.trip()
    breaker.halfOpen()

    const reason = reasonOf(start(breaker, seen, caller.signal) as Promise<unknown>)
    await clock.advance(0)
    await clock.advance(TIMEOUT)

    expect(await reason).toBeInstanceOf(CallTimeoutError)
    expect(seen).toMatchObject([{ aborted: true, reason: await reason }])
    expect(getEventListeners(caller.signal, 'abort')).toHaveLength(0)
  })

  it('is aborted by the caller', () => {
    const { breaker } = createBreaker({ callTimeout: TIMEOUT })
    const seen: AbortSignal[] = []
    const caller = new AbortController()

    void start(breaker, seen, caller.signal)
    caller.abort('stop')

    expect(seen).toMatchObject([{ aborted: true, reason: 'stop' }])
  })
})

describe('the arguments of a wrapped function', () => {
  it.each([
    ['without a signal', { callTimeout: TIMEOUT }, { method: 'GET' }],
    ['without a timeout', {}, { signal: new AbortController().signal }],
    ['with what is no signal', { callTimeout: TIMEOUT }, { signal: { aborted: true } }],
    ['with a request', { callTimeout: TIMEOUT }, new Request('http://x.test')],
    [
      'with options that inherit theirs',
      { callTimeout: TIMEOUT },
      Object.create({ signal: new AbortController().signal }),
    ],
    [
      'with an instance of a class',
      { callTimeout: TIMEOUT },
      new (class {
        signal = new AbortController().signal
      })(),
    ],
  ])('are passed on as they are %s', async (_, options, argument) => {
    const { breaker } = createBreaker(options)

    expect(await breaker(async (got: unknown) => got === argument)(argument)).toBe(true)
  })

  it('reach the fallback as the caller gave them', async () => {
    const given = { signal: new AbortController().signal }
    const { breaker, clock } = createBreaker<unknown>({
      callTimeout: TIMEOUT,
      fallback: (_: unknown, argument: unknown) => argument === given,
    })

    const result = breaker((_: unknown) => new Promise<never>(() => {}))(given)
    await clock.advance(TIMEOUT)

    expect(await result).toBe(true)
  })

  it('may hold a proxy whose traps throw', async () => {
    const { breaker } = createBreaker({ callTimeout: TIMEOUT })
    const { signal } = new AbortController()
    const hostile = new Proxy(
      { signal },
      {
        getPrototypeOf: () => {
          throw new Error('hands off')
        },
      },
    )

    expect(await breaker(async (got: unknown) => got === hostile)(hostile)).toBe(true)
  })
})

/** What still arrives after the call has ended with it. */
const results: [string, (signal: AbortSignal) => unknown][] = [
  ['a response', (signal) => new Response(body(signal))],
  ['a stream', (signal) => body(signal)],
  ['an object with a body', (signal) => ({ statusCode: 200, body: body(signal) })],
  ['an object with a Body', (signal) => ({ $metadata: {}, Body: body(signal) })],
  ['an object with data', (signal) => ({ status: 200, data: body(signal) })],
]

/** Fails when it is aborted, and gives nothing before. */
function body(signal: AbortSignal): ReadableStream {
  return new ReadableStream({
    start: (controller) => signal.addEventListener('abort', () => controller.error(signal.reason)),
  })
}

function bodyOf(result: unknown): ReadableStream {
  const { body, Body, data } = result as Record<string, ReadableStream>
  return body ?? Body ?? data ?? (result as ReadableStream)
}

/** Calls after which the caller may abort what is read. */
const calls: [
  string,
  (
    breaker: CircuitBreaker,
    action: (signal: AbortSignal) => unknown,
    signal: AbortSignal,
  ) => unknown,
][] = [
  ['run', (breaker, action, signal) => breaker.run(action, { signal })],
  [
    'run with a timeout',
    (breaker, action, signal) => breaker.run(action, { signal, timeout: TIMEOUT }),
  ],
  [
    'a wrapped function with a timeout',
    (breaker, action, signal) => {
      breaker.configure({ callTimeout: TIMEOUT })
      return breaker(async (_: string, init: { signal: AbortSignal }) => action(init.signal))('/', {
        signal,
      })
    },
  ],
]

describe.each(calls)('the caller’s abort after the end of %s', (_, call) => {
  it.each(results)('reaches the reader of %s', async (_, result) => {
    const { breaker, clock } = createBreaker({ maxFailures: 1 })
    const caller = new AbortController()

    const reader = bodyOf(await call(breaker, result, caller.signal)).getReader()
    await clock.advance(TIMEOUT)
    caller.abort('stop')

    expect(await reasonOf(reader.read())).toBe('stop')
    expect(breaker.snapshot().counts).toMatchObject({ success: 1, cancelled: 0, failure: 0 })
  })

  it.each([
    ['nothing', undefined],
    ['a text', 'answer'],
    ['rows', [{ id: 1 }]],
    ['data', { id: 1, data: { name: 'x' } }],
    ['null', null],
    ['an object without a prototype', Object.create(null)],
  ])('reaches nothing where the result is %s', async (_, result) => {
    const { breaker } = createBreaker()
    const caller = new AbortController()
    let own: AbortSignal | undefined
    const action = (signal: AbortSignal): unknown => {
      own = signal
      return result
    }

    expect(await call(breaker, action, caller.signal)).toBe(result)
    expect(getEventListeners(caller.signal, 'abort')).toHaveLength(0)
    caller.abort('stop')

    expect(own?.aborted).toBe(false)
  })

  it('may find a result whose traps throw', async () => {
    const { breaker } = createBreaker()
    const throws = (): never => {
      throw new Error('hands off')
    }
    const hostile = { body: new Proxy({}, { getPrototypeOf: throws }) }

    const { signal } = new AbortController()

    expect(await call(breaker, () => hostile, signal)).toBe(hostile)
  })
})
