import { CircuitBreaker } from '../../../src/index.ts'

// Checked by `npm run check`: the type tests of the runner know one dialect only.

const breaker = new CircuitBreaker()

export class Users {
  @breaker async find(id: string): Promise<string> {
    return id
  }
  @breaker static async all(): Promise<string[]> {
    return []
  }
  @breaker.sync parse(text: string): number {
    return text.length
  }
  @breaker.stream async *read(): AsyncGenerator<number> {
    yield 1
  }
}

export const found: Promise<string> = new Users().find('1')
// @ts-expect-error the method keeps its type
export const wrong: Promise<string> = new Users().find(1)

// @ts-expect-error a class is no function to guard
@breaker
export class Misused {
  // @ts-expect-error a synchronous method needs @breaker.sync
  @breaker parse(text: string): number {
    return text.length
  }
  // @ts-expect-error a getter gives a value when it is read
  @breaker get name(): string {
    return ''
  }
  // @ts-expect-error a generator needs @breaker.stream
  @breaker async *read(): AsyncGenerator<number> {
    yield 1
  }
  // @ts-expect-error a promise of a number is no stream
  @breaker.stream async count(): Promise<number> {
    return 1
  }
}
