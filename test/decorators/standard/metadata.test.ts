import 'reflect-metadata'
import { describe, expect, it } from 'vitest'
import { CircuitBreaker } from '../../../src/index.ts'

// Node has no decorators yet, nor their symbol; compilers go by this one.
const symbols = Symbol as { metadata?: symbol }
symbols.metadata ??= Symbol('Symbol.metadata')

const breaker = new CircuitBreaker()

/** Keeps it as the standard says. */
const keep =
  (value: string) =>
  (_: unknown, context: DecoratorContext): void => {
    const metadata = context.metadata as Record<string, string[]>
    const name = String(context.name)
    metadata[name] = [...(metadata[name] ?? []), value]
  }

/** Keeps it as `reflect-metadata` does. */
const reflect =
  (key: string, value: string) =>
  (method: object): void =>
    Reflect.defineMetadata(key, value, method)

describe('@breaker among standard decorators that keep metadata', () => {
  class Users {
    @keep('above') @breaker @keep('below') async find(): Promise<string> {
      return 'found'
    }
    @keep('above') @breaker @keep('below') load = async (): Promise<string> => 'loaded'
    @keep('above') @breaker @keep('below') accessor ask = async (): Promise<string> => 'asked'
    @breaker async none(): Promise<string> {
      return 'none'
    }
    @reflect('above', 'a') @breaker @reflect('below', 'b') async both(): Promise<string> {
      return 'both'
    }
  }

  it('leaves the metadata of the context as it is', () => {
    expect(Users[symbols.metadata as never]).toEqual({
      find: ['below', 'above'],
      load: ['below', 'above'],
      ask: ['below', 'above'],
    })
  })

  it('keeps metadata of reflect-metadata, above and below', () => {
    const { both } = Users.prototype

    expect(Reflect.getMetadata('above', both)).toBe('a')
    expect(Reflect.getMetadata('below', both)).toBe('b')
  })

  it('guards the methods all the same', async () => {
    const users = new Users()
    const found = [await users.find(), await users.load(), await users.ask(), await users.both()]

    expect(found).toEqual(['found', 'loaded', 'asked', 'both'])
    expect(breaker.snapshot().counts.success).toBe(4)
  })
})
