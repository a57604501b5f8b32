import { promisify } from 'node:util'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { createBreaker } from '../../test/helpers/public.ts'
import { checkAsync, isClass } from './functions.ts'

const { breaker } = createBreaker()
const guards = [
  ['breaker', (fn: (...args: never[]) => unknown) => breaker(fn)],
  ['breaker.sync', (fn: (...args: never[]) => unknown) => breaker.sync(fn)],
  [
    'breaker.stream',
    (fn: (...args: never[]) => unknown) => breaker.stream(fn as () => AsyncIterable<unknown>),
  ],
] as const

describe.each(guards)('the function that %s returns', (_, guard) => {
  it('has the name and the length of the original', () => {
    const guarded = guard(function find(_id: string, _options: object, _more = 1) {})

    expect(guarded.name).toBe('find')
    expect(guarded.length).toBe(2)
  })

  it('has the own properties of the original, with their attributes', () => {
    const key = Symbol('key')
    const original = Object.assign(() => 1, { version: 2, [key]: 3 })
    Object.defineProperty(original, 'hidden', { value: 4, enumerable: false })

    const guarded = guard(original)

    expect(Object.getOwnPropertyDescriptors(guarded)).toMatchObject({
      version: { value: 2 },
      [key]: { value: 3 },
      hidden: { value: 4, enumerable: false },
    })
    expect(Object.keys(guarded)).toEqual(['version'])
  })

  it('has no function of the original, nor what might return one: it would run unguarded', () => {
    const get = vi.fn()
    const original = Object.assign(() => 1, { get, [Symbol.for('promisify')]: get, version: 2 })
    Object.defineProperty(original, 'lazy', { get, enumerable: true })

    const guarded = guard(original)

    expect(
      Reflect.ownKeys(guarded).filter(
        (key) => !['name', 'length', 'prototype'].includes(String(key)),
      ),
    ).toEqual(['version'])
    expect(get).not.toHaveBeenCalled()
  })

  it('has no setter of the original, which would write to the wrong function', () => {
    const set = vi.fn()
    const original = Object.defineProperty(() => 1, 'base', { set, enumerable: true })

    expect(Object.hasOwn(guard(original), 'base')).toBe(false)
  })

  it('has none of what promisify would run in its place', () => {
    const original = Object.assign(() => 1, { [promisify.custom]: vi.fn() })

    expect(promisify.custom in guard(original)).toBe(false)
  })

  it('has no members that the original inherits, as from a class of clients', () => {
    class Client {
      get(): number {
        return 1
      }
      static create(): number {
        return 1
      }
    }
    const [client, subclass] = [Client.prototype, Client].map((prototype) =>
      Object.setPrototypeOf(function call() {}, prototype),
    )

    expect('get' in guard(client)).toBe(false)
    expect('create' in guard(subclass)).toBe(false)
  })

  it('leaves the original as it was', () => {
    const original = Object.freeze(() => 1)
    const keys = Reflect.ownKeys(original)

    const guarded = guard(original)

    expect(guarded).not.toBe(original)
    expect(Reflect.ownKeys(original)).toEqual(keys)
  })

  it('keeps a changed name', () => {
    const original = Object.defineProperty(() => 1, 'name', { value: 'renamed' })

    expect(guard(original).name).toBe('renamed')
  })

  it('takes a bound function', () => {
    const original = function find(this: unknown, _a: number, _b: number) {}.bind(null, 1)

    expect([guard(original).name, guard(original).length]).toEqual(['bound find', 1])
  })

  it('takes a proxy of a function', () => {
    const original = new Proxy(function find(_id: string) {}, {})

    expect([guard(original).name, guard(original).length]).toEqual(['find', 1])
  })

  it('takes a proxy that lists properties which are not there', () => {
    const original = new Proxy((_: string) => 1, { ownKeys: () => ['name', 'length', 'missing'] })

    expect(guard(original)).toHaveLength(1)
  })

  it('takes a method whose name is `class`', () => {
    const original = { class: () => 1, method: { class() {} }.class }

    for (const fn of Object.values(original)) expect(guard(fn).name).toBe('class')
  })

  it('does not take a class', () => {
    for (const original of [class Users {}, class {}, class extends Map {}]) {
      expect(() => guard(original as never)).toThrow('got a class')
    }
  })
})

describe('the function that breaker returns', () => {
  it.each([
    ['a function with a prototype', function find() {}],
    // Only such a one has `arguments` and `caller`, and they are its own.
    ['a function of sloppy mode', new Function('return 1') as () => number],
  ])('has nothing by which a caller would take it for %s', (_, original) => {
    expect(Reflect.ownKeys(breaker(original)).sort()).toEqual(['length', 'name'])
  })

  it.each(['writable', 'enumerable', 'configurable'] as const)(
    'has a name that is as %s as that of the original',
    (attribute) => {
      const original = (): void => {}
      const usual = Object.getOwnPropertyDescriptor(original, 'name') as PropertyDescriptor
      Object.defineProperty(original, 'name', { ...usual, [attribute]: !usual[attribute] })

      expect(Object.getOwnPropertyDescriptor(breaker(original), 'name')).toEqual(
        Object.getOwnPropertyDescriptor(original, 'name'),
      )
    },
  )

  describe('where the application has loaded reflect-metadata', () => {
    const all = new WeakMap<object, Map<unknown, unknown>>()
    const own = (target: object) => all.get(target) ?? new Map<unknown, unknown>()
    const loaded = {
      getOwnMetadataKeys: (target: object) => [...own(target).keys()],
      getOwnMetadata: (key: unknown, target: object) => own(target).get(key),
      defineMetadata: (key: unknown, value: unknown, target: object) =>
        all.set(target, own(target).set(key, value)),
    }
    afterEach(() => {
      for (const name of Object.keys(loaded)) Reflect.deleteProperty(Reflect, name)
    })

    it('has the metadata of the original', () => {
      Object.assign(Reflect, loaded)
      const find = (): void => {}
      loaded.defineMetadata('path', '/users', find)
      loaded.defineMetadata('guards', ['admin'], find)

      expect([...own(breaker(find))]).toEqual([
        ['path', '/users'],
        ['guards', ['admin']],
      ])
    })
  })
})

describe('the kind of a function', () => {
  const tagged = <F extends (...args: never[]) => unknown>(fn: F, tag: string): F =>
    Object.defineProperty(fn, Symbol.toStringTag, { value: tag })

  it.each<[string, () => unknown]>([
    ['GeneratorFunction', () => 2 * 3],
    [
      'AsyncGeneratorFunction',
      async function find(a = 2, b = 3) {
        return a * b
      },
    ],
  ])('is not %s where only its tag says so, as after debouncing', async (tag, fn) => {
    expect(await breaker(tagged(fn, tag))()).toBe(6)
  })

  it('is not AsyncFunction where only its tag says so', () => {
    const fn = tagged(() => 'async is only a word here', 'AsyncFunction')

    expect(breaker.sync(fn)()).toBe('async is only a word here')
  })

  it('is not AsyncFunction where only its text says so', async () => {
    const fn: () => unknown = tagged(async () => 'answer', 'Function')

    expect(await breaker.sync(fn)()).toBe('answer')
  })

  it.each([
    [
      function* numbers() {},
      'breaker takes a function that returns a promise, got a GeneratorFunction',
    ],
    [
      async function* numbers() {},
      'breaker takes a function that returns a promise, got an AsyncGeneratorFunction; use breaker.stream(fn)',
    ],
  ])('is named where it can not return a promise, with what takes it: %#', (fn, message) => {
    expect(() => breaker(fn as never)).toThrow(new TypeError(message))
  })
})

describe('checkAsync(fn)', () => {
  it.each<[unknown, string]>([
    [5, 'fn must be a function, got 5'],
    [
      function* numbers() {},
      'fn must be a function that returns a promise, got a GeneratorFunction',
    ],
    [
      async function* numbers() {},
      'fn must be a function that returns a promise, got an AsyncGeneratorFunction',
    ],
  ])('throws for what can not return a promise: %#', (fn, message) => {
    expect(() => checkAsync(fn)).toThrow(new TypeError(message))
  })

  it('takes any other function', () => {
    for (const fn of [() => 1, async () => 1, function find() {}])
      expect(() => checkAsync(fn)).not.toThrow()
  })
})

describe('isClass(value)', () => {
  it.each<[string, object, boolean]>([
    ['a class', class Users {}, true],
    ['a function', function find() {}, false],
    ['an object with a member of that name', { prototype: {} }, false],
  ])('tells %s', (_, value, expected) => {
    expect(isClass(value)).toBe(expected)
  })
})
