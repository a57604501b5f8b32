import { beforeEach, describe, expect, it } from 'vitest'
import { createBreaker, reasonOf } from '../test/helpers/public.ts'
import { type CircuitBreaker, CircuitOpenError, protect } from './index.ts'

let breaker: CircuitBreaker
beforeEach(() => {
  ;({ breaker } = createBreaker())
})

const admitted = (): number => breaker.snapshot().counts.admitted

describe('the members of a client that are no methods of its target', () => {
  it('are what they are: constructors, prototypes and classes', () => {
    function Old(this: unknown): void {}
    Old.prototype.get = async () => 'answer'
    class Model {}
    const old = protect(Reflect.construct(Old, []) as { constructor: unknown }, breaker)
    const factory = protect(Old as unknown as { prototype: unknown }, breaker)
    const client = protect({ Model, get: async () => 'answer' }, breaker)

    expect(old.constructor).toBe(Old)
    expect(factory.prototype).toBe(Old.prototype)
    expect(client.Model).toBe(Model)
    expect(new client.Model()).toBeInstanceOf(Model)
  })

  it('are those of every function, where the client is one', async () => {
    const client = protect(
      Object.assign(async (id: number) => id, { get: async () => 'answer' }),
      breaker,
    )

    expect([client.bind, client.call, client.apply]).toEqual([
      Function.prototype.bind,
      Function.prototype.call,
      Function.prototype.apply,
    ])
    expect(await client.call(undefined, 5)).toBe(5)
    expect(await client.bind(undefined, 6)()).toBe(6)
    expect(admitted()).toBe(2)
  })

  it('are called by the language, where symbols name them, and are not guarded', async () => {
    class Client {
      readonly #items = [1, 2]
      async [Symbol.for('close')](): Promise<number> {
        return this.#items.length
      }
      *[Symbol.iterator](): Iterator<number> {
        yield* this.#items
      }
      [Symbol.toPrimitive](): string {
        return `client of ${this.#items.length}`
      }
    }
    const client = protect(new Client(), breaker)

    expect([...client]).toEqual([1, 2])
    expect(`${client as unknown as string}`).toBe('client of 2')
    const closed = (client as unknown as Record<symbol, () => unknown>)[Symbol.for('close')]?.()
    expect(await closed).toBe(2)
    expect(admitted()).toBe(0)
  })
})

describe('a method of a client', () => {
  it('may be a namespace as well, also one that can not be changed', async () => {
    const api = { list: async () => 'listed' }
    const get = Object.defineProperty(async () => 'answer', 'api', { value: api }) as {
      (): Promise<string>
      readonly api: typeof api
    }
    const client = protect({ get }, breaker)

    expect(await client.get()).toBe('answer')
    expect(await client.get.api.list()).toBe('listed')
    expect(admitted()).toBe(2)
  })

  it('is the original where the client is passed it, and where it is set', async () => {
    const original = async (): Promise<string> => 'answer'
    const real = {
      get: original,
      other: undefined as unknown,
      isOriginal: async (fn: unknown) => fn === original,
    }
    const client = protect(real, breaker)

    client.other = client.get

    expect(await client.isOriginal(client.get)).toBe(true)
    expect(real.other).toBe(original)
  })

  it('runs with the object that it is called on, or else with its own', async () => {
    const real = {
      id: 1,
      async get(): Promise<number> {
        return this.id
      },
    }
    const client = protect(real, breaker)
    const { get } = client

    expect(await client.get()).toBe(1)
    expect(await (get as () => Promise<number>)()).toBe(1)
    expect(await get.call({ ...real, id: 2 })).toBe(2)
    expect(admitted()).toBe(3)
  })
})

describe('a client that is a class', () => {
  class Client {
    readonly options: unknown
    constructor(options?: unknown) {
      this.options = options
    }
    async get(): Promise<string> {
      return 'answer'
    }
  }

  it('makes guarded clients of what it is passed, the originals of its own objects among it', async () => {
    const Guarded = protect(Client, breaker)
    const first = new Guarded()
    const second = new Guarded(first)

    expect(await second.get()).toBe('answer')
    expect(admitted()).toBe(1)
    expect(second).toBeInstanceOf(Client)
    await (second.options as Client).get()
    expect(admitted()).toBeLessThanOrEqual(2)
  })

  it('leaves the objects of a subclass what they are', async () => {
    class Own extends protect(Client, breaker) {
      own = 'own'
    }
    const own = new Own()

    expect([own.own, await own.get()]).toEqual(['own', 'answer'])
    expect(admitted()).toBe(0)
  })
})

it('an error of a client that can not be read is a failure like any other', async () => {
  const error = Object.defineProperty(new Error('down'), 'code', {
    get: (): never => {
      throw new Error('no code')
    },
  })
  const client = protect({ get: () => Promise.reject(error) }, breaker)

  expect(await reasonOf(client.get())).toBe(error)
  expect(await reasonOf(protect({ get: () => Promise.reject(null) }, breaker).get())).toBe(null)
  expect(breaker.snapshot().counts).toMatchObject({ failure: 2, cancelled: 0 })
})

it('a namespace that makes its methods when they are read is guarded, whatever it says of them', async () => {
  // As Prisma has one for each of its models.
  const described = { value: undefined, writable: true, enumerable: true, configurable: true }
  const orders = new Proxy(
    {},
    {
      ownKeys: () => ['count'],
      getOwnPropertyDescriptor: () => described,
      get: () => async () => 5,
    },
  ) as { count(): Promise<number> }
  const client = protect({ orders }, breaker)

  expect(await client.orders.count()).toBe(5)
  expect(admitted()).toBe(1)
  breaker.trip()
  expect(await reasonOf(client.orders.count())).toBeInstanceOf(CircuitOpenError)
})

describe('a property that is defined on a guarded client', () => {
  it('may be a fixed one, as long as it is no object', () => {
    const real: Record<string, unknown> = {}
    const client = protect(real, breaker)

    Object.defineProperty(client, 'id', { value: 5 })

    expect([client['id'], real['id']]).toEqual([5, 5])
    expect(Object.getOwnPropertyDescriptor(client, 'id')).toMatchObject({ configurable: false })
    expect(Reflect.defineProperty(client, 'id', { value: 6 })).toBe(false)
    expect(() => Object.defineProperty(client, 'api', { value: {} })).toThrow(
      'define "api" on the client itself',
    )
  })
})

it('gets another prototype by way of its guarded one', () => {
  const real = { find: async () => 1 }
  const prototype = { list: async () => 2 }
  const guarded = protect(real, createBreaker().breaker)

  expect(Reflect.setPrototypeOf(guarded, prototype)).toBe(true)
  expect(Object.getPrototypeOf(real)).toBe(prototype)
  expect(Object.getPrototypeOf(guarded)).toBe(prototype)
})

it('makes objects that are not guarded by a constructor that is a member', async () => {
  function User(this: { find: () => Promise<string> }): void {
    this.find = async () => 'found'
  }
  const models = { User: User as unknown as new () => { find(): Promise<string> } }
  const user = new (protect({ models }, breaker).models.User)()

  expect(await user.find()).toBe('found')
  expect(admitted()).toBe(0)
})
