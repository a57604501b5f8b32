import { beforeEach, describe, expect, it } from 'vitest'
import { turn } from '../../test/helpers/public.ts'
import type { AnyFunction } from '../call/functions.ts'
import { createMethod, type Method } from './client-method.ts'
import { Callbacks } from './heard-callback.ts'

let callbacks: Callbacks
beforeEach(() => {
  callbacks = new Callbacks()
})

function methodOf(path: string, listed = false): Method {
  const rules = { methods: listed ? [path] : undefined, except: [] }
  return createMethod({ path, root: true, session: false }, () => {}, undefined, rules)
}

/** What the client receives in place of a function. */
const passed = (fn: unknown): AnyFunction => callbacks.replace([fn])[0] as AnyFunction

const ofTwo = () => (_error: unknown, _value: unknown) => {}
const ofOne = () => (_value: unknown) => {}
const ofNone = () => () => {}

/** A method that may call back, as `get` of most clients. */
function calling(fn: AnyFunction, method: Method = methodOf('get')) {
  const { profile } = method
  let end: { resolve: (value: unknown) => void; reject: (reason: unknown) => void } | undefined
  return {
    profile,
    /** Begins a call whose promise ends when it is told to. */
    start: () => {
      const ending = callbacks.start(method, profile, fn)
      const call = passed(fn)
      const result = new Promise((resolve, reject) => (end = { resolve, reject }))
      const { resolve, reject } = end as NonNullable<typeof end>
      ending?.run(() => result)
      ending?.handOut(result)
      return {
        ending,
        call,
        resolve: async (value: unknown) => {
          resolve(value)
          await turn()
        },
        reject: async (reason: unknown) => {
          result.catch(() => {})
          reject(reason)
          await turn()
        },
      }
    },
  }
}

describe('a function that is passed to a client', () => {
  it.each<[string, string, () => AnyFunction, boolean]>([
    ['get', 'with two parameters', ofTwo, true],
    ['get', 'with one parameter', ofOne, false],
    ['users.get', 'with two parameters', ofTwo, true],
    ['on', 'with two parameters', ofTwo, false],
    ['users.on', 'with two parameters', ofTwo, false],
    ['once', 'with two parameters', ofTwo, false],
    ['subscribe', 'with two parameters', ofTwo, false],
    ['pSubscribe', 'with two parameters', ofTwo, false],
    ['prependListener', 'with two parameters', ofTwo, false],
    ['off', 'with two parameters', ofTwo, false],
    ['removeListener', 'with two parameters', ofTwo, false],
    ['unsubscribe', 'with two parameters', ofTwo, false],
    ['onward.get', 'with two parameters', ofTwo, true],
  ])('is listened to by %s %s: %s', (path, _, create, heard) => {
    const fn = create()
    const ending = callbacks.start(methodOf(path), methodOf(path).profile, fn)

    expect(passed(fn) !== fn).toBe(heard)
    expect(ending).toBeDefined()
  })

  it('is listened to whatever its parameters, once the method is known to return promises', () => {
    for (const create of [ofTwo, ofOne, ofNone]) {
      const fn = create()
      const method = methodOf('subscribe')
      callbacks.start(method, { ...method.profile, returnsPromises: true }, fn)

      expect(passed(fn)).not.toBe(fn)
      expect(passed(fn)).toBe(passed(fn))
    }
  })

  it('is left alone if it is no callback: an async function, a generator, or what is called with `new`', () => {
    class Type {
      readonly a: unknown
      constructor(a: unknown, _b: unknown) {
        this.a = a
      }
    }
    function OldType(this: object, _a: unknown, _b: unknown): void {}
    function oldType(this: object, _a: unknown, _b: unknown): void {}
    oldType.prototype.method = () => {}
    function* generator(_a: unknown, _b: unknown): Generator {}
    const others: unknown[] = [
      Type,
      OldType,
      oldType,
      generator,
      async (_a: unknown, _b: unknown) => {},
      {},
      undefined,
    ]
    const method = methodOf('get')
    for (const fn of others) {
      expect(callbacks.start(method, method.profile, fn)).toBeUndefined()
      expect(passed(fn)).toBe(fn)
    }
  })

  it('is listened to if it is a function with or without a prototype', () => {
    function plain(_error: unknown, _value: unknown): void {}
    function onUser(_error: unknown, _value: unknown): void {}
    const Named = (_error: unknown, _value: unknown) => {}
    const method = methodOf('get')
    for (const fn of [plain, onUser, Named]) {
      callbacks.start(method, method.profile, fn)
      expect(passed(fn)).not.toBe(fn)
    }
  })

  it('is the same for a client that has got it before', () => {
    const listener = ofTwo()
    callbacks.start(methodOf('on'), methodOf('on').profile, listener)
    expect(passed(listener)).toBe(listener)
    callbacks.start(methodOf('get'), methodOf('get').profile, listener)

    expect(passed(listener)).toBe(listener)
    callbacks.keep(listener, ofTwo())
    expect(passed(listener)).toBe(listener)
  })

  it('is what the client got in its place first', () => {
    const [listener, first, second] = [ofTwo(), ofTwo(), ofTwo()]
    callbacks.keep(listener, first)
    callbacks.keep(listener, second)

    expect(callbacks.replace(['a', listener, 1])).toEqual(['a', first, 1])
  })
})

describe('a method that is listed', () => {
  it('may end with its last argument if that has the parameters of a callback', () => {
    const method = methodOf('get', true)

    expect(callbacks.start(method, method.profile, ofTwo())).toBeDefined()
    expect(callbacks.start(method, method.profile, ofOne())).toBeUndefined()
  })

  it.each<[string, string, boolean, boolean]>([
    ['gets', 'get', false, true],
    ['gets', 'get', true, true],
    ['removes', 'off', false, true],
    ['removes', 'off', true, false],
  ])('ends with a function that it %s: %s, which the client has: %s', (_, path, had, ends) => {
    const fn = ofTwo()
    if (had) passed(fn)
    const method = methodOf(path, true)

    expect(callbacks.find(method, method.profile, fn)).toBe(ends ? fn : undefined)
  })

  it('does not end with a function that is listened to, nor where it returns plain promises', () => {
    const method = methodOf('get', true)
    const heard = ofTwo()
    callbacks.keep(heard, ofTwo())

    expect(callbacks.find(method, method.profile, heard)).toBeUndefined()
    expect(callbacks.find(method, { ...method.profile, isPlain: true }, ofTwo())).toBeUndefined()
    expect(callbacks.find(method, method.profile, 'text')).toBeUndefined()
  })
})

describe('a method that is known to call back', () => {
  it('ends with any function', () => {
    const method = methodOf('get')
    const profile = { ...method.profile, callsBack: true }
    for (const create of [ofTwo, ofOne, ofNone]) {
      const fn = create()
      expect(callbacks.find(method, profile, fn)).toBe(fn)
      expect(callbacks.start(method, profile, fn)).toBeDefined()
    }
  })

  it('or not to, is not listened to', () => {
    const method = methodOf('get')
    const profile = { ...method.profile, callsBack: false }

    expect(callbacks.start(method, profile, ofTwo())).toBeUndefined()
    expect(callbacks.find(method, profile, ofTwo())).toBeUndefined()
  })
})

describe('a method calls back', () => {
  it('if the function is called with what the promise ended with', async () => {
    const { profile, start } = calling(ofTwo())
    const { call, resolve } = start()
    await resolve('a')
    expect(profile.callsBack).toBeUndefined()
    call(null, 'a')

    expect(profile).toMatchObject({ callsBack: true, silentEnds: 0 })
  })

  it('if it has been called with that before', async () => {
    const { profile, start } = calling(ofTwo())
    const { call, resolve } = start()
    call(null, 'a')
    await resolve('a')

    expect(profile).toMatchObject({ callsBack: true, silentEnds: 0 })
  })

  it('if it is called with the error of the promise', async () => {
    const { profile, start } = calling(ofTwo())
    const { call, reject } = start()
    const error = new Error('down')
    await reject(error)
    call(error)

    expect(profile.callsBack).toBe(true)
  })

  it('if the promise ends with the object that the function returns when it gets one', async () => {
    const answer = {}
    const { profile, start } = calling((_error: unknown, _value: unknown) => answer)
    const { call, resolve } = start()
    call(null, {})
    await resolve(answer)

    expect(profile.callsBack).toBe(true)
  })

  it('to each of two calls at once', async () => {
    const { profile, start } = calling(ofTwo())
    const [a, b] = [start(), start()]
    b.call(null, 'b')
    a.call(null, 'a')
    await a.resolve('a')
    expect(profile.callsBack).toBe(true)
    await b.resolve('b')

    expect(profile).toMatchObject({ callsBack: true, silentEnds: 0 })
  })

  it('after any number of calls that have thrown', async () => {
    const fn = ofTwo()
    const method = methodOf('get')
    const profile = { ...method.profile, returnsPromises: true }
    const thrower = (): never => {
      throw new Error('closed')
    }
    for (let i = 0; i < 20; i++) {
      const ending = callbacks.start(method, profile, fn)
      expect(() => ending?.run(thrower)).toThrow('closed')
    }
    const { resolve, call } = calling(fn, { ...method, profile }).start()
    await resolve('a')
    call(null, 'a')

    expect(profile.callsBack).toBe(true)
  })

  it('and its other calls are still heard when one of them throws', async () => {
    const fn = ofTwo()
    const method = methodOf('get')
    method.profile.returnsPromises = true
    const { profile, start } = calling(fn, method)
    const { call, resolve } = start()
    call(null, 'a')
    const ending = callbacks.start(method, profile, fn)
    expect(() =>
      ending?.run(() => {
        throw new Error('closed')
      }),
    ).toThrow('closed')
    await resolve('a')

    expect(profile.callsBack).toBe(true)
  })
})

describe('a method does not call back', () => {
  it.each<[string, unknown[], unknown]>([
    ['another value', [null, 'b'], 'a'],
    ['no value', [null], undefined],
    ['an error that is a value', ['a', 'a'], 'a'],
    ['no arguments', [], undefined],
  ])('if the function is called with %s, once it is over', async (_, args, value) => {
    const { profile, start } = calling(ofTwo())
    const { call, resolve } = start()
    await resolve(value)
    call(...args)

    expect(profile.callsBack).toBe(false)
  })

  it('if the promise has been rejected with something that any function may get', async () => {
    const { profile, start } = calling(ofTwo())
    const { call, reject } = start()
    await reject('key')
    call('key')

    expect(profile.callsBack).toBe(false)
  })

  it('if the function is called more than once, as a visitor', async () => {
    const { profile, start } = calling(ofTwo())
    const { call, resolve } = start()
    call(null, 'a')
    call(null, 'b')
    await resolve('b')

    expect(profile).toMatchObject({ callsBack: false, silentEnds: 0 })
  })

  it('if the function is called again where no call is left, as a listener', async () => {
    const { profile, start } = calling(ofTwo())
    const { call, resolve } = start()
    await resolve('a')
    call(null, 'a')
    expect(profile.callsBack).toBe(true)
    call(null, 'b')

    expect(profile.callsBack).toBe(false)
  })

  it('if it returns no promise', () => {
    const { profile } = calling(ofTwo())
    const fn = ofTwo()
    callbacks.start(methodOf('get'), profile, fn)?.run(() => 'value')

    expect(profile.callsBack).toBe(false)
  })

  it('of which nothing is known when it returns none, if it does at other times', () => {
    const { profile } = calling(ofTwo())
    profile.returnsPromises = true
    callbacks.start(methodOf('get'), profile, ofTwo())?.run(() => 'value')

    expect(profile.callsBack).toBeUndefined()
  })

  it('as far as is known where only errors were called back, since the promise may say so no more', async () => {
    const { profile, start } = calling(ofTwo())
    const { call, resolve } = start()
    call(new Error('down'))
    await resolve(undefined)

    expect(profile.callsBack).toBeUndefined()
  })

  it('as far as is known if it is called with another error than that of its promise', async () => {
    const { profile, start } = calling(ofTwo())
    const { call, reject } = start()
    await reject(new Error('down'))
    call(new Error('down'))

    expect(profile.callsBack).toBeUndefined()
  })

  it('as far as is known where one of several was called back with an error', async () => {
    const { profile, start } = calling(ofTwo())
    const [a, b] = [start(), start()]
    a.call(new Error('down'))
    b.call('row', 1)
    await a.resolve(undefined)
    await b.resolve(undefined)

    expect(profile.callsBack).toBeUndefined()
  })

  it('once all calls are over, and not before', async () => {
    const { profile, start } = calling(ofTwo())
    const [a, b] = [start(), start()]
    a.call('row', 0)
    a.call('row', 1)
    await a.resolve('a')
    expect(profile.callsBack).toBeUndefined()
    await b.resolve('b')

    expect(profile.callsBack).toBe(false)
  })

  it('for what the function got during a call that has thrown', async () => {
    const fn = ofTwo()
    const method = methodOf('get')
    method.profile.returnsPromises = true
    const ending = callbacks.start(method, method.profile, fn)
    expect(() =>
      ending?.run(() => {
        passed(fn)(null, 'a')
        throw new Error('closed')
      }),
    ).toThrow('closed')
    const { profile, start } = calling(fn, method)
    await start().resolve('a')

    expect(profile).toMatchObject({ callsBack: undefined, silentEnds: 1 })
  })
})

describe('a promise whose function was not called', () => {
  it('is counted, until it turns out to be called later', async () => {
    const { profile, start } = calling(ofTwo())
    const first = start()
    await first.resolve('a')
    expect(profile.silentEnds).toBe(1)
    await start().resolve('b')
    expect(profile.silentEnds).toBe(2)
    first.call(null, 'a')

    expect(profile).toMatchObject({ callsBack: true, silentEnds: 1 })
  })

  it('is counted where another promise ended with the same', async () => {
    const { profile, start } = calling(ofTwo())
    const [a, b] = [start(), start()]
    a.call(null, 'same')
    await a.resolve('same')
    await b.resolve('same')

    expect(profile).toMatchObject({ callsBack: true, silentEnds: 1 })
  })

  it('is handled for its caller only as long as the function may still be called', async () => {
    const unhandled: unknown[] = []
    const hear = (reason: unknown): unknown => unhandled.push(reason)
    process.on('unhandledRejection', hear)
    const { profile } = calling(ofTwo())
    for (let i = 0; i < 5; i++) {
      const ending = callbacks.start(methodOf('get'), profile, ofTwo())
      const result = Promise.reject(i)
      ending?.run(() => result)
      ending?.handOut(result.then())
      await turn()
    }
    process.off('unhandledRejection', hear)

    expect(profile.silentEnds).toBe(5)
    expect(unhandled).toEqual([3, 4])
  })
})

describe('a function that more calls than are looked at have got', () => {
  it('tells of those that are, and nothing by being called once more', async () => {
    const { profile, start } = calling(ofTwo())
    const calls = Array.from({ length: 9 }, () => start())
    for (const [i, { resolve }] of calls.entries()) await resolve(i)
    for (const [i, { call }] of calls.entries()) call(null, i)

    expect(profile.callsBack).toBe(true)
  })

  it('is waited for by further calls, unless it has been silent three times', async () => {
    const { profile, start } = calling(ofTwo())
    const calls = Array.from({ length: 8 }, () => start())
    expect(start().ending).toBeDefined()
    for (const { resolve } of calls.slice(0, 2)) await resolve('a')
    expect(profile.silentEnds).toBe(2)
    expect(start().ending).toBeDefined()
    await calls[2]?.resolve('a')

    expect(profile.silentEnds).toBe(3)
    expect(start().ending).toBeUndefined()
  })

  it('tells nothing of whether it is a callback', async () => {
    const { profile, start } = calling(ofTwo())
    const calls = Array.from({ length: 9 }, () => start())
    for (const { call } of calls) call('row', 0)
    for (const { resolve } of calls) await resolve('a')

    expect(profile.callsBack).toBeUndefined()
  })

  it('are not those that were called back with an error that their promises do not tell', async () => {
    const { profile, start } = calling(ofTwo())
    for (let i = 0; i < 20; i++) {
      const { call, resolve } = start()
      call(new Error('down'))
      await resolve(undefined)
    }
    expect(profile.callsBack).toBeUndefined()
    const { call, resolve } = start()
    call(null, 'a')
    await resolve('a')

    expect(profile.callsBack).toBe(true)
  })
})
