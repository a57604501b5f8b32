import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createBreaker, reasonOf, turn } from '../test/helpers/public.ts'
import { type CircuitBreaker, CircuitOpenError, protect } from './index.ts'

let breaker: CircuitBreaker
const unhandled: unknown[] = []
const hear = (reason: unknown): unknown => unhandled.push(reason)
beforeEach(() => {
  ;({ breaker } = createBreaker({ maxFailures: 1_000 }))
  unhandled.length = 0
  process.on('unhandledRejection', hear)
})
afterEach(async () => {
  await turn()
  process.off('unhandledRejection', hear)
})

type Callback = (error: unknown, value?: unknown) => unknown
type Later = (call: () => void) => unknown

const SOON: [string, Later][] = [
  ['at once', (call) => call()],
  ['in a later turn', setImmediate],
]

/** Calls back what its promises end with. */
class Store {
  readonly #later: Later
  ran = 0

  constructor(later: Later) {
    this.#later = later
  }

  get(key: string, callback?: Callback): Promise<string> {
    this.ran++
    const answer =
      key === 'bad' ? Promise.reject<string>(new Error('down')) : Promise.resolve(`a ${key}`)
    if (callback !== undefined) {
      answer.then(
        (value) => this.#later(() => callback(null, value)),
        (error: unknown) => this.#later(() => callback(error)),
      )
    }
    return answer
  }

  /** What it returns is fulfilled with what the callback returns, whatever that has got. */
  send(key: string, callback?: Callback): Promise<unknown> {
    this.ran++
    const answer =
      key === 'bad' ? Promise.reject<object>(new Error('down')) : Promise.resolve({ key })
    if (callback === undefined) return answer
    return answer.then((value) => callback(null, value)).catch((error) => callback(error))
  }
}

async function turns(): Promise<void> {
  for (let i = 0; i < 3; i++) await turn()
}

describe.each(SOON)('one function for all calls, called back %s', (_, later) => {
  let real: Store
  let store: Store
  beforeEach(() => {
    real = new Store(later)
    store = protect(real, breaker)
  })

  it.each([1, 2, 10, 30])('gets the rejection after %i calls at once', async (calls) => {
    const callback = vi.fn((_error: unknown, _value?: unknown) => {})
    const shared: Callback = (error, value) => callback(error, value)
    for (let i = 0; i < calls; i++) void store.get(`${i}`, shared)
    await turns()
    breaker.trip()
    const promise = store.get('rejected', shared)
    await turns()

    expect(callback.mock.calls.slice(0, calls).map(([, value]) => value)).toEqual(
      Array.from({ length: calls }, (_value, i) => `a ${i}`),
    )
    expect(callback).toHaveBeenCalledTimes(calls + 1)
    expect(callback.mock.calls.at(-1)?.[0]).toBeInstanceOf(CircuitOpenError)
    expect(await reasonOf(promise)).toBeInstanceOf(CircuitOpenError)
    expect(real.ran).toBe(calls)
  })

  it.each([1, 2, 10, 30])('leaves no rejection of %i at once unhandled', async (calls) => {
    const got: unknown[] = []
    const shared: Callback = (error, _value) => got.push(error)
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < calls; i++) void store.get(i % 2 === 0 ? 'bad' : 'good', shared)
      await turns()
    }

    expect(got).toHaveLength(3 * calls)
    expect(unhandled).toEqual([])
    expect(breaker.snapshot()).toMatchObject({ inFlight: 0 })
  })

  it('gets the rejection if it starts the next call', async () => {
    const got: unknown[] = []
    await new Promise<void>((resolve) => {
      const next: Callback = (error, value) => {
        got.push(error ?? value)
        if (got.length === 4) breaker.trip()
        if (got.length > 4) resolve()
        else void store.get(got.length === 2 ? 'bad' : `${got.length}`, next)
      }
      void store.get('0', next)
    })
    await turns()

    expect(got).toEqual([
      'a 0',
      'a 1',
      expect.objectContaining({ message: 'down' }),
      'a 3',
      expect.any(CircuitOpenError),
    ])
    expect(unhandled).toEqual([])
  })

  it('gets the rejection if each call begins when the last promise has ended', async () => {
    const got: unknown[] = []
    const shared: Callback = (error, value) => got.push(error ?? value)
    for (const key of ['one', 'two', 'three']) await store.get(key, shared)
    await turns()
    breaker.trip()
    await reasonOf(store.get('four', shared))
    await turns()

    expect(got).toEqual(['a one', 'a two', 'a three', expect.any(CircuitOpenError)])
  })
})

it.each(SOON)('leaves no rejection of a burst unhandled, called back %s', async (_, later) => {
  const store = protect(new Store(later), breaker)
  await store.get('first')
  const got: unknown[] = []
  for (let i = 0; i < 20; i++) void store.get('bad', (error, _value) => got.push(error))
  await turns()

  expect(got).toHaveLength(20)
  expect(unhandled).toEqual([])
})

it('is known of a promise that ends with what the callback returns', async () => {
  const real = new Store((call) => call())
  const store = protect(real, breaker)
  const got: unknown[] = []
  for (const key of ['bad', 'one', 'bad', 'two']) {
    await store.send(key, (error, value) => {
      got.push(error ?? value)
    })
  }
  breaker.trip()
  void store.send('three', (error, _value) => got.push(error))
  await turns()

  expect(got.at(-1)).toBeInstanceOf(CircuitOpenError)
  expect(got).toHaveLength(5)
  expect(real.ran).toBe(4)
  expect(breaker.snapshot().counts).toMatchObject({ success: 3, failure: 1 })
  expect(unhandled).toEqual([])
})

/** Functions that are no callbacks. */
const client = {
  run: async (_text: string) => {},
  reject: (action: (...args: unknown[]) => void): Promise<unknown> => {
    action()
    return Promise.reject(undefined)
  },
  rejectWith: (action: (...args: unknown[]) => void): Promise<unknown> => {
    action('key')
    return Promise.reject('key')
  },
  each: (visit: (...args: unknown[]) => void): Promise<unknown> => {
    visit(null, 0)
    return Promise.resolve(undefined)
  },
  retry: (onRetry: (...args: unknown[]) => void): Promise<unknown> => {
    const error = new Error('down')
    onRetry(new Error('down before'), 1)
    onRetry(error, 2)
    return Promise.reject(error)
  },
  transaction: async (action: (...args: unknown[]) => unknown): Promise<unknown> => {
    await turn()
    return action({ commit: 1 }, 'options')
  },
}

describe.each(['reject', 'rejectWith', 'each', 'retry', 'transaction'] as const)(
  'the function that %s takes',
  (name) => {
    it('is never called with the error, in calls one by one or at once', async () => {
      const guarded = protect(client, breaker)
      const action = vi.fn()
      const fn = (first: unknown, second: unknown, ...more: unknown[]) =>
        void action(first, second, ...more)
      for (let i = 0; i < 3; i++) await guarded[name](fn).catch(() => {})
      for (let i = 0; i < 3; i++)
        await Promise.all([1, 2].map(() => guarded[name](fn).catch(() => {})))
      await turns()
      breaker.trip()
      const { length } = action.mock.calls
      await guarded[name](fn).catch(() => {})
      await turns()

      expect(action).toHaveBeenCalledTimes(length)
    })
  },
)

describe('a listener', () => {
  type Listener = (...message: [unknown, string]) => void
  const create = () => {
    const listeners = new Map<string, Set<Listener>>()
    const of = (channel: string): Set<Listener> =>
      listeners.get(channel) ?? listeners.set(channel, new Set()).get(channel) ?? new Set()
    return {
      subscribe: (channel: string, listener: Listener) => {
        of(channel).add(listener)
        return Promise.resolve()
      },
      unsubscribe: (channel: string, listener: Listener) => {
        of(channel).delete(listener)
        return Promise.resolve()
      },
      publish: (channel: string, message: unknown) => {
        for (const listener of of(channel)) listener(message, channel)
      },
      count: () => [...listeners.values()].reduce((sum, { size }) => sum + size, 0),
    }
  }

  it.each([[undefined], [['subscribe']], [['unsubscribe']], [['subscribe', 'unsubscribe']]])(
    'can be removed from all that it was added to, listed: %j',
    async (methods) => {
      const real = create()
      const guarded = protect(real, breaker, { methods })
      const got: unknown[] = []
      const some: Listener[] = [
        () => got.push(0),
        (_message) => got.push(1),
        (_message, _channel) => got.push(2),
      ]
      for (const channel of ['a', 'b', 'c']) {
        for (const listener of some) await guarded.subscribe(channel, listener)
      }
      real.publish('a', undefined)
      for (const channel of ['a', 'b', 'c']) {
        for (const listener of some) await guarded.unsubscribe(channel, listener)
      }

      expect(got).toEqual([0, 1, 2])
      expect(real.count()).toBe(0)
    },
  )

  it('can be removed that was added to the client itself', async () => {
    const real = create()
    const guarded = protect(real, breaker)
    const listeners: Listener[] = [1, 2, 3].map(() => (_message, _channel) => {})
    for (const listener of listeners) await real.subscribe('a', listener)
    for (const listener of listeners) await guarded.unsubscribe('a', listener)

    expect(real.count()).toBe(0)
  })
})

it('leaves a function as it is that may be called with `new`', async () => {
  const given: unknown[] = []
  const mapper = protect(
    {
      load: async (type: unknown) => {
        given.push(type)
      },
    },
    breaker,
  )
  function User(this: object): void {}
  function Group(this: object): void {}
  for (const type of [User, Group]) await mapper.load(type)

  expect(given).toEqual([User, Group])
})

describe('what is awaited like a promise and is returned besides a callback', () => {
  it('does not keep the callback from being called', async () => {
    const started = vi.fn()
    const search = (_text: string, callback?: Callback) => {
      started()
      if (callback !== undefined) queueMicrotask(() => callback(null, 'found'))
      const answer = Promise.resolve('found')
      return {
        // biome-ignore lint/suspicious/noThenProperty: it is a thenable.
        then: answer.then.bind(answer),
        abort: () => {},
      }
    }
    const guarded = protect({ search }, breaker)
    breaker.on('listenerError', () => {})
    const got: unknown[] = []
    for (let i = 0; i < 3; i++) {
      void guarded.search('a', (_error, value) => got.push(value))
      await turns()
    }
    breaker.trip()
    void guarded.search('a', (_error, value) => got.push(value))
    await turns()

    expect(got).toEqual(['found', 'found', 'found', 'found'])
    expect(breaker.snapshot().counts.admitted).toBe(0)
  })
})

describe('methods that are listed', () => {
  class File {
    ran = 0
    read(callback: Callback): void {
      this.ran++
      callback(null, 'text')
    }
    stat(): Promise<string> {
      this.ran++
      return Promise.resolve('stat')
    }
  }
  class Bucket {
    readonly file0 = new File()
    file(): File {
      return this.file0
    }
  }
  class Storage {
    readonly bucket0 = new Bucket()
    bucket(): Bucket {
      return this.bucket0
    }
  }

  it('may be of what another one returns', async () => {
    const real = new Storage()
    const guarded = protect(real, breaker, { methods: ['bucket().file().read'] })
    const got: unknown[] = []
    const read = () =>
      guarded
        .bucket()
        .file()
        .read((error, value) => got.push(error ?? value))
    read()
    breaker.trip()
    read()
    await turns()

    expect(got).toEqual(['text', expect.any(CircuitOpenError)])
    expect(await guarded.bucket().file().stat()).toBe('stat')
    expect(real.bucket0.file0.ran).toBe(2)
    expect(breaker.snapshot().counts).toMatchObject({ admitted: 1, success: 1 })
  })

  it('may return what begins later, by whose methods a rejected call ends', async () => {
    const sent = vi.fn(async () => 'list')
    class Request {
      promise(): Promise<string> {
        return sent()
      }
    }
    const real = {
      list: (callback?: Callback): Request => {
        if (callback !== undefined) callback(null, 'list')
        return new Request()
      },
    }
    const guarded = protect(real, breaker, { methods: ['list'] })
    expect(await guarded.list().promise()).toBe('list')
    breaker.trip()

    expect(await reasonOf(guarded.list().promise())).toBeInstanceOf(CircuitOpenError)
    expect(sent).toHaveBeenCalledTimes(1)
  })
})
