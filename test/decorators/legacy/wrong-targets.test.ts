import { describe, expect, it } from 'vitest'
import { CircuitBreaker } from '../../../src/index.ts'

// biome-ignore lint/suspicious/noExplicitAny: so that the compiler lets wrong targets through.
type AnyDecorator = any

describe('a wrong target of a legacy decorator', () => {
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
      'Users.find, which is no method',
    ],
    [
      'a property',
      (decorator) => {
        class Users {
          @decorator find = async (): Promise<void> => {}
        }
        return Users
      },
      'Users.find, which is no method',
    ],
    [
      'a static property',
      (decorator) => {
        class Users {
          @decorator static find = async (): Promise<void> => {}
          readonly base = '/users'
        }
        return Users
      },
      'Users.find, which is no method',
    ],
    [
      'a class',
      (decorator) => {
        @decorator
        class Users {}
        return Users
      },
      'a class',
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
})
