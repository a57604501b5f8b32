import { describe, expect, it } from 'vitest'
import { createBreaker, fail, open, reasonOf, record } from '../test/helpers/public.ts'
import { CircuitBreaker, CircuitOpenError } from './index.ts'

const down = new Error('down')
const broken = new Error('no cache')

describe('the event of a fallback', () => {
  it.each([
    ['a value', () => 'cached'],
    ['a promise', async () => 'cached'],
    ['what the error says', (error: unknown) => String(error)],
  ])('is published when it has returned %s', async (_, fallback) => {
    const { breaker } = createBreaker<unknown>({ fallback })
    const events = record(breaker, 'failure', 'fallback')

    await breaker.run(() => Promise.reject(down))

    expect(events).toMatchObject([
      ['failure', { error: down }],
      ['fallback', { breaker: 'circuit', error: down, failed: false, failure: undefined }],
    ])
    expect(breaker.snapshot().counts).toMatchObject({ fallbacks: 1, failedFallbacks: 0 })
  })

  it.each([
    [
      'throws',
      () => {
        throw broken
      },
    ],
    ['rejects', () => Promise.reject(broken)],
    ['rejects, seeing the error', (_: unknown) => Promise.reject(broken)],
  ])('tells that it has failed when it %s', async (_, fallback) => {
    const { breaker } = createBreaker({ fallback })
    const events = record(breaker, 'fallback')

    const thrown = await reasonOf(breaker.run(() => Promise.reject(down)))

    expect(thrown).toBe(broken)
    expect(events).toMatchObject([['fallback', { error: down, failed: true, failure: broken }]])
    expect(breaker.snapshot().counts).toMatchObject({ fallbacks: 1, failedFallbacks: 1 })
  })

  it.each([
    ['without a look at the error', () => 'cached'],
    ['with a look at it', (error: unknown) => String(error)],
  ])('is published for a rejected call, after its rejection: %s', async (_, fallback) => {
    const { breaker } = createBreaker({ fallback })
    breaker.trip()
    const events = record(breaker, 'reject', 'fallback')

    await breaker.run(() => 1)

    expect(events).toMatchObject([
      ['reject', { reason: 'open' }],
      ['fallback', { failed: false }],
    ])
    expect((events.at(-1) as unknown as [string, { error: unknown }])[1].error).toBeInstanceOf(
      CircuitOpenError,
    )
  })

  it('is published for wrapped functions, synchronous ones, streams, and fallbacks of one call', async () => {
    const { breaker } = createBreaker({
      fallback: async function* () {
        yield 2
      } as never,
    })
    const events = record(breaker, 'fallback')
    const failing = (): never => {
      throw down
    }

    await breaker(async () => failing())()
    breaker.sync(failing)()
    await breaker.run(failing, { fallback: () => 'own' })
    breaker.trip()
    const stream = breaker.stream(async function* () {
      yield 1
    })
    for await (const _ of stream());

    expect(events).toHaveLength(4)
    expect(breaker.snapshot().counts.fallbacks).toBe(4)
  })

  it('is not there where the fallback does not run', async () => {
    const { breaker } = createBreaker({ fallback: () => 'cached', classify: () => 'neutral' })

    await reasonOf(breaker.run(() => Promise.reject(down)))
    await breaker.run(() => 1)

    expect(breaker.snapshot().counts).toMatchObject({ fallbacks: 0, failedFallbacks: 0 })
  })

  it('is not there for a breaker that is disabled, which records nothing', async () => {
    const { breaker } = createBreaker({ fallback: () => 'cached' })
    const events = record(breaker, 'fallback')
    breaker.disable()

    expect(await breaker.run(() => Promise.reject(down))).toBe('cached')

    expect([events, breaker.snapshot().counts.fallbacks]).toEqual([[], 0])
  })

  it('does not change what the caller gets when its listener throws', async () => {
    const { breaker } = createBreaker({ fallback: () => 'cached' })
    const errors = record(breaker, 'listenerError')
    breaker.on('fallback', () => {
      throw new Error('a bad listener')
    })

    expect(await breaker.run(() => Promise.reject(down))).toBe('cached')
    expect(errors).toHaveLength(1)
  })

  it('is counted on from what was saved, also by an older version', async () => {
    const { breaker } = createBreaker({ fallback: () => Promise.reject(broken) })
    await fail(breaker, down).catch(() => {})
    const saved = JSON.parse(JSON.stringify(breaker.save()))

    expect(new CircuitBreaker({ saved }).snapshot().counts).toMatchObject({
      fallbacks: 1,
      failedFallbacks: 1,
    })
    delete saved.counts.fallbacks
    delete saved.counts.failedFallbacks
    expect(new CircuitBreaker({ saved }).snapshot().counts).toMatchObject({
      fallbacks: 0,
      failedFallbacks: 0,
    })
    await open(new CircuitBreaker({ saved, maxFailures: 1 }))
  })
})
