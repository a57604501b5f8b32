import { describe, expect, it } from 'vitest'
import { CircuitBreaker, CircuitOpenError } from '../../../src/index.ts'
import { reasonOf } from '../../helpers/public.ts'

const options = { maxFailures: 1, resetTimeout: 60_000 }

describe('@breaker as a legacy decorator', () => {
  it('guards a method, with its `this`, name and length', async () => {
    const breaker = new CircuitBreaker(options)
    class Users {
      readonly #base = '/users'
      @breaker async find(id: string, _more?: object): Promise<string> {
        return `${this.#base}/${id}`
      }
    }

    expect(await new Users().find('1')).toBe('/users/1')
    expect([Users.prototype.find.name, Users.prototype.find.length]).toEqual(['find', 2])
    expect(breaker.snapshot().counts.success).toBe(1)
  })

  it('leaves the method as hidden from enumeration as it was', () => {
    const breaker = new CircuitBreaker(options)
    class Users {
      @breaker async find(): Promise<void> {}
    }

    expect(Object.getOwnPropertyDescriptor(Users.prototype, 'find')).toMatchObject({
      enumerable: false,
      writable: true,
      configurable: true,
    })
  })

  it('rejects the method while open, without running it', async () => {
    const breaker = new CircuitBreaker(options)
    let calls = 0
    class Users {
      @breaker async find(): Promise<void> {
        calls++
        throw new Error('down')
      }
    }

    await reasonOf(new Users().find())
    const error = await reasonOf(new Users().find())

    expect(error).toBeInstanceOf(CircuitOpenError)
    expect(calls).toBe(1)
  })

  it('guards a static method', async () => {
    const breaker = new CircuitBreaker(options)
    class Users {
      static base = '/users'
      readonly id = '1'
      @breaker static async find(): Promise<string> {
        return this.base
      }
    }

    expect(await Users.find()).toBe('/users')
    expect(breaker.snapshot().counts.success).toBe(1)
  })

  it('guards a method whose name is a symbol', async () => {
    const breaker = new CircuitBreaker(options)
    const find = Symbol('find')
    class Users {
      @breaker async [find](): Promise<string> {
        return 'found'
      }
    }

    expect(await new Users()[find]()).toBe('found')
    expect(breaker.snapshot().counts.success).toBe(1)
  })

  it('guards an inherited method, also when its override calls it', async () => {
    const breaker = new CircuitBreaker(options)
    class Base {
      @breaker async find(): Promise<string> {
        return 'base'
      }
    }
    class Inheriting extends Base {}
    class Calling extends Base {
      override async find(): Promise<string> {
        return `own and ${await super.find()}`
      }
    }

    const found = [await new Inheriting().find(), await new Calling().find()]

    expect(found).toEqual(['base', 'own and base'])
    expect(breaker.snapshot().counts.success).toBe(2)
  })

  it('leaves an override alone that is not decorated', async () => {
    const breaker = new CircuitBreaker(options)
    class Base {
      @breaker async find(): Promise<string> {
        return 'base'
      }
    }
    class Overriding extends Base {
      override async find(): Promise<string> {
        return 'own'
      }
    }

    expect(await new Overriding().find()).toBe('own')
    expect(breaker.snapshot().counts.admitted).toBe(0)
  })

  it('can stand above another decorator', async () => {
    const breaker = new CircuitBreaker(options)
    const outer = new CircuitBreaker(options)
    class Users {
      @outer @breaker async find(): Promise<string> {
        return 'found'
      }
    }

    expect(await new Users().find()).toBe('found')
    expect([breaker, outer].map((it) => it.snapshot().counts.success)).toEqual([1, 1])
  })

  it('turns a synchronous throw of the method into a rejection', async () => {
    const breaker = new CircuitBreaker(options)
    class Users {
      @breaker find(): Promise<string> {
        throw new Error('at once')
      }
    }

    await expect(new Users().find()).rejects.toThrow('at once')
    expect(breaker.state).toBe('open')
  })
})

describe('@breaker.sync and @breaker.stream as legacy decorators', () => {
  it('guard a synchronous method', () => {
    const breaker = new CircuitBreaker(options)
    class Parser {
      readonly base = 10
      @breaker.sync parse(text: string): number {
        if (text === '') throw new Error('empty')
        return Number.parseInt(text, this.base)
      }
    }
    const parser = new Parser()

    expect(parser.parse('42')).toBe(42)
    expect(() => parser.parse('')).toThrow('empty')
    expect(() => parser.parse('42')).toThrow(CircuitOpenError)
  })

  it('guard a method that returns a stream', async () => {
    const breaker = new CircuitBreaker(options)
    class Tokens {
      readonly #items = ['a', 'b']
      @breaker.stream async *read(): AsyncGenerator<string> {
        yield* this.#items
      }
    }
    const items: string[] = []

    for await (const item of new Tokens().read()) items.push(item)

    expect(items).toEqual(['a', 'b'])
    expect(breaker.snapshot().counts).toMatchObject({ admitted: 1, success: 1 })
  })
})
