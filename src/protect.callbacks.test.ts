import { beforeEach, describe, expect, it, vi } from 'vitest'
import { createBreaker, reasonOf, turn } from '../test/helpers/public.ts'
import { type CircuitBreaker, CircuitOpenError, protect } from './index.ts'
import type { ManualClock } from './testing/manual-clock.ts'

let breaker: CircuitBreaker
let clock: ManualClock
beforeEach(() => {
  ;({ breaker, clock } = createBreaker())
})

type Callback = (error: Error | null, value?: string) => void

class Request {
  cancelled = 0
  #way = 'call'
  cancel(): this {
    this.cancelled++
    return this
  }
  get way(): string {
    return this.#way
  }
}

class Client {
  ran = 0
  readonly request = new Request()

  say(text: string, callback: Callback): Request {
    this.ran++
    queueMicrotask(() => callback(text === 'fail' ? new Error('down') : null, text))
    return this.request
  }

  sayNow(text: string, callback: Callback): void {
    this.ran++
    callback(text === 'fail' ? new Error('down') : null, text)
  }

  hang(_callback: Callback): Request {
    this.ran++
    return this.request
  }

  get(_path: string, callback: (response: { readonly status: number }) => void): void {
    this.ran++
    callback({ status: 200 })
  }

  throwing(_callback: Callback): void {
    throw new TypeError('no such thing')
  }

  promised(text: string, callback?: Callback): Promise<string> | undefined {
    this.ran++
    if (callback === undefined) return Promise.resolve(text)
    callback(null, text)
    return undefined
  }

  async transaction<T>(action: (client: Client) => Promise<T>): Promise<T> {
    this.ran++
    return await action(this)
  }

  begin<T>(action: (client: Client) => Promise<T>): Promise<T> {
    this.ran++
    return action(this)
  }
}

const methods = ['say', 'sayNow', 'hang', 'get', 'throwing', 'promised', 'transaction', 'begin']

let real: Client
let client: Client
beforeEach(() => {
  real = new Client()
  client = protect(real, breaker, { methods })
})

function counts() {
  const { admitted, success, failure, cancelled, rejected } = breaker.snapshot().counts
  return [admitted, success, failure, cancelled, rejected.open]
}

const answer = (call: (callback: Callback) => unknown): Promise<unknown[]> =>
  new Promise((resolve) => call((...values) => resolve(values)))

describe('the callback of a listed method', () => {
  it.each(['say', 'sayNow'] as const)('settles the call of %s', async (name) => {
    expect(await answer((callback) => client[name]('hello', callback))).toEqual([null, 'hello'])
    expect(await answer((callback) => client[name]('fail', callback))).toHaveLength(2)

    expect(counts()).toEqual([2, 1, 1, 0, 0])
  })

  it.each(['say', 'sayNow'] as const)(
    'gets the rejection of %s, which does not run',
    async (name) => {
      for (let i = 0; i < 3; i++) await answer((callback) => client[name]('fail', callback))
      expect(breaker.state).toBe('open')
      const { ran } = real
      const [error] = await answer((callback) => client[name]('hello', callback))

      expect(error).toBeInstanceOf(CircuitOpenError)
      expect(real.ran).toBe(ran)
    },
  )

  it('gets the rejection also of the first call, if it takes a value', async () => {
    breaker.trip()
    const [error] = await new Promise<unknown[]>((resolve) => {
      client.say('hello', (reason, value) => resolve([reason, value]))
    })

    expect(error).toBeInstanceOf(CircuitOpenError)
    expect(real.ran).toBe(0)
  })

  it('is called later than the method returns, and once', async () => {
    breaker.trip()
    const called = vi.fn((_error: unknown, _value: unknown) => {})
    client.sayNow('hello', called)
    expect(called).not.toHaveBeenCalled()
    await turn()

    expect(called).toHaveBeenCalledOnce()
  })

  it('gets the value of a fallback', async () => {
    const { breaker } = createBreaker({ fallback: () => 'instead' })
    breaker.trip()
    const lenient = protect(real, breaker as CircuitBreaker<never>, { methods })

    expect(
      await new Promise((resolve) => {
        lenient.say('hello', (error, value) => resolve([error, value]))
      }),
    ).toEqual([null, 'instead'])
  })

  it('tells of a success when it gets something else than an error', async () => {
    expect(await answer((callback) => client.get('/', callback as never))).toEqual([
      { status: 200 },
    ])

    expect(counts()).toEqual([1, 1, 0, 0, 0])
  })

  it('gets the call timeout, and nothing after it', async () => {
    breaker.configure({ callTimeout: 5 })
    const called = vi.fn()
    client.hang(called)
    await clock.advance(5)
    await clock.advance(0)

    expect(called).toHaveBeenCalledExactlyOnceWith(
      expect.objectContaining({ code: 'ERR_CALL_TIMEOUT' }),
    )
    expect(counts()).toEqual([1, 0, 1, 0, 0])
  })

  it('gets no call timeout once it has been called', async () => {
    breaker.configure({ callTimeout: 5 })
    const called = vi.fn()
    client.say('hello', called)
    await turn()
    await clock.advance(5)
    await clock.advance(0)

    expect(called).toHaveBeenCalledExactlyOnceWith(null, 'hello')
    expect(counts()).toEqual([1, 1, 0, 0, 0])
  })

  it('does not count where the caller cancels by what the method returned', async () => {
    const request = client.hang(() => {})

    expect(request.way).toBe('call')
    expect(request.cancel().cancel()).toBe(request)
    expect(real.request.cancelled).toBe(2)
    expect(counts()).toEqual([1, 0, 0, 1, 0])
  })

  it('leaves what the method throws as a rejection', async () => {
    await reasonOf(client.throwing(() => {}) as never)

    expect(counts()).toEqual([1, 0, 1, 0, 0])
  })

  it('does not change calls of the same method without one', async () => {
    expect(await client.promised('a')).toBe('a')
    expect(await answer((callback) => client.promised('b', callback))).toEqual([null, 'b'])
    breaker.trip()

    expect(await reasonOf(client.promised('a') as never)).toBeInstanceOf(CircuitOpenError)
    const [error] = await answer((callback) => client.promised('b', callback))
    expect(error).toBeInstanceOf(CircuitOpenError)
    expect(counts().slice(0, 2)).toEqual([2, 2])
  })

  it('settles a call that returns a thenable, which is not awaited', async () => {
    const then = vi.fn()
    const database = {
      find(callback?: (error: unknown, rows?: number[]) => void) {
        if (callback !== undefined) queueMicrotask(() => callback(null, [1]))
        return { then }
      },
    }
    const guarded = protect(database, breaker, { methods: ['find'] })
    expect(
      await new Promise((resolve) => {
        guarded.find((_, rows) => resolve(rows))
      }),
    ).toEqual([1])

    expect(then).not.toHaveBeenCalled()
    expect(counts()).toEqual([1, 1, 0, 0, 0])
  })
})

describe('the callback of a listed method that returns a promise as well', () => {
  class Both {
    get(text: string, callback?: Callback): Promise<string> {
      const promise = text === 'fail' ? Promise.reject(new Error('down')) : Promise.resolve(text)
      if (callback !== undefined) {
        promise.then(
          (value) => callback(null, value),
          (error) => callback(error),
        )
      }
      return promise
    }
    now(text: string, callback: Callback): Promise<string> {
      callback(null, text)
      return Promise.resolve(text)
    }
  }

  it.each(['get', 'now'] as const)('of %s gets the rejection, which is handled', async (name) => {
    const unhandled = vi.fn()
    process.on('unhandledRejection', unhandled)
    const both = protect(new Both(), breaker, { methods: ['get', 'now'] })
    expect(await answer((callback) => both[name]('a', callback))).toEqual([null, 'a'])
    expect(await answer((callback) => both[name]('b', callback))).toEqual([null, 'b'])
    breaker.trip()
    const [error] = await answer((callback) => both[name]('c', callback))
    const rejected = both[name]('d', () => {})
    await turn()
    process.off('unhandledRejection', unhandled)

    expect(error).toBeInstanceOf(CircuitOpenError)
    expect(await reasonOf(rejected)).toBeInstanceOf(CircuitOpenError)
    expect(unhandled).not.toHaveBeenCalled()
    expect(counts().slice(0, 3)).toEqual([2, 2, 0])
  })
})

describe('a listed method that has called back', () => {
  it('may return a thenable without a callback, which is not awaited', async () => {
    const then = vi.fn()
    const database = {
      find: (callback?: Callback) => {
        if (callback !== undefined) queueMicrotask(() => callback(null, 'row'))
        return { then, stream: () => ['row'] }
      },
    }
    const guarded = protect(database, breaker, { methods: ['find'] })
    await answer((callback) => guarded.find(callback))

    expect(guarded.find().stream()).toEqual(['row'])
    await turn()
    expect(then).not.toHaveBeenCalled()
  })
})

describe('an action that a listed method takes', () => {
  it.each(['transaction', 'begin'] as const)('is part of the call of %s', async (name) => {
    expect(await client[name](async ({ ran }) => ran)).toBe(1)
    await reasonOf(client[name](() => Promise.reject(new Error('down'))))

    expect(counts()).toEqual([2, 1, 1, 0, 0])
  })

  it.each(['transaction', 'begin'] as const)('is not run when %s is rejected', async (name) => {
    const action = vi.fn(async (_client: Client) => {})
    await client[name](action)
    breaker.trip()

    expect(await reasonOf(client[name](action))).toBeInstanceOf(CircuitOpenError)
    expect(await reasonOf(client[name]((given) => action(given)))).toBeInstanceOf(CircuitOpenError)
    expect(action).toHaveBeenCalledOnce()
  })

  it('is never taken for a callback, also before the method has been called', async () => {
    breaker.trip()
    const action = vi.fn()

    expect(await reasonOf(client.begin(async (given) => action(given)))).toBeInstanceOf(
      CircuitOpenError,
    )
    await client.begin((given) => Promise.resolve(action(given)))
    expect(action).toHaveBeenCalledExactlyOnceWith(real)
  })
})

describe('a function without parameters', () => {
  it('is not called in place of a rejected call: it may be an action', async () => {
    breaker.trip()
    const lock = protect({ run: <T>(action: () => T) => Promise.resolve().then(action) }, breaker, {
      methods: ['run'],
    })
    const action = vi.fn(() => 1)
    await lock.run(action)
    expect(await reasonOf(lock.run(action))).toBeInstanceOf(CircuitOpenError)
    await turn()

    expect(action).toHaveBeenCalledOnce()
  })

  it('gets the rejection once the method has called it back', async () => {
    const called: unknown[] = []
    await new Promise<void>((resolve) => void client.say('hello', () => resolve()))
    breaker.trip()
    await new Promise<void>((resolve) => {
      client.say('hello', (...args) => {
        called.push(...args)
        resolve()
      })
    })

    expect(called).toEqual([expect.any(CircuitOpenError)])
    expect(real.ran).toBe(1)
  })
})

describe('a listed method that calls back and returns a promise', () => {
  class Mailer {
    ran = 0
    /** Its promise is fulfilled once the callback has the error. */
    send(text: string, callback?: Callback): Promise<unknown> {
      this.ran++
      const error = text === 'fail' ? new Error('down') : null
      if (callback !== undefined) {
        return Promise.resolve().then(() => (error ? callback(error) : callback(null, text)))
      }
      return error ? Promise.reject(error) : Promise.resolve(text)
    }
    sendNow(text: string, callback: Callback): Promise<void> {
      this.ran++
      callback(text === 'fail' ? new Error('down') : null, text)
      return Promise.resolve()
    }
    each(_text: string, visit: (item: string, index: number) => void): Promise<void> {
      visit('a', 0)
      return Promise.reject(new Error('down'))
    }
  }
  const methods = ['send', 'sendNow', 'each']

  it.each(['send', 'sendNow'] as const)('fails with the error that %s calls back', async (name) => {
    const mailer = protect(new Mailer(), breaker, { methods })
    await answer((callback) => mailer[name]('hello', callback))
    await answer((callback) => mailer[name]('fail', callback))

    expect(counts()).toEqual([2, 1, 1, 0, 0])
  })

  it.each(['send', 'sendNow'] as const)(
    'rejects %s to both, and leaves nothing unhandled',
    async (name) => {
      const real = new Mailer()
      const mailer = protect(real, breaker, { methods })
      await answer((callback) => mailer[name]('hello', callback))
      breaker.trip()
      let promise: Promise<unknown> | undefined
      const [error] = await answer((callback) => {
        promise = mailer[name]('hello', callback)
      })

      expect(error).toBeInstanceOf(CircuitOpenError)
      expect(await reasonOf(promise as Promise<unknown>)).toBe(error)
      expect(real.ran).toBe(1)
    },
  )

  it('does not take what an action gets for an end', async () => {
    const mailer = protect(new Mailer(), breaker, { methods })
    const visit = vi.fn((_item: string, _index: number) => {})
    await reasonOf(mailer.each('a', visit))
    breaker.trip()
    await reasonOf(mailer.each('a', visit))

    expect(visit).toHaveBeenCalledOnce()
    expect(counts()).toEqual([1, 0, 1, 0, 1])
  })
})
