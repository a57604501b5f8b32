import { describe, expectTypeOf, it } from 'vitest'
import { CircuitBreaker } from '../circuit-breaker.ts'

const breaker = new CircuitBreaker()

describe('the types of the standard decorators', () => {
  it('leave methods, static and private ones, and fields as they are', () => {
    class Users {
      @breaker async find(id: string): Promise<string> {
        return id
      }
      @breaker static async all(): Promise<string[]> {
        return []
      }
      @breaker async #load<T>(value: T): Promise<T> {
        return value
      }
      @breaker field = async (id: string): Promise<string> => this.#load(id)
      @breaker.sync parse(text: string): number {
        return text.length
      }
      @breaker.stream async *read(): AsyncGenerator<number> {
        yield 1
      }
      @breaker.stream async open(): Promise<ReadableStream<string>> {
        return new ReadableStream()
      }
    }

    expectTypeOf<Users['find']>().toEqualTypeOf<(id: string) => Promise<string>>()
    expectTypeOf<Users['field']>().toEqualTypeOf<(id: string) => Promise<string>>()
    expectTypeOf(Users.all).toEqualTypeOf<() => Promise<string[]>>()
  })

  it('reject wrong targets', () => {
    // @ts-expect-error a class is no function to guard
    @breaker
    class Users {
      // @ts-expect-error a synchronous method needs @breaker.sync
      @breaker parse(text: string): number {
        return text.length
      }
      // @ts-expect-error a getter gives a value when it is read
      @breaker get name(): string {
        return ''
      }
      // @ts-expect-error this field holds no function
      @breaker field = 42
      // @ts-expect-error a generator needs @breaker.stream
      @breaker async *read(): AsyncGenerator<number> {
        yield 1
      }
      // @ts-expect-error a promise of a number is no stream
      @breaker.stream async count(): Promise<number> {
        return 1
      }
    }

    expectTypeOf(Users).toBeConstructibleWith()
  })

  it('reject a method whose type the fallback would belie', () => {
    const cached = new CircuitBreaker({ fallback: () => 'cached' as const })
    class Users {
      // @ts-expect-error the result may be the fallback's, which the method does not say
      @cached async count(): Promise<number> {
        return 1
      }
      @cached async name(): Promise<string> {
        return ''
      }
    }

    expectTypeOf<Users['name']>().toEqualTypeOf<() => Promise<string>>()
  })
})
