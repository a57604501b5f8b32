import { describe, expectTypeOf, it } from 'vitest'
import { CircuitBreaker } from '../circuit-breaker.ts'

const breaker = new CircuitBreaker()
const cached = new CircuitBreaker({ fallback: () => 'cached' as const })

describe('breaker(fn)', () => {
  it('returns the very type of an asynchronous function', () => {
    const find = async (id: string, more?: { all: boolean }) => ({ id, more })

    expectTypeOf(breaker(find)).toEqualTypeOf<typeof find>()
    // @ts-expect-error the parameters are those of the function
    breaker(find)(42)
  })

  it('keeps overloads', () => {
    interface Find {
      (id: string): Promise<string>
      (ids: string[]): Promise<string[]>
    }
    const find = breaker((async () => '') as unknown as Find)

    expectTypeOf(find).toEqualTypeOf<Find>()
    expectTypeOf(find('1')).toEqualTypeOf<Promise<string>>()
    expectTypeOf(find(['1'])).toEqualTypeOf<Promise<string[]>>()
  })

  it('keeps generics', () => {
    const first = breaker(async <T>(items: T[]): Promise<T | undefined> => items[0])

    expectTypeOf(first([1])).toEqualTypeOf<Promise<number | undefined>>()
    expectTypeOf(first(['a'])).toEqualTypeOf<Promise<string | undefined>>()
  })

  it('keeps `this` and own properties', () => {
    const find = Object.assign(
      async function (this: { base: string }) {
        return this.base
      },
      { version: 2 },
    )
    const guarded = breaker(find)

    expectTypeOf(guarded.version).toEqualTypeOf<number>()
    guarded.call({ base: '/users' })
    // @ts-expect-error `this` is that of the function
    guarded.call({ root: '/users' })
  })

  it('promises the result of a synchronous function', () => {
    const parse = breaker((text: string) => Number(text))

    expectTypeOf(parse).parameters.toEqualTypeOf<[text: string]>()
    expectTypeOf(parse('1')).toEqualTypeOf<Promise<number>>()
  })

  it('rejects what is no function', () => {
    // @ts-expect-error a string can't be guarded
    breaker('find')
    // @ts-expect-error a class makes objects; it is not called
    breaker(class Users {})
  })
})

describe('a fallback of the breaker', () => {
  it('widens the result of what it guards', () => {
    const count = cached(async (_: string) => 1)

    expectTypeOf(count).parameters.toEqualTypeOf<[_: string]>()
    expectTypeOf(count('a')).toEqualTypeOf<Promise<number | 'cached'>>()
    // @ts-expect-error the result may be the fallback's
    const result: Promise<number> = count('a')
    void result
  })

  it('widens by what its promise resolves with', () => {
    const later = new CircuitBreaker({ fallback: async () => 'cached' as const })

    expectTypeOf(later(async () => 1)()).toEqualTypeOf<Promise<number | 'cached'>>()
    expectTypeOf(later.run(() => 1)).toEqualTypeOf<Promise<number | 'cached'>>()
  })

  it('does not widen when it only throws', () => {
    const throwing = new CircuitBreaker({
      fallback: (error: unknown): never => {
        throw error
      },
    })

    expectTypeOf(throwing(async () => 1)()).toEqualTypeOf<Promise<number>>()
  })

  it('takes the arguments of what the breaker guards', () => {
    const byId = new CircuitBreaker({ fallback: (_: unknown, id: string) => `cached ${id}` })

    expectTypeOf(byId(async (id: 'a' | 'b') => id.length)).returns.resolves.toEqualTypeOf<
      number | string
    >()
    expectTypeOf(byId((_: string, more: number) => more)).parameters.toEqualTypeOf<
      [_: string, more: number]
    >()
    expectTypeOf(byId.sync((id: string) => id)).toEqualTypeOf<(id: string) => string>()
    // @ts-expect-error the fallback takes text
    byId(async (id: number) => id)
    // @ts-expect-error the fallback takes an argument, this function none
    byId(async () => 1)
    // @ts-expect-error the same for one that returns no promise
    byId((id: number) => id)
    // @ts-expect-error the same for a synchronous one
    byId.sync((id: number) => id)
  })

  it('may take no arguments, fewer, or those of any function', () => {
    const none = new CircuitBreaker({ fallback: () => 1 })
    const first = new CircuitBreaker({ fallback: (_error: unknown, id: string) => id })
    const all = new CircuitBreaker({ fallback: (_error: unknown, ...args: unknown[]) => args })

    none(async (id: number, more: string) => `${id}${more}`)
    first(async (id: string, more: number) => `${id}${more}`)
    all(async (id: number, more: string) => `${id}${more}`)
    all(async () => '')
  })

  it('widens the result of a synchronous function', () => {
    expectTypeOf(cached.sync((n: number) => n)).toEqualTypeOf<(n: number) => number | 'cached'>()
  })
})

describe('breaker.sync(fn)', () => {
  it('returns the very type of a synchronous function', () => {
    const parse = (text: string, base?: number) => ({ text, base })

    expectTypeOf(breaker.sync(parse)).toEqualTypeOf<typeof parse>()
    // @ts-expect-error the parameters are those of the function
    breaker.sync(parse)(42)
  })

  it('keeps generics', () => {
    const same = breaker.sync(<T>(x: T): T => x)

    expectTypeOf(same('a')).toEqualTypeOf<string>()
    expectTypeOf(same(1)).toEqualTypeOf<number>()
  })

  it('takes a function that only throws, and one whose result may be anything', () => {
    const throwing = breaker.sync((): never => {
      throw new Error('down')
    })
    const parse = breaker.sync((text: string) => JSON.parse(text))
    const ask = breaker.sync((text: string): unknown => text)

    expectTypeOf(throwing).returns.toBeNever()
    expectTypeOf(parse).returns.toBeAny()
    expectTypeOf(ask).toEqualTypeOf<(text: string) => unknown>()
  })

  it('takes what may or may not give a promise', () => {
    const either = (id: number): number | Promise<number> => id

    expectTypeOf(breaker.sync(either)).toEqualTypeOf<typeof either>()
  })

  it('rejects a function that returns a promise', () => {
    // @ts-expect-error a promise needs breaker(fn)
    breaker.sync(async () => 1)
    // @ts-expect-error a promise needs breaker(fn), also of anything
    breaker.sync(async (text: string) => JSON.parse(text))
    // @ts-expect-error a promise needs breaker(fn), also of nothing
    breaker.sync(async (): Promise<never> => Promise.reject(new Error('down')))
    // @ts-expect-error a promise needs breaker(fn)
    breaker.sync((): PromiseLike<number> => Promise.resolve(1))
  })
})

describe('breaker.stream(fn)', () => {
  it('returns the very type of a function that returns a stream', () => {
    async function* read(path: string): AsyncGenerator<Uint8Array, number, string> {
      const more: string = yield new Uint8Array()
      return more.length + path.length
    }
    const open = () => new ReadableStream<string>()
    const fetch = async (_url: URL) => new ReadableStream<string>()

    expectTypeOf(breaker.stream(read)).toEqualTypeOf<typeof read>()
    expectTypeOf(breaker.stream(open)).toEqualTypeOf<typeof open>()
    expectTypeOf(breaker.stream(fetch)).toEqualTypeOf<typeof fetch>()
  })

  it('infers the stream that a function gets from a promise by then', () => {
    const response = (_url: string): Promise<{ body: ReadableStream<string> }> => Promise.reject()
    const body = breaker.stream((url: string) => response(url).then((answer) => answer.body))

    expectTypeOf(body).toEqualTypeOf<(url: string) => Promise<ReadableStream<string>>>()
  })

  it('rejects a function that returns no stream', () => {
    // @ts-expect-error a number is no stream
    breaker.stream(() => 42)
    // @ts-expect-error a promise of a number is none either
    breaker.stream(async () => 42)
    // @ts-expect-error a synchronous iterable is none: it does not wait
    breaker.stream(() => [1, 2])
  })
})
