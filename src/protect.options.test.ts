import { beforeEach, describe, expect, it } from 'vitest'
import { Store } from '../test/clients/store.ts'
import { reasonOf } from '../test/helpers/public.ts'
import { CircuitBreaker, CircuitOpenError, CircuitRegistry, protect } from './index.ts'

let breaker: CircuitBreaker
let real: Store
beforeEach(() => {
  breaker = new CircuitBreaker({ maxFailures: 2, resetTimeout: 60_000 })
  real = new Store()
})

describe('the options of protect', () => {
  it('guard only the methods that are listed, by name, path or namespace', async () => {
    const api = {
      get: async () => 1,
      put: async () => 2,
      users: { list: async () => 3, sum: async () => 4 },
    }
    const some = protect(api, breaker, { methods: ['get', 'users.list'] })
    const users = protect(api, breaker, { methods: ['users'] })
    breaker.trip()

    expect(await reasonOf(some.get())).toBeInstanceOf(CircuitOpenError)
    expect(await some.put()).toBe(2)
    expect(await reasonOf(some.users.list())).toBeInstanceOf(CircuitOpenError)
    expect(await some.users.sum()).toBe(4)
    expect(await users.get()).toBe(1)
    expect(await reasonOf(users.users.sum())).toBeInstanceOf(CircuitOpenError)
  })

  it('do not guard excepted methods, nor the chains that begin with them', async () => {
    const some = protect(real, breaker, { except: ['put', 'batch', 'keys', 'select'] })
    breaker.trip()

    expect(await some.put('a', 1)).toBe(some)
    expect(await some.batch().put('b', 1).exec()).toHaveLength(1)
    expect(await some.select('a')).toBe(1)
    expect(await (some.keys() as AsyncGenerator).next()).toMatchObject({ value: 'a' })
  })

  it('guard a listed method from its first call on, and await its thenable', async () => {
    const listed = protect(real, breaker, { methods: ['get', 'select'] })
    await real.put('a', 1)
    expect(await listed.select('a')).toBe(1)
    breaker.trip()

    expect(await reasonOf(listed.get('a'))).toBeInstanceOf(CircuitOpenError)
    expect(await reasonOf(listed.select('a'))).toBeInstanceOf(CircuitOpenError)
    expect(real.ran).toBe(1)
  })

  it.each([
    [
      { methods: ['gett'] },
      'methods names "gett", which the client doesn\'t have; did you mean "get"?',
    ],
    [{ methods: [''] }, 'methods names "", which the client doesn\'t have'],
    [{ except: [1] }, 'except must be an array of names, got 1'],
    [{ methods: 'get' }, 'methods must be an array of names, got "get"'],
    [{ method: [] }, 'unknown option "method" (in options); did you mean "methods"?'],
    [{ name: '' }, 'name must be a string that is not empty, got ""'],
  ])('throw for %j', (options, message) => {
    expect(() => protect(real, breaker, options as never)).toThrow(message)
  })

  it('name what a client of namespaces does not have, or what cannot be guarded', () => {
    const client = {
      limit: 5,
      version: '1',
      Users: class {},
      users: { list: async () => [], none: null, by: undefined },
      of: (_id: number) => ({ get: async () => 1 }),
      get later(): never {
        throw new Error('not connected')
      },
    }
    const wrong =
      (...methods: string[]) =>
      () =>
        protect(client, breaker, { methods })

    expect(wrong('users.lsit')).toThrow(
      'methods names "users.lsit", which the client doesn\'t have; did you mean "list"?',
    )
    expect(wrong('limit')).toThrow(
      'methods names "limit", which is neither a method nor a namespace',
    )
    expect(wrong('users.list', 'version')).toThrow('methods names "version"')
    expect(wrong('Users')).toThrow(
      'methods names "Users", which is a class: protect what it creates',
    )
    expect(wrong('users.list', 'of().get', 'users.none.x', 'users.by', 'later.a')).not.toThrow()
  })

  it('leave the thenable of a listed method its own methods, and await it when its caller does', async () => {
    let awaited = 0
    const search = () => {
      const promise = Promise.resolve('found')
      return {
        // biome-ignore lint/suspicious/noThenProperty: it is awaited.
        then: ((...args) => {
          awaited += 1
          return promise.then(...args)
        }) as typeof promise.then,
        abort: () => 'aborted',
      }
    }
    const client = protect({ search }, breaker, { methods: ['search'] })
    expect(client.search().abort()).toBe('aborted')
    expect(awaited).toBe(0)
    expect(await client.search()).toBe('found')
    expect(awaited).toBe(1)
    expect(breaker.snapshot().counts).toMatchObject({ success: 1, cancelled: 1 })
    breaker.trip()

    expect(await reasonOf(client.search())).toBeInstanceOf(CircuitOpenError)
    expect(() => client.search().abort()).not.toThrow()
  })

  it('declare what a method returns, for calls that are rejected before any has run', async () => {
    const get = (path: string) => {
      const promise = Promise.resolve(path)
      return Object.assign(promise, {
        json: () => promise.then((text) => JSON.parse(text) as unknown),
        stream: () => ({ items: () => promise }),
      })
    }
    const client = protect({ get }, breaker, { methods: ['get', 'get().json', 'get().stream()'] })
    breaker.forceOpen()
    const first = client.get('1')
    const uses = [first, client.get('1').json(), client.get('1').stream() as never]
    for (const use of uses) expect(await reasonOf(use)).toBeInstanceOf(CircuitOpenError)
    expect(first).not.toHaveProperty('text')
    breaker.release()

    expect(await client.get('1').json()).toBe(1)
    expect(await client.get('1').stream().items()).toBe('1')
  })

  it('guard a client that is a function from its first call on, by the empty name', async () => {
    let ran = 0
    const load = (path: string) => {
      ran += 1
      return Promise.resolve(path)
    }
    const client = protect(Object.assign(load, { get: async () => 1 }), breaker, { methods: [''] })
    breaker.trip()

    expect(await reasonOf(client('/'))).toBeInstanceOf(CircuitOpenError)
    expect(await client.get()).toBe(1)
    expect(ran).toBe(0)
  })

  it('take namespaces that answer to any name', async () => {
    const users: { list(): Promise<number> } = new Proxy({} as never, {
      get: (_, name) => (name === 'list' ? async () => 1 : undefined),
      ownKeys: () => ['list'],
      getOwnPropertyDescriptor: () => ({ value: async () => 1, configurable: true }),
    })
    const client = protect({ users }, breaker, { methods: ['users.list'] })
    breaker.trip()

    expect(await reasonOf(client.users.list())).toBeInstanceOf(CircuitOpenError)
  })

  it.each([
    [undefined, 'client must be an object or a function'],
    ['text', 'client must be an object or a function'],
  ])('throw for the client %j', (client, message) => {
    expect(() => protect(client as never, breaker)).toThrow(message)
  })

  it('throw for a value that is not a breaker', () => {
    expect(() => protect(real, {} as never)).toThrow(
      'breaker must be a CircuitBreaker or a CircuitRegistry, got an object',
    )
  })
})

describe('protect(client, registry)', () => {
  it('creates a breaker for each method when it is first called', async () => {
    const registry = new CircuitRegistry({ defaults: { maxFailures: 1 } })
    const split = protect(real, registry)
    split.peek('a')
    await reasonOf(split.fail())
    await reasonOf(split.fail())

    expect(await split.get('a')).toBeUndefined()
    expect([...registry].map(({ name, state }) => [name, state])).toEqual([
      ['Store.fail', 'open'],
      ['Store.get', 'closed'],
    ])
  })

  it('shares breakers between clients of the same name only', async () => {
    const registry = new CircuitRegistry()
    for (const name of ['db', 'db', undefined, undefined]) {
      await protect(new Store(), registry, { name }).get('a')
    }

    expect([...registry].map(({ name }) => name)).toEqual(['db.get', 'Store.get', 'Store#2.get'])
    expect(registry.get('db.get')?.snapshot().counts.success).toBe(2)
  })
})

describe('the options and their lists of names', () => {
  it('are read once: what was checked is what applies', async () => {
    const reads: PropertyKey[] = []
    const counting = <T extends object>(target: T): T =>
      new Proxy(target, {
        get: (object, key) => {
          if (typeof key === 'string' && key !== 'length') reads.push(key)
          return Reflect.get(object, key)
        },
      })
    const breaker = new CircuitBreaker()
    const client = { find: async () => 1, list: async () => 2 }
    const options = counting({ methods: counting(['find', 'list']), except: ['list'], name: 'a' })
    const guarded = protect(client, breaker, options)
    await guarded.find()
    await guarded.list()

    expect(reads.sort()).toEqual(['0', '1', 'except', 'methods', 'name'])
    expect(breaker.snapshot().counts.admitted).toBe(1)
  })
})
