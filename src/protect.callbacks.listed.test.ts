import { Readable } from 'node:stream'
import { runInNewContext } from 'node:vm'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { createBreaker, RESET_TIMEOUT, reasonOf, turn } from '../test/helpers/public.ts'
import { CallTimeoutError, type CircuitBreaker, CircuitOpenError, protect } from './index.ts'
import { isError } from './protect/callback-call.ts'

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

describe('a function that a listed method takes', () => {
  class Client {
    query = async (text: string) => text
    transaction = (action: (own: Client) => unknown): Promise<unknown> =>
      Promise.resolve(action(new Client()))
    getConnection(callback: (error: unknown, connection?: Client) => void): void {
      callback(null, new Client())
    }
  }

  it('is called with what belongs to the same call, if it is an action', async () => {
    const client = protect(new Client(), breaker, { methods: ['transaction', 'query'] })
    await client.transaction((own) => own.query('a'))

    expect(counts()).toMatchObject({ admitted: 1, success: 1 })
  })

  it('is called with a guarded connection, if it is a callback', async () => {
    const methods = ['getConnection', 'query']
    const client = protect(new Client(), breaker, { methods })
    const connection = await new Promise<Client>((resolve) => {
      client.getConnection((_error, connection) => resolve(connection as Client))
    })
    await connection.query('a')

    expect(counts()).toMatchObject({ admitted: 2, success: 2 })
  })

  it('is not called when the call is rejected, if it is asynchronous', async () => {
    const action = vi.fn()
    const run = (_action: unknown): Promise<void> => Promise.resolve()
    const client = protect({ run }, breaker, { methods: ['run'] })
    breaker.trip()
    const running = client.run(async (a: unknown, b: unknown) => action(a, b))

    expect(await reasonOf(running)).toBeInstanceOf(CircuitOpenError)
    await turn()
    expect(action).not.toHaveBeenCalled()
  })

  it('gets the rejection each time, however often it has been called', async () => {
    const got: unknown[] = []
    const callback = (error: unknown, value: unknown): void => void got.push(error ?? value)
    const get = (callback: (error: unknown, value: unknown) => void): Promise<string> => {
      callback(null, 'a')
      return Promise.resolve('a')
    }
    const client = protect({ get }, breaker, { methods: ['get'] })
    for (let i = 0; i < 3; i++) await client.get(callback)
    breaker.trip()
    for (let i = 0; i < 2; i++) await reasonOf(client.get(callback))
    await turn()

    const rejection = expect.any(CircuitOpenError)
    expect(got).toEqual(['a', 'a', 'a', rejection, rejection])
  })

  it('is not called with a timeout once it has been called', async () => {
    const { breaker, clock } = createBreaker({ callTimeout: 100 })
    const callback = vi.fn((_error: unknown, _value: unknown) => {})
    const get = (callback: (error: unknown, value: unknown) => void): Promise<unknown> => {
      callback(null, 'a')
      return new Promise(() => {})
    }
    const reason = reasonOf(protect({ get }, breaker, { methods: ['get'] }).get(callback))
    await clock.advance(100)

    expect(await reason).toBeInstanceOf(CallTimeoutError)
    await turn()
    expect(callback.mock.calls).toEqual([[null, 'a']])
  })

  it.each([
    ['an action', (_item: unknown) => {}],
    ['a callback', (_error: unknown, _value: unknown) => {}],
  ])('makes no promise begin that waits until it is awaited: %s', async (_, fn) => {
    const then = vi.fn()
    const get = (_fn: unknown) => Object.assign(new Promise(() => {}), { then })
    protect({ get }, breaker, { methods: ['get'] }).get(fn)
    await turn()
    await turn()

    expect(then).not.toHaveBeenCalled()
  })
})

describe('an action that a listed method takes', () => {
  it.each([[[]], [[undefined]], [[null]], [['key', 'value']]])(
    'is never called with a rejection, having been called with %j',
    async (args) => {
      const action = vi.fn((_item?: unknown) => {})
      const retry = (action: (...args: unknown[]) => void): Promise<void> => {
        action(...args)
        return Promise.resolve()
      }
      const client = protect({ retry }, breaker, { methods: ['retry'] })
      for (let i = 0; i < 2; i++) await client.retry(action)
      breaker.trip()
      await reasonOf(client.retry(action))
      await turn()

      expect(action).toHaveBeenCalledTimes(2)
    },
  )
})

describe('a call that its callback ends', () => {
  type Get = (signal: AbortSignal, callback: (error: unknown, value?: unknown) => void) => Request
  class Request {
    cancelled = 0
    cancel(): void {
      this.cancelled++
    }
    status(): string {
      return 'sent'
    }
    on(): this {
      return this
    }
  }

  function hanging(timeout?: number) {
    const { breaker, clock } = createBreaker({ callTimeout: timeout })
    const calls: Parameters<Get>[] = []
    const callback = vi.fn((_error: unknown, _value?: unknown) => {})
    const get: Get = (...args) => {
      calls.push(args)
      return new Request()
    }
    const client = protect({ get }, breaker, { methods: ['get'] })
    const request = client.get(new AbortController().signal, callback)
    return { breaker, clock, callback, request, call: calls[0] as Parameters<Get> }
  }

  it('ends once at its timeout, which aborts its signal and counts as one', async () => {
    const { breaker, clock, callback, call } = hanging(100)
    await clock.advance(100)
    call[1](null, 'late')

    expect(callback.mock.calls).toEqual([[expect.any(CallTimeoutError)]])
    expect(call[0].reason).toBeInstanceOf(CallTimeoutError)
    expect(breaker.snapshot().counts).toMatchObject({ timeout: 1, failure: 1, success: 0 })
  })

  it('needs no timer without a timeout', () => {
    expect(hanging().clock.timers).toBe(0)
  })

  it('goes on when its caller uses what the method returned, until that is cancelled', () => {
    const { breaker, request } = hanging()
    expect(request.constructor).toBe(Request)
    expect(request.status()).toBe('sent')
    expect(request.on()).toBe(request)
    expect(breaker.snapshot()).toMatchObject({ inFlight: 1, counts: { settled: 0 } })
    request.cancel()

    expect(request.cancelled).toBe(1)
    expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts: { cancelled: 1 } })
  })
})

it('takes errors of any realm for errors, and what only has a message for none', () => {
  for (const error of [
    new TypeError(),
    Object.create(Error.prototype),
    runInNewContext('new RangeError()'),
  ]) {
    expect(isError(error)).toBe(true)
  }
  for (const value of [{ message: 'a' }, 'Error', null, undefined]) {
    expect(isError(value)).toBe(false)
  }
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
