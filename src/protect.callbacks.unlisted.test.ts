import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createBreaker, reasonOf, turn } from '../test/helpers/public.ts'
import { type CircuitBreaker, CircuitOpenError, protect } from './index.ts'
import type { ManualClock } from './testing/manual-clock.ts'

let breaker: CircuitBreaker
let clock: ManualClock
const unhandled: unknown[] = []
const hear = (reason: unknown): unknown => unhandled.push(reason)
beforeEach(() => {
  ;({ breaker, clock } = createBreaker({ callTimeout: 500 }))
  unhandled.length = 0
  process.on('unhandledRejection', hear)
})
afterEach(async () => {
  await turn()
  process.off('unhandledRejection', hear)
})

type Callback = (error: unknown, value?: string) => void

/** Calls back what its promises end with, as the clients of Redis do. */
class Store {
  ran = 0
  readonly listeners = new Set<unknown>()

  get(key: string, callback?: Callback): Promise<string> {
    return this.#answer(key, callback, (call) => call())
  }

  /** Calls back in a later turn of the event loop. */
  getLater(key: string, callback?: Callback): Promise<string> {
    return this.#answer(key, callback, setImmediate)
  }

  hang(_key: string, _callback?: Callback): Promise<string> {
    this.ran++
    return new Promise(() => {})
  }

  transaction<T>(action: (store: Store) => T): Promise<T> {
    this.ran++
    return Promise.resolve(this).then(action)
  }

  run(action: () => void): Promise<void> {
    this.ran++
    return Promise.resolve().then(action)
  }

  each(visit: (item: string | null, index: number) => void): Promise<void> {
    this.ran++
    for (const item of ['a', 'b']) visit(item, 0)
    return Promise.resolve()
  }

  subscribe(_channel: string, listener: (message: string, channel: string) => void) {
    this.ran++
    this.listeners.add(listener)
    return Promise.resolve()
  }

  unsubscribe(_channel: string, listener: (message: string, channel: string) => void) {
    this.listeners.delete(listener)
    return Promise.resolve()
  }

  off(listener: (message: string, channel: string) => void): this {
    this.listeners.delete(listener)
    return this
  }

  #answer(key: string, callback: Callback | undefined, later: (call: () => void) => unknown) {
    this.ran++
    const answer = key === 'bad' ? Promise.reject(new Error('down')) : Promise.resolve(`a ${key}`)
    if (callback !== undefined) {
      answer.then(
        (value) => later(() => callback(null, value)),
        (error: unknown) => later(() => callback(error)),
      )
    }
    return answer
  }
}

let real: Store
let store: Store
beforeEach(() => {
  real = new Store()
  store = protect(real, breaker)
})

const answer = (call: (callback: Callback) => unknown): Promise<unknown[]> =>
  new Promise((resolve) => call((...values) => resolve(values)))

function counts() {
  const { admitted, success, failure, cancelled, rejected } = breaker.snapshot().counts
  return [admitted, success, failure, cancelled, rejected.open]
}

describe.each(['get', 'getLater'] as const)('a callback beside a promise, of %s', (name) => {
  it('gets what it would get, and leaves no rejection unhandled', async () => {
    for (const key of ['one', 'two', 'three']) {
      expect(await answer((callback) => store[name](key, callback))).toEqual([null, `a ${key}`])
    }
    expect(await answer((callback) => store[name]('bad', callback))).toEqual([
      expect.objectContaining({ message: 'down' }),
    ])
    await turn()

    expect(unhandled).toEqual([])
    expect(counts()).toEqual([4, 3, 1, 0, 0])
  })

  it.each(['good', 'bad'])(
    'gets the rejection once a call has shown that it is called back (%s)',
    async (key) => {
      await answer((callback) => store[name](key, callback))
      await answer((callback) => store[name](key, callback))
      await turn()
      breaker.trip()
      const { ran } = real
      let promise: Promise<unknown> | undefined
      const [error] = await answer((callback) => {
        promise = store[name]('one', callback)
      })

      expect(error).toBeInstanceOf(CircuitOpenError)
      expect(await reasonOf(promise as Promise<unknown>)).toBe(error)
      expect(real.ran).toBe(ran)
    },
  )

  it('is not needed: a caller that awaits gets the error, and only once', async () => {
    await answer((callback) => store[name]('one', callback))
    await answer((callback) => store[name]('two', callback))

    expect(await reasonOf(store[name]('bad'))).toMatchObject({ message: 'down' })
    expect(await reasonOf(store[name]('bad', () => {}))).toMatchObject({ message: 'down' })
    await turn()
    expect(unhandled).toEqual([])
  })
})

it('leaves nothing unhandled when the first call fails', async () => {
  const [error] = await answer((callback) => store.get('bad', callback))
  await turn()

  expect(error).toMatchObject({ message: 'down' })
  expect(unhandled).toEqual([])
  expect(counts()).toEqual([1, 0, 1, 0, 0])
})

it.each([[[]], [['hang']]])(
  'gets the call timeout, and nothing after it, listed: %j',
  async (methods) => {
    let finish: Callback = () => {}
    const client = protect(
      {
        hang: (text: string, callback: Callback): Promise<string> => {
          if (text === 'hang') {
            finish = callback
            return new Promise(() => {})
          }
          const value = Promise.resolve(text)
          void value.then((it) => callback(null, it))
          return value
        },
      },
      breaker,
      methods.length > 0 ? { methods } : {},
    )
    await answer((callback) => client.hang('a', callback))
    await answer((callback) => client.hang('b', callback))
    await turn()
    const callback = vi.fn()
    void client.hang('hang', callback)
    await clock.advance(500)
    await turn()
    finish(null, 'late')

    expect(callback.mock.calls).toEqual([[expect.objectContaining({ name: 'CallTimeoutError' })]])
    expect(unhandled).toEqual([])
    expect(counts()).toEqual([3, 2, 1, 0, 0])
  },
)

describe('a function that is no callback', () => {
  it.each(['transaction', 'run', 'each'] as const)(
    'of %s is never run with an error',
    async (name) => {
      const action = vi.fn()
      for (let i = 0; i < 3; i++) await store[name]((...args: unknown[]) => action(...args))
      await turn()
      breaker.trip()
      const { ran } = real
      const times = action.mock.calls.length

      expect(await reasonOf(store[name]((...args: unknown[]) => action(...args)))).toBeInstanceOf(
        CircuitOpenError,
      )
      await turn()
      expect(action).toHaveBeenCalledTimes(times)
      expect(real.ran).toBe(ran)
    },
  )

  it('tells nothing of a failure, which stays unhandled if it is not handled', async () => {
    for (let i = 0; i < 2; i++) await store.transaction(() => 'done')
    void store.transaction(() => {
      throw new Error('down')
    })
    await turn()

    expect(unhandled).toEqual([expect.objectContaining({ message: 'down' })])
  })

  it('is the same in all calls, so that a listener can be removed', async () => {
    const first = (_message: string, _channel: string): void => {}
    const second = (_message: string, _channel: string): void => {}
    await store.subscribe('a', first)
    await store.subscribe('a', second)
    await store.unsubscribe('a', () => {})
    await store.unsubscribe('a', first)
    store.off(second)

    expect(real.listeners.size).toBe(0)
  })

  it('may be a class, which the client gets as it is', async () => {
    const given: unknown[] = []
    const mapper = protect(
      {
        load: async (_text: string, type: unknown) => {
          given.push(type)
        },
      },
      breaker,
    )
    class User {}
    function Legacy(this: object): void {}
    Legacy.prototype.save = () => {}
    for (const type of [User, User, Legacy, Legacy]) await mapper.load('', type)

    expect(given).toEqual([User, User, Legacy, Legacy])
  })
})
