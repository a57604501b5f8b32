import 'reflect-metadata'
import { describe, expect, it } from 'vitest'
import { CircuitBreaker } from '../../../src/index.ts'

// Decorators as those of NestJS: they keep what they say on the function of the method.

type Method = (target: object, key: string | symbol, descriptor: PropertyDescriptor) => void

const SetMetadata =
  (key: unknown, value: unknown): Method =>
  (_target, _key, descriptor) =>
    Reflect.defineMetadata(key, value, descriptor.value)

const Get = (path: string): Method => {
  const [setPath, setMethod] = [SetMetadata('path', path), SetMetadata('method', 'GET')]
  return (...args) => {
    setPath(...args)
    setMethod(...args)
  }
}

const UseGuards =
  (...guards: unknown[]): Method =>
  (_target, _key, { value }) => {
    const before: unknown[] = Reflect.getMetadata('guards', value) ?? []
    Reflect.defineMetadata('guards', [...before, ...guards], value)
  }

/** As the compiler emits with `emitDecoratorMetadata`, and as parameter decorators do. */
const Typed: Method = (target, key) => {
  Reflect.defineMetadata('design:returntype', Promise, target, key)
}

class LoggedIn {}
class Admin {}

const breaker = new CircuitBreaker()

const metadataOf = (method: object) =>
  Object.fromEntries(
    Reflect.getMetadataKeys(method).map((key) => [String(key), Reflect.getMetadata(key, method)]),
  )

describe('@breaker among decorators that keep metadata', () => {
  class Users {
    @breaker @Get('/below') @UseGuards(LoggedIn) async below(): Promise<string> {
      return 'below'
    }
    @Get('/above') @UseGuards(LoggedIn) @breaker async above(): Promise<string> {
      return 'above'
    }
    @UseGuards(Admin) @breaker @UseGuards(LoggedIn) @Get('/between') async between(
      _id: string,
    ): Promise<string> {
      return 'between'
    }
    @breaker @UseGuards(Admin) @breaker @Get('/twice') async twice(): Promise<string> {
      return 'twice'
    }
    @Typed @breaker @Typed async typed(_id: string, _more: object): Promise<string> {
      return 'typed'
    }
    @breaker.sync @Get('/sync') sync(): string {
      return 'sync'
    }
    @breaker.stream @Get('/stream') async *stream(): AsyncGenerator<string> {
      yield 'stream'
    }
    @breaker @Get('/static') static async static(): Promise<string> {
      return 'static'
    }
    @breaker async none(): Promise<string> {
      return 'none'
    }
  }
  const { prototype } = Users

  it.each([
    ['below it', prototype.below, { path: '/below', method: 'GET', guards: [LoggedIn] }],
    ['above it', prototype.above, { path: '/above', method: 'GET', guards: [LoggedIn] }],
    [
      'above and below it',
      prototype.between,
      { path: '/between', method: 'GET', guards: [LoggedIn, Admin] },
    ],
    ['between two of it', prototype.twice, { path: '/twice', method: 'GET', guards: [Admin] }],
    ['below breaker.sync', prototype.sync, { path: '/sync', method: 'GET' }],
    ['below breaker.stream', prototype.stream, { path: '/stream', method: 'GET' }],
    ['of a static method', Users.static, { path: '/static', method: 'GET' }],
    ['where there is none', prototype.none, {}],
  ])('keeps what is %s', (_, method, expected) => {
    expect(metadataOf(method)).toEqual(expected)
  })

  it('leaves metadata of the class and its key alone', () => {
    expect(Reflect.getMetadata('design:returntype', prototype, 'typed')).toBe(Promise)
  })

  it('guards the methods all the same', async () => {
    const before = breaker.snapshot().counts.success
    const users = new Users()

    expect(await Promise.all([users.below(), users.above(), users.between('1')])).toEqual([
      'below',
      'above',
      'between',
    ])
    expect(breaker.snapshot().counts.success).toBe(before + 3)
  })
})

describe('metadata of a function that is wrapped', () => {
  it.each([
    ['breaker', (fn: () => Promise<string>) => breaker(fn)],
    ['breaker, with an argument', (fn: () => Promise<string>) => breaker((_: string) => fn())],
  ])('is copied, so that changes to one are not seen in the other: %s', (_, wrap) => {
    const original = async (): Promise<string> => 'answer'
    const key = Symbol('key')
    Reflect.defineMetadata(key, 'before', original)
    const wrapped = wrap(original)
    Reflect.defineMetadata(key, 'changed', wrapped)

    expect(Reflect.getMetadata(key, original)).toBe('before')
    expect(Reflect.getMetadata(key, wrapped)).toBe('changed')
  })
})
