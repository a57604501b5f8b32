import { beforeEach, describe, expect, it, vi } from 'vitest'
import { createBreaker, reasonOf, turn } from '../test/helpers/public.ts'
import {
  CallTimeoutError,
  type CircuitBreaker,
  CircuitOpenError,
  CircuitRegistry,
  protect,
} from './index.ts'

let breaker: CircuitBreaker
beforeEach(() => {
  ;({ breaker } = createBreaker())
})

const counts = () => breaker.snapshot().counts
const isRejected = async (call: unknown): Promise<void> =>
  expect(await reasonOf(call as Promise<unknown>)).toBeInstanceOf(CircuitOpenError)

describe('what a client returns is the guarded object', () => {
  class Client {
    static configured = 0
    static configure(): typeof Client {
      Client.configured++
      return Client
    }
    static #only: Client | undefined
    readonly #kept = new Map<string, unknown>()
    readonly users = { find: async (id: string) => id }
    constructor() {
      // biome-ignore lint/correctness/noConstructorReturn: so do clients of which there is one.
      if (Client.#only !== undefined) return Client.#only
      Client.#only = this
    }
    ready = async () => this.users
    keep(values: ReadonlyMap<string, unknown>): void {
      for (const [key, value] of values) this.#kept.set(key, value)
    }
    take = (key: string) => this.#kept.get(key)
    takeLater = async (key: string) => this.#kept.get(key)
    withLogger = () => new Logger()
  }
  class Logger {
    log = (): void => {}
  }

  it('where it has that one already, whatever kind of object it is', async () => {
    const client = protect(new Client(), breaker)
    const { users } = client

    expect(await client.ready()).toBe(users)
  })

  it('where it is a class that returns itself', () => {
    const Guarded = protect(Client, breaker)

    expect(Guarded.configure()).toBe(Guarded)
    expect(Client.configured).toBe(1)
  })

  it('where it is a class of which there is one object', () => {
    const Guarded = protect(Client, breaker)

    expect(new Guarded()).toBe(new Guarded())
  })

  it('where it was handed that one itself, which is not guarded once more', async () => {
    const client = protect(new Client(), breaker)
    client.keep(new Map([['client', client]]))

    expect(client.take('client')).toBe(client)
    expect(await client.takeLater('client')).toBe(client)
  })
})

describe('a client that another one returns', () => {
  class Client {
    closed = 0
    find = async (id: string) => id
    child = (): Client => new Client()
    connect = async (): Promise<Client> => new Client()
    helper = () => ({ find: async (id: string) => id })
    close = async (): Promise<void> => {
      this.closed++
    }
  }

  it('has the breakers of its methods in common with it', async () => {
    const registry = new CircuitRegistry()
    const client = protect(new Client(), registry, { name: 'db' })
    await client.child().child().find('a')
    await client.helper().find('b')

    expect([...registry.names()]).toEqual(['db.find', 'db.helper().find'])
  })

  it.each(['child', 'connect'] as const)(
    'can be closed while the circuit is open: %s',
    async (method) => {
      const other = await protect(new Client(), breaker)[method]()
      breaker.trip()
      await other.close()

      expect(other.closed).toBe(1)
      await isRejected(other.find('a'))
    },
  )

  it('is none where both are plain objects', async () => {
    const registry = new CircuitRegistry()
    const client = protect({ users: () => ({ find: async () => 'a' }) }, registry, { name: 'db' })
    await client.users().find()

    expect([...registry.names()]).toEqual(['db.users().find'])
  })
})

it('forgets what methods have returned when there are too many, as of a client that makes names up', async () => {
  const ran = vi.fn(() => Promise.resolve())
  const client = protect(
    new Proxy({} as Record<string, () => Promise<void>>, { get: () => ran }),
    breaker,
  )
  await client['first']?.()
  breaker.trip()
  await isRejected(client['first']?.())
  expect(ran).toHaveBeenCalledTimes(1)

  for (let i = 0; i < 10_000; i++) void client[`method ${i}`]?.()
  ran.mockClear()
  // As the first call of any method.
  await client['first']?.()
  expect(ran).toHaveBeenCalledTimes(1)
})

describe('a transaction that a client returns without a promise', () => {
  class Transaction {
    query = async (text: string) => text
    commit = async () => {}
    rollback = async () => {}
  }

  it('is not rejected on its way, and its calls count', async () => {
    const transaction = protect({ begin: () => new Transaction() }, breaker).begin()
    await transaction.query('a')
    expect(counts()).toMatchObject({ admitted: 1, success: 1 })
    breaker.trip()

    expect(await transaction.query('b')).toBe('b')
    expect(counts()).toMatchObject({ admitted: 1, rejected: { open: 0 } })
  })

  it('holds the permit of a stream of it from when its iteration begins', async () => {
    const { breaker, clock } = createBreaker()
    class Streaming extends Transaction {
      rows = (): AsyncIterable<string> => ({
        [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new Error('down')) }),
      })
    }
    const rows = protect({ begin: () => new Streaming() }, breaker)
      .begin()
      .rows()
    const iterator = rows[Symbol.asyncIterator]()
    await clock.advance(0)
    expect(breaker.snapshot()).toMatchObject({ inFlight: 1, counts: { success: 0 } })
    await reasonOf(iterator.next())

    expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts: { admitted: 1, failure: 1 } })
  })

  it('tells how long its calls take', async () => {
    const { breaker, clock } = createBreaker()
    class Slow extends Transaction {
      wait = () => new Promise<void>((resolve) => clock.setTimer(50, resolve))
    }
    const durations: unknown[] = []
    breaker.on('success', ({ duration }) => durations.push(duration))
    const waited = protect({ begin: () => new Slow() }, breaker)
      .begin()
      .wait()
    await clock.advance(50)
    await waited

    expect(durations).toEqual([50])
  })

  it('counts the statement that ends it', async () => {
    const client = protect({ query: async (text: string) => text }, breaker)
    await client.query('COMMIT')
    expect(counts()).toMatchObject({ admitted: 1, success: 1 })
    breaker.trip()

    expect(await client.query('COMMIT')).toBe('COMMIT')
  })

  it('ends a call at its timeout, and aborts it', async () => {
    const { breaker, clock } = createBreaker({ callTimeout: 100 })
    const signals: AbortSignal[] = []
    const hang = (signal: AbortSignal): Promise<never> => {
      signals.push(signal)
      return new Promise(() => {})
    }
    class Hanging extends Transaction {
      hang = (signal: AbortSignal): Promise<unknown> =>
        signal.aborted ? Promise.resolve() : hang(signal)
    }
    const transaction = protect({ begin: () => new Hanging() }, breaker).begin()
    // From now on it is known to return promises.
    await transaction.hang(AbortSignal.abort())
    const reason = reasonOf(transaction.hang(new AbortController().signal))
    await clock.advance(100)

    expect(await reason).toBeInstanceOf(CallTimeoutError)
    expect(signals.map(({ aborted }) => aborted)).toEqual([true])
  })
})

describe('a method that is passed a signal', () => {
  it.each([[undefined], [null], [1], ['text']])('may return %o', (value) => {
    const client = protect({ get: (_signal: AbortSignal) => value }, breaker)

    expect(client.get(new AbortController().signal)).toBe(value)
  })
})

describe('a promise that is a part of another call', () => {
  it('is no call by itself', async () => {
    const send = (): Promise<string> => Promise.resolve('sent')
    const lazy = () =>
      // biome-ignore lint/suspicious/noThenProperty: as the promises of such clients.
      Object.assign(new Promise<string>(() => {}), { then: (...args: []) => send().then(...args) })
    const client = protect({ sql: lazy, batch: async (_parts: unknown[]) => 'sent' }, breaker)
    await client.batch([client.sql()])
    const before = counts()
    await client.batch([client.sql(), client.sql()])
    await turn()

    expect(counts()).toMatchObject({ admitted: before.admitted + 1, cancelled: before.cancelled })
  })
})

describe('a source of items', () => {
  const items = {
    [Symbol.asyncIterator]: () => ({ next: async () => ({ done: true, value: undefined }) }),
  }
  async function* generate(): AsyncGenerator<unknown> {}

  it.each([
    ['is not asked for where its method is known to return one', () => items, 0],
    ['is asked for where it is a generator, which does nothing before its first item', generate, 1],
  ])('%s', async (_, list, ran) => {
    const called = vi.fn(list as () => AsyncIterable<unknown>)
    const client = protect({ list: () => called() }, breaker)
    for await (const _item of client.list()) expect.fail('it is empty')
    breaker.trip()
    called.mockClear()
    const source = client.list()

    expect(called).toHaveBeenCalledTimes(ran)
    await isRejected(source[Symbol.asyncIterator]().next())
  })

  it('is left alone where it is a member that is not to be guarded', async () => {
    const client = protect({ items }, breaker, { except: ['items'] })
    breaker.trip()

    for await (const _item of client.items) expect.fail('it is empty')
    expect(counts()).toMatchObject({ admitted: 0, rejected: { open: 0 } })
  })

  it('is left alone where its method is not to be guarded', async () => {
    const client = protect({ list: () => items }, breaker, { except: ['list'] })
    breaker.trip()

    for await (const _item of client.list()) expect.fail('it is empty')
    expect(counts()).toMatchObject({ admitted: 0, rejected: { open: 0 } })
  })
})

describe('a rejected call of a method that returns plain promises', () => {
  it.each([[undefined], [['get']]])(
    'returns one without further members, listed: %j',
    async (methods) => {
      const client = protect({ get: () => Promise.resolve('a') }, breaker, { methods })
      for (let i = 0; i < 2; i++) await client.get()
      breaker.trip()
      const rejection = client.get()

      expect(
        (rejection as { [Symbol.asyncIterator]?: unknown })[Symbol.asyncIterator],
      ).toBeUndefined()
      expect(Object.getPrototypeOf(rejection)).toBe(Promise.prototype)
      await isRejected(rejection)
    },
  )
})

/** As query builders are: it runs when it is awaited. */
class Query {
  // biome-ignore lint/suspicious/noThenProperty: it is awaited.
  then(resolve: (value: string) => void): void {
    resolve('a')
  }
  where(): void {}
}

it('calls a fallback for what is awaited later with no arguments of the caller', async () => {
  const fallback = vi.fn((..._all: unknown[]) => 'instead' as never)
  const { breaker } = createBreaker({ fallback })
  const client = protect({ select: () => new Query() }, breaker)
  breaker.trip()

  expect(await client.select()).toBe('instead')
  expect(fallback.mock.calls).toEqual([[expect.any(CircuitOpenError)]])
})

it('calls a fallback for what is iterated later with no arguments of the caller', async () => {
  const fallback = vi.fn((..._all: unknown[]) => generate() as never)
  async function* generate(): AsyncGenerator<string> {
    yield 'instead'
  }
  const { breaker } = createBreaker({ fallback })
  const client = protect({ list: (_page: number) => generate() }, breaker)
  const list = client.list(1)
  breaker.trip()

  expect(await list.next()).toEqual({ done: false, value: 'instead' })
  expect(fallback.mock.calls).toEqual([[expect.any(CircuitOpenError)]])
})
