import { Readable } from 'node:stream'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { createBreaker, RESET_TIMEOUT, reasonOf, turn } from '../test/helpers/public.ts'
import { CallTimeoutError, type CircuitBreaker, CircuitOpenError, protect } from './index.ts'

let breaker: CircuitBreaker
beforeEach(() => {
  ;({ breaker } = createBreaker())
})

const counts = () => breaker.snapshot().counts

describe('a stream of a method that is listed', () => {
  const create = (): { streams: Readable[]; get: (callback?: unknown) => Readable } => {
    const streams: Readable[] = []
    const get = (callback?: unknown): Readable => {
      if (typeof callback === 'function') callback(null, 'answer')
      const stream = new Readable({ read() {} })
      streams.push(stream)
      return stream
    }
    return { streams, get }
  }

  it('ends its call when it ends', async () => {
    const { get, streams } = create()
    const stream = protect({ get }, breaker, { methods: ['get'] }).get()
    stream.on('data', () => {})
    await turn()
    expect(breaker.snapshot()).toMatchObject({ inFlight: 1, counts: { success: 0 } })

    streams[0]?.push(null)
    await turn()
    await turn()
    expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts: { success: 1 } })
  })

  it('does not, where the callback tells of the end', async () => {
    const { get, streams } = create()
    const callback = vi.fn((_error: unknown, _value: unknown) => {})
    protect({ get }, breaker, { methods: ['get'] }).get(callback)

    expect(callback).toHaveBeenCalledTimes(1)
    expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts: { success: 1 } })
    streams[0]?.destroy()
  })
})

describe('a listed method with a callback', () => {
  const cancel = vi.fn()
  const send = (callback?: (error: unknown, value?: unknown) => void): { cancel: () => void } => {
    callback?.(null, 'sent')
    return { cancel }
  }

  it('returns what has the same methods when it is rejected', async () => {
    const client = protect({ send }, breaker, { methods: ['send'] })
    const called = vi.fn((_error: unknown, _value?: unknown) => {})
    client.send(called)
    breaker.trip()
    client.send(called).cancel()
    await turn()

    expect(called.mock.lastCall).toEqual([expect.any(CircuitOpenError)])
  })
})

it('never calls an action with the timeout of the call that it belongs to', async () => {
  const { breaker, clock } = createBreaker({ callTimeout: RESET_TIMEOUT })
  const action = vi.fn((_transaction: unknown) => {})
  const begin = (_action: unknown): Promise<void> => new Promise(() => {})
  const reason = reasonOf(protect({ begin }, breaker, { methods: ['begin'] }).begin(action))
  await clock.advance(RESET_TIMEOUT)

  expect(await reason).toBeInstanceOf(CallTimeoutError)
  await turn()
  expect(action).not.toHaveBeenCalled()
})

describe.each([0, 1, 2, 3])('a callback that comes after %i other arguments', (others) => {
  const args = Array.from({ length: others }, (_, i) => i)
  type Get = (...args: unknown[]) => unknown

  it('ends the call of a listed method', async () => {
    const get: Get = (...all) => (all.at(-1) as Get)(new Error('down'), undefined)
    const client = protect({ get }, breaker, { methods: ['get'] })
    client.get(...args, (_error: unknown, _value: unknown) => {})

    expect(counts()).toMatchObject({ admitted: 1, failure: 1 })
  })

  it('is reported of a method that is not listed and also returns promises', async () => {
    const errors: unknown[] = []
    breaker.on('listenerError', ({ error }) => errors.push(error))
    const get: Get = (...all) => (typeof all.at(-1) === 'function' ? undefined : Promise.resolve(1))
    const client = protect({ get }, breaker)
    await client.get(...args)
    client.get(...args, (_error: unknown, _value: unknown) => {})

    expect(counts()).toMatchObject({ admitted: 1, success: 1 })
    expect(errors).toHaveLength(1)
  })

  it('is not what makes a thenable a call', async () => {
    const then = vi.fn()
    const get: Get = () => ({ then })
    const client = protect({ get }, breaker)
    client.get(...args, (_error: unknown, _value: unknown) => {})

    expect(counts().admitted).toBe(0)
  })
})

it('guards what a call returns that only its callback ends', async () => {
  const send = (_text: string, _callback: (error: unknown, value: unknown) => void) => ({
    cancel: () => {},
    status: () => Promise.resolve('sent'),
  })
  breaker.on('listenerError', () => {})
  const client = protect({ send }, breaker)
  await client.send('a', (_error, _value) => {}).status()

  expect(counts()).toMatchObject({ admitted: 1, success: 1 })
})
