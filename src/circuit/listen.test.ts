import { getEventListeners } from 'node:events'
import { afterEach, beforeEach, describe, expect, it, type MockInstance, vi } from 'vitest'
import { createBreaker, fail, reasonOf, turn } from '../../test/helpers/public.ts'
import { type CircuitBreaker, CircuitRegistry, type ListenOptions } from '../index.ts'

describe('a console that throws', () => {
  let print: MockInstance<typeof console.error>
  beforeEach(() => {
    print = vi.spyOn(console, 'error').mockImplementation(() => raise(new Error('no console')))
  })
  afterEach(() => print.mockRestore())

  it('changes no result when a classifier throws', async () => {
    const { breaker } = createBreaker({ classify: () => raise(new Error('no class')) })
    const down = new Error('down')

    expect(await breaker.run(() => 'answer')).toBe('answer')
    expect(await breaker(async () => 'answer')()).toBe('answer')
    expect(await reasonOf(breaker.run(() => Promise.reject(down)))).toBe(down)
    expect(print).toHaveBeenCalledTimes(3)
    expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts: { success: 2, failure: 1 } })
  })

  it('changes no result when a listener throws', async () => {
    const { breaker } = createBreaker()
    breaker.on('success', () => raise(new Error('bad listener')))

    expect(await breaker.run(() => 'answer')).toBe('answer')
    await turn()
    expect(breaker.snapshot().inFlight).toBe(0)
  })
})

function raise(error: unknown): never {
  throw error
}

describe('a listener with wrong options', () => {
  it.each<[unknown, string]>([
    [{ onec: true }, 'unknown option "onec" (in options of on); did you mean "once"?'],
    [{ once: 'yes' }, 'once must be a boolean, got "yes"'],
    [{ signal: {} }, 'signal must be an AbortSignal, got an object'],
    [null, 'options of on must be an object, got null'],
  ])('is refused: %j', (options, message) => {
    const { breaker } = createBreaker()

    const wrong = options as ListenOptions

    expect(() => breaker.on('failure', () => {}, wrong)).toThrow(new TypeError(message))
    expect(() => new CircuitRegistry().on('failure', () => {}, wrong)).toThrow(message)
  })
})

describe('a listener with `once`', () => {
  const listeners: [string, (listener: () => void, options?: ListenOptions) => () => void][] = [
    ['of a breaker', (listener, options) => breaker.on('failure', listener, options)],
    ['of a registry', (listener, options) => registry.on('failure', listener, options)],
  ]
  let registry: CircuitRegistry
  let breaker: CircuitBreaker
  beforeEach(() => {
    registry = new CircuitRegistry()
    breaker = registry.breaker('users')
  })

  it.each(listeners)('is called for one event: %s', async (_, on) => {
    const [once, always] = [vi.fn(), vi.fn()]
    on(once, { once: true })
    on(always, { once: false })
    await fail(breaker)
    await fail(breaker)

    expect(once).toHaveBeenCalledTimes(1)
    expect(always).toHaveBeenCalledTimes(2)
  })

  it.each(listeners)('can be unsubscribed before, by off or a signal: %s', async (_, on) => {
    const [first, second] = [vi.fn(), vi.fn()]
    const controller = new AbortController()
    const off = on(first, { once: true })
    on(second, { once: true, signal: controller.signal })
    off()
    controller.abort()
    await fail(breaker)

    expect([first, second].map((it) => it.mock.calls)).toEqual([[], []])
  })

  it('leaves no listener behind on the signal', async () => {
    const { signal } = new AbortController()
    breaker.on('failure', () => {}, { once: true, signal })
    await fail(breaker)

    expect(getEventListeners(signal, 'abort')).toEqual([])
  })

  it('is called once although it causes such an event itself', async () => {
    let calls = 0
    breaker.on(
      'transition',
      () => {
        calls++
        breaker.reset()
      },
      { once: true },
    )
    breaker.trip()

    expect([calls, breaker.state]).toEqual([1, 'closed'])
  })

  it('reports its errors as any other', async () => {
    const errors: unknown[] = []
    const mine = new Error('mine')
    breaker.on('listenerError', ({ error }) => errors.push(error))
    const rejecting: () => unknown = () => Promise.reject(mine)
    breaker.on('failure', rejecting, { once: true })
    await fail(breaker)
    await turn()

    expect(errors).toEqual([mine])
  })
})

describe('a listener with a signal', () => {
  it.each([
    ['as it is', {}],
    ['without FinalizationRegistry', { FinalizationRegistry: undefined }],
    ['without WeakRef', { WeakRef: undefined }],
  ])('is gone once it is unsubscribed or aborted, on a platform %s', async (_, globals) => {
    for (const [name, value] of Object.entries(globals)) vi.stubGlobal(name, value)
    vi.resetModules()
    const short = await import('../index.ts')
    const breaker = new short.CircuitBreaker({ maxFailures: 9 })
    const controllers = [new AbortController(), new AbortController()] as const
    const [unsubscribed, aborted] = [vi.fn(), vi.fn()]
    const off = breaker.on('failure', unsubscribed, { signal: controllers[0].signal })
    breaker.on('failure', aborted, { signal: controllers[1].signal })
    await fail(breaker)

    off()
    controllers[1].abort()
    await fail(breaker)

    expect([unsubscribed, aborted].map((it) => it.mock.calls.length)).toEqual([1, 1])
    for (const { signal } of controllers) expect(getEventListeners(signal, 'abort')).toEqual([])
    vi.unstubAllGlobals()
  })
})
