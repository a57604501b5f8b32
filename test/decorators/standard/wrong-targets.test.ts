import { describe, expect, it } from 'vitest'
import { CircuitBreaker } from '../../../src/index.ts'

// biome-ignore lint/suspicious/noExplicitAny: so that the compiler lets wrong targets through.
type AnyDecorator = any

describe('a wrong target of a standard decorator', () => {
  const what = 'guards functions, methods, and fields or accessors that hold a function'

  it.each<[string, (decorator: AnyDecorator) => unknown, string]>([
    [
      'a getter',
      (decorator) => {
        class Users {
          @decorator get find(): number {
            return 1
          }
        }
        return Users
      },
      'the getter "find"',
    ],
    [
      'a setter',
      (decorator) => {
        class Users {
          @decorator set find(_: number) {}
        }
        return Users
      },
      'the setter "find"',
    ],
    [
      'a class',
      (decorator) => {
        @decorator
        class Users {}
        return Users
      },
      'a class "Users"',
    ],
    [
      'a field that holds no function',
      (decorator) => {
        class Users {
          @decorator find = 42
        }
        return new Users()
      },
      'field "find" holding 42',
    ],
    [
      'a field that holds nothing',
      (decorator) => {
        class Users {
          @decorator find: undefined
        }
        return new Users()
      },
      'field "find" holding undefined',
    ],
    [
      'an accessor that holds no function',
      (decorator) => {
        class Users {
          @decorator accessor find = {}
        }
        return new Users()
      },
      'accessor "find" holding an object',
    ],
  ])('throws a TypeError that says so: %s', (_, decorate, got) => {
    const breaker = new CircuitBreaker()
    const decorators: [string, AnyDecorator][] = [
      ['breaker', breaker],
      ['breaker.sync', breaker.sync],
      ['breaker.stream', breaker.stream],
    ]

    for (const [name, decorator] of decorators) {
      const attempt = (): unknown => decorate(decorator)
      expect(attempt).toThrow(TypeError)
      expect(attempt).toThrow(`${name} ${what}, got ${got}`)
    }
  })

  it('throws a TypeError for an accessor that is set to no function, and keeps the old one', async () => {
    const breaker = new CircuitBreaker()
    class Users {
      @breaker accessor find = async (): Promise<string> => 'first'
    }
    const users = new Users()

    expect(() => Object.assign(users, { find: null })).toThrow('accessor "find" holding null')
    expect(await users.find()).toBe('first')
  })

  it('throws a TypeError for a method of another kind, naming what guards it', () => {
    const breaker: AnyDecorator = new CircuitBreaker()
    const generator = (): unknown =>
      class Tokens {
        @breaker async *read(): AsyncGenerator<number> {
          yield 1
        }
      }
    const asynchronous = (): unknown =>
      class Parser {
        @breaker.sync async parse(): Promise<void> {}
      }

    expect(generator).toThrow('breaker takes a function that returns a promise, got a')
    expect(asynchronous).toThrow('got an AsyncFunction; use breaker(fn)')
  })
})
