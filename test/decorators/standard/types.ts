import { CircuitBreaker } from '../../../src/index.ts'

// Checked by `npm run check`: the type tests of the runner know no accessors.

const breaker = new CircuitBreaker()

export class Users {
  @breaker accessor find = async (id: string): Promise<string> => id
  @breaker.sync accessor parse = (text: string): number => text.length
  // @ts-expect-error this accessor holds no function
  @breaker accessor count = 42
  // @ts-expect-error this one holds a function that gives no promise
  @breaker accessor length = (text: string): number => text.length
}

export const found: (id: string) => Promise<string> = new Users().find
// @ts-expect-error the accessor keeps its type
export const wrong: (id: number) => Promise<string> = new Users().find
