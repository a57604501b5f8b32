import { describe, expect, it } from 'vitest'
import { createBreaker } from '../../test/helpers/public.ts'
import { CallTimeoutError, CircuitOpenError } from '../index.ts'
import { http } from '../outcomes/http.ts'
import { circuitBreaker } from './circuit-breaker.ts'
import type { Handler } from './guard-handler.ts'

/** A handler that notes what it is told, by the methods of current or of earlier versions. */
function noting(protocol: 'current' | 'legacy'): { handler: Handler; told: unknown[][] } {
  const told: unknown[][] = []
  const note =
    (name: string, result?: unknown) =>
    (...args: unknown[]) => {
      told.push([name, ...args])
      return result
    }
  const names =
    protocol === 'current'
      ? [
          'RequestStart',
          'RequestUpgrade',
          'ResponseStart',
          'ResponseData',
          'ResponseEnd',
          'ResponseError',
        ]
      : ['Connect', 'Error', 'Upgrade', 'ResponseStarted', 'Headers', 'Data', 'Complete']
  const handler = Object.fromEntries(
    [...names, 'BodySent'].map((name) => [
      `on${name}`,
      note(name, name === 'Data' ? false : undefined),
    ]),
  )
  return { handler: handler as Handler, told }
}

function dispatched(
  by: Parameters<typeof circuitBreaker>[0],
  handler: Handler,
  options?: Parameters<typeof circuitBreaker>[1],
): Handler {
  let guarded: Handler = {}
  circuitBreaker(
    by,
    options,
  )((_options, inner) => {
    guarded = inner
    return true
  })({ origin: 'http://a.example', path: '/' }, handler)
  return guarded
}

describe.each(['current', 'legacy'] as const)('a handler: %s', (protocol) => {
  it('is told once that a request was given up before it began, which then does not begin', async () => {
    const { breaker, clock } = createBreaker({ callTimeout: 50 })
    const { handler, told } = noting(protocol)
    const guarded = dispatched(breaker, handler)
    await clock.advance(50)
    const toldThen = [...told]
    const reasons: unknown[] = []
    const abort = (reason: unknown) => reasons.push(reason)
    guarded.onRequestStart?.({ abort }, {})
    guarded.onConnect?.(abort)
    guarded.onResponseError?.(null, reasons[0])
    guarded.onError?.(reasons[0])

    expect(toldThen.map(([name]) => name)).toEqual([
      protocol === 'current' ? 'ResponseError' : 'Error',
    ])
    expect(toldThen[0]?.at(-1)).toBeInstanceOf(CallTimeoutError)
    expect(reasons).toEqual([toldThen[0]?.at(-1)])
    expect(told).toEqual(toldThen)
  })
})

describe('a handler of an earlier version', () => {
  it('is told everything, and the permit how it ends', () => {
    const { breaker } = createBreaker()
    const { handler, told } = noting('legacy')
    const guarded = dispatched(breaker, handler)

    guarded.onConnect?.(() => {})
    guarded.onBodySent?.(5, 5)
    guarded.onResponseStarted?.()
    guarded.onHeaders?.(103, [], () => {})
    guarded.onHeaders?.(503, [Buffer.from('Retry-After'), Buffer.from('30')], () => {})
    const more = guarded.onData?.(Buffer.from('x'))
    guarded.onComplete?.([])

    expect(told.map(([name]) => name)).toEqual([
      'Connect',
      'BodySent',
      'ResponseStarted',
      'Headers',
      'Headers',
      'Data',
      'Complete',
    ])
    expect(more).toBe(false)
    expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts: { failure: 1, settled: 1 } })
  })

  it.each([
    { reason: new Error('left'), outcome: 'cancelled' },
    { reason: new DOMException('late', 'TimeoutError'), outcome: 'failure' },
  ])('tells by the reason of an abort what it means: $reason', ({ reason, outcome }) => {
    const { breaker } = createBreaker()
    const { handler, told } = noting('legacy')
    const aborted: unknown[] = []
    const guarded = dispatched(breaker, handler)

    guarded.onConnect?.((error) => aborted.push(error))
    const abort = told[0]?.[1] as (error: unknown) => void
    abort(reason)
    guarded.onError?.(reason)

    expect(aborted).toEqual([reason])
    expect(breaker.snapshot().counts).toMatchObject({ [outcome]: 1, settled: 1 })
  })

  it('is told of a rejection by its own method, a microtask later', async () => {
    const { breaker } = createBreaker()
    breaker.trip()
    const { handler, told } = noting('legacy')
    dispatched(breaker, handler)
    const before = told.length
    await Promise.resolve()

    expect(before).toBe(0)
    expect(told).toEqual([['Error', expect.any(CircuitOpenError)]])
  })
})

describe.each(['current', 'legacy'] as const)('a %s handler', (protocol) => {
  const begin = (guarded: Handler, abort: (reason?: unknown) => void): void => {
    if (protocol === 'legacy') guarded.onConnect?.(abort)
    else guarded.onRequestStart?.({ abort }, {})
  }

  it('is aborted when the time is up, also when it begins only then', async () => {
    const { breaker, clock } = createBreaker({ callTimeout: 100, maxFailures: 5 })
    const aborted: unknown[] = []
    const guarded = [0, 1].map(() => dispatched(breaker, noting(protocol).handler))
    begin(guarded[0] as Handler, (reason) => aborted.push(reason))
    await clock.advance(100)
    begin(guarded[1] as Handler, (reason) => aborted.push(reason))

    expect(aborted).toEqual([expect.any(CallTimeoutError), expect.any(CallTimeoutError)])
    expect(breaker.snapshot().counts).toMatchObject({ timeout: 2, failure: 2 })
  })

  it('has the time limit once for the headers, and once more for the first part', async () => {
    const { breaker, clock } = createBreaker({ callTimeout: 100, maxFailures: 1 })
    const aborted: unknown[] = []
    const answer = async (partAfter: number): Promise<void> => {
      const guarded = dispatched(breaker, noting(protocol).handler, { until: 'body' })
      begin(guarded, (reason) => aborted.push(reason))
      await clock.advance(70)
      if (protocol === 'legacy') guarded.onHeaders?.(200, [], () => {})
      else guarded.onResponseStart?.({ abort() {} }, 200, {})
      await clock.advance(partAfter)
      guarded.onData?.(Buffer.from('x'))
      guarded.onResponseData?.({ abort() {} }, Buffer.from('x'))
      // The parts after it have the limit of undici itself.
      await clock.advance(500)
      guarded.onComplete?.([])
      guarded.onResponseEnd?.({ abort() {} }, {})
    }

    await answer(99)
    expect(aborted).toEqual([])
    expect(breaker.snapshot()).toMatchObject({
      state: 'closed',
      counts: { success: 1, timeout: 0 },
    })

    await answer(100)
    expect(aborted).toEqual([expect.any(CallTimeoutError)])
    expect(breaker.snapshot()).toMatchObject({ state: 'open', counts: { success: 1, timeout: 1 } })
  })

  it.each([
    { throws: 'the start', outcome: 'cancelled' },
    { throws: 'the headers', outcome: 'cancelled' },
    { throws: 'the first part', outcome: 'success' },
  ])(
    'takes what it throws itself for nothing that the target has done: $throws',
    ({ throws, outcome }) => {
      const { breaker } = createBreaker({ maxFailures: 1 })
      const { handler } = noting(protocol)
      const own = new Error('of the caller')
      const fail = (): never => {
        throw own
      }
      const method = {
        'the start': 'RequestStart Connect',
        'the headers': 'ResponseStart Headers',
      }[throws]
      for (const name of (method ?? 'ResponseData Data').split(' ')) {
        Object.assign(handler, { [`on${name}`]: fail })
      }
      if (protocol === 'legacy') Object.assign(handler, { onRequestStart: undefined })
      else Object.assign(handler, { onConnect: undefined })
      const guarded = dispatched(breaker, handler, { until: 'body' })
      const controller = { abort() {} }
      // As undici does: what a handler throws ends the request with it.
      try {
        begin(guarded, () => {})
        guarded.onResponseStart?.(controller, 200, {})
        guarded.onHeaders?.(200, [], () => {})
        guarded.onResponseData?.(controller, Buffer.from('x'))
        guarded.onData?.(Buffer.from('x'))
      } catch (error) {
        guarded.onResponseError?.(controller, error)
        guarded.onError?.(error)
      }

      expect(breaker.snapshot()).toMatchObject({
        state: 'closed',
        inFlight: 0,
        counts: { [outcome]: 1, settled: 1 },
      })
    },
  )

  it('ends a call by an upgrade', () => {
    const { breaker } = createBreaker()
    const { handler, told } = noting(protocol)
    const guarded = dispatched(breaker, handler)
    begin(guarded, () => {})
    if (protocol === 'legacy') guarded.onUpgrade?.(101, [], {})
    else guarded.onRequestUpgrade?.({ abort() {} }, 101, {}, {})

    expect(told.at(-1)?.[0]).toMatch(/Upgrade$/)
    expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts: { success: 1 } })
  })
})

it('classifies by the names of headers, however they come', () => {
  const seen: unknown[] = []
  const { breaker } = createBreaker({
    classify: (settled) => {
      seen.push(settled.status === 'fulfilled' && settled.value)
      return http(settled)
    },
  })
  dispatched(breaker, noting('legacy').handler).onHeaders?.(429, ['Retry-After', '1'], () => {})
  dispatched(breaker, noting('current').handler).onResponseStart?.({ abort() {} }, 429, {
    'retry-after': '1',
  })

  expect(seen[0]).toEqual({ statusCode: 429, headers: { 'retry-after': '1' } })
  expect(seen.at(-1)).toEqual(seen[0])
  expect(breaker.snapshot().counts.failure).toBe(2)
})

it('loses no permit by a body that throws when it is looked at', () => {
  const { breaker } = createBreaker()
  const broken = new Proxy(
    {},
    {
      has: () => {
        throw new Error('of the body')
      },
    },
  )
  const dispatch = circuitBreaker(breaker)(() => true)

  expect(() => dispatch({ origin: 'http://a.example', body: broken }, {})).toThrow('of the body')
  expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts: { cancelled: 1 } })
})
