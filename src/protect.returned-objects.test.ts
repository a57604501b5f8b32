import { PassThrough, Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { inspect } from 'node:util'
import { beforeEach, describe, expect, it } from 'vitest'
import { Store } from '../test/clients/store.ts'
import { reasonOf, turn } from '../test/helpers/public.ts'
import { CircuitBreaker, CircuitOpenError, CircuitRegistry, protect } from './index.ts'

let breaker: CircuitBreaker
let real: Store
let store: Store
beforeEach(() => {
  breaker = new CircuitBreaker({ maxFailures: 2, resetTimeout: 60_000 })
  real = new Store()
  store = protect(real, breaker)
})

function counts() {
  const { admitted, success, failure, cancelled, rejected } = breaker.snapshot().counts
  return [admitted, success, failure, cancelled, rejected.open]
}

describe('an object that a client returns', () => {
  it('is guarded in chains', async () => {
    await store.batch().put('a', 1).put('b', 2).exec()
    expect(counts()).toEqual([1, 1, 0, 0, 0])
    breaker.trip()

    expect(await reasonOf(store.batch().put('c', 3).exec())).toBeInstanceOf(CircuitOpenError)
    expect(real.size).toBe(2)
  })

  it('is guarded when it is a builder that runs when it is awaited', async () => {
    await store.put('b', 2)
    const query = store.select('a').where('b')
    expect(query.ran).toBe(0)

    expect(await query).toBe(2)
    expect(counts()).toEqual([2, 2, 0, 0, 0])
    breaker.trip()
    expect(await reasonOf(store.select('a'))).toBeInstanceOf(CircuitOpenError)
    expect(await query.catch((error: unknown) => error)).toBeInstanceOf(CircuitOpenError)
    expect(query.ran).toBe(1)
  })

  it('is guarded when it is a connection with methods of the client', async () => {
    const registry = new CircuitRegistry()
    const connection = await protect(real, registry, { name: 'db' }).connect()

    expect(await connection.get('a')).toBe('got a')
    expect([...registry].map(({ name }) => name)).toEqual(['db.connect', 'db.get'])
  })

  it('is returned unchanged when it is data', async () => {
    const user = await store.user()

    expect(structuredClone({ ...user })).toEqual({ name: 'Ada' })
    expect(inspect(user)).toBe("User { name: 'Ada' }")
    expect(user.greet()).toBe('I am Ada')
  })

  it('is guarded in nested namespaces', async () => {
    const api = {
      v1: { users: { list: async () => ['Ada'], limit: 5 } },
      url: new URL('http://a/'),
    }
    const client = protect(api, breaker)
    const { signal } = new AbortController()
    Object.assign(api, { signal, data: [1], when: new Date(0), map: new Map() })

    expect(await client.v1.users.list()).toEqual(['Ada'])
    expect(client.v1.users).toBe(client.v1.users)
    expect(client.v1.users.limit).toBe(5)
    for (const key of ['url', 'signal', 'data', 'when', 'map']) {
      expect(client[key as 'url']).toBe(api[key as 'url'])
    }
    breaker.trip()
    expect(await reasonOf(client.v1.users.list())).toBeInstanceOf(CircuitOpenError)
  })

  it('is guarded when the client is a function, with methods or without', async () => {
    const request = Object.assign(async (path: string) => path, {
      get: async (path: string) => path,
    })
    const client = protect(request, breaker)
    expect(await client('/')).toBe('/')
    expect(await client.get('/x')).toBe('/x')
    breaker.trip()

    expect(await reasonOf(client('/'))).toBeInstanceOf(CircuitOpenError)
    expect(await reasonOf(client.get('/'))).toBeInstanceOf(CircuitOpenError)
  })

  it('is guarded when its methods are created as they are looked up', async () => {
    const create = (path: string): never =>
      new Proxy(async () => path, {
        get: (target, key) =>
          typeof key === 'symbol' || key in target
            ? Reflect.get(target, key)
            : create(`${path}.${key}`),
      }) as never
    const client: { users: { list: () => Promise<string> } } = protect(create('api'), breaker)
    expect(await client.users.list()).toBe('api.users.list')
    breaker.trip()

    expect(await reasonOf(client.users.list())).toBeInstanceOf(CircuitOpenError)
  })

  it('is guarded even if the client is frozen', async () => {
    const frozen = Object.freeze({
      get: () => Promise.resolve(1),
      inner: Object.freeze({ get: () => Promise.resolve(2) }),
    })
    const client = protect(frozen, breaker)
    expect([await client.get(), await client.inner.get()]).toEqual([1, 2])
    breaker.trip()

    expect(await reasonOf(client.get())).toBeInstanceOf(CircuitOpenError)
    expect(await reasonOf(client.inner.get())).toBeInstanceOf(CircuitOpenError)
    expect(Object.keys(client)).toEqual(['get', 'inner'])
    expect(Object.getOwnPropertyDescriptor(client, 'get')?.writable).toBe(false)
    expect(() => Object.assign(client, { get: 1 })).toThrow(TypeError)
  })
})

describe('a client that is frozen after it was protected', () => {
  const list = () => Promise.resolve(['Ada'])

  it.each([
    ['an object', () => ({ users: { list }, list })],
    ['a function', () => Object.assign(() => list(), { users: { list }, list })],
    [
      'an instance',
      () =>
        new (class {
          users = { list }
          list = list
        })(),
    ],
  ])('is guarded if it is %s', async (_, create) => {
    const client = create()
    const api = protect(client, breaker)
    expect([await api.users.list(), await api.list()]).toEqual([['Ada'], ['Ada']])
    Object.freeze(client)
    Object.freeze(client.users)
    breaker.trip()

    expect(await reasonOf(api.users.list())).toBeInstanceOf(CircuitOpenError)
    expect(await reasonOf(api.list())).toBeInstanceOf(CircuitOpenError)
    expect(Object.keys(api)).toEqual(Object.keys(client))
    expect(inspect(api)).toBe(inspect(client))
  })

  it('says that it cannot be frozen by way of the guarded one', () => {
    const api = protect({ list }, breaker)

    expect(() => Object.freeze(api)).toThrow('freeze or seal the client itself')
    expect(() => Object.seal(api)).toThrow('freeze or seal the client itself')
    expect(Object.isFrozen(api)).toBe(false)
  })

  it('says that it cannot be given a fixed method by way of the guarded one', async () => {
    const api: { list?: typeof list; next: typeof list; limit?: number } = protect(
      { next: list },
      breaker,
    )

    expect(() => Object.defineProperty(api, 'list', { value: list })).toThrow(
      'define "list" on the client itself',
    )
    expect(api.list).toBeUndefined()
    Object.defineProperty(api, 'limit', { value: 5 })
    Object.defineProperty(api, 'next', { value: list, configurable: false })
    expect(Object.getOwnPropertyDescriptor(api, 'limit')).toMatchObject({
      value: 5,
      writable: false,
    })
    expect(Reflect.deleteProperty(api, 'limit')).toBe(false)
    await api.next()
    breaker.trip()
    expect(await reasonOf(api.next())).toBeInstanceOf(CircuitOpenError)
  })
})

describe('streams of a client', () => {
  const drain = async (source: AsyncIterable<unknown>): Promise<unknown[]> => {
    const items: unknown[] = []
    for await (const item of source) items.push(item)
    return items
  }

  it('hold the permit from the first item to the end', async () => {
    await real.put('a', 1)
    const keys = store.keys()
    expect(breaker.snapshot().inFlight).toBe(0)
    await keys.next()
    expect(breaker.snapshot().inFlight).toBe(1)

    expect(await drain(keys)).toEqual([])
    expect(counts()).toEqual([1, 1, 0, 0, 0])
  })

  it('may be plain objects', async () => {
    const client = protect(
      {
        pages: (failing: boolean) => ({
          [Symbol.asyncIterator]: () => ({
            next: async () => {
              if (failing) throw new Error('down')
              return { done: true, value: undefined }
            },
          }),
        }),
      },
      breaker,
    )
    await drain(client.pages(false))
    expect((await reasonOf(drain(client.pages(true)))) as Error).toMatchObject({ message: 'down' })
    expect(counts()).toEqual([2, 1, 1, 0, 0])
    breaker.trip()

    expect(await reasonOf(drain(client.pages(false)))).toBeInstanceOf(CircuitOpenError)
  })

  it('are rejected at their first item, or at once if they start without being iterated', async () => {
    await drain(store.read())
    breaker.trip()
    const errors: unknown[] = []

    expect(await reasonOf(store.keys().next())).toBeInstanceOf(CircuitOpenError)
    expect(await reasonOf(drain(store.keys()))).toBeInstanceOf(CircuitOpenError)
    expect(await reasonOf(drain(store.read()))).toBeInstanceOf(CircuitOpenError)
    store.read().on('error', (error) => errors.push(error))
    await turn()
    expect(errors).toEqual([expect.any(CircuitOpenError)])
  })

  it('end their call however they are read', async () => {
    await real.put('a', 1)
    const chunks: unknown[] = []
    await pipeline(store.read(), async (source) => {
      for await (const chunk of source) chunks.push(chunk)
    })
    await new Promise((resolve) => {
      store
        .read()
        .on('data', (chunk) => chunks.push(chunk))
        .on('close', resolve)
    })

    expect(chunks).toEqual(['a', 'a'])
    expect(counts()).toEqual([2, 2, 0, 0, 0])
  })

  it('are failures when they die, and have their methods when they are rejected', async () => {
    const client = protect(
      { read: () => Readable.from(dying()), download: () => ReadableStream.from(dying()) },
      breaker,
    )
    await reasonOf(pipeline(client.read(), new PassThrough().resume()))
    await reasonOf(client.download().pipeTo(new WritableStream()))

    expect(breaker.state).toBe('open')
    const rejections = [
      reasonOf(pipeline(client.read(), new PassThrough().resume())),
      reasonOf(
        client
          .read()
          .map((item) => item)
          .toArray(),
      ),
      reasonOf(client.download().getReader().read()),
      reasonOf(new Response(client.download()).text()),
    ]
    for (const rejection of rejections) expect(await rejection).toBeInstanceOf(CircuitOpenError)
  })

  it('that are not read have succeeded', async () => {
    store.read()
    await turn()
    await turn()

    expect(counts()).toEqual([1, 1, 0, 0, 0])
    expect(breaker.snapshot().inFlight).toBe(0)
  })

  it('may be the client itself, whose methods are no streams', async () => {
    const socket = protect(new PassThrough(), breaker)

    expect(socket.on('data', () => {}).on('end', () => {})).toBe(socket)
    expect(counts()).toEqual([0, 0, 0, 0, 0])
  })
})

async function* dying(): AsyncGenerator<Uint8Array> {
  yield new Uint8Array(1)
  throw new Error('connection lost')
}
