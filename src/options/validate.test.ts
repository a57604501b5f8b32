import { describe, expect, it } from 'vitest'
import { duration, integer, LONGEST_DURATION, nearest, object, show } from './validate.ts'

describe('show', () => {
  it.each([
    ['text', '"text"'],
    [42, '42'],
    [Number.NaN, 'NaN'],
    [undefined, 'undefined'],
    [null, 'null'],
    [true, 'true'],
    [7n, '7'],
    [Symbol('s'), 'Symbol(s)'],
    [() => {}, 'a function'],
    [[1], 'an array'],
    [new Map(), 'a Map'],
    [new URL('http://a/'), 'a URL'],
    [new Error(), 'an Error'],
    [new (class Users {})(), 'a Users'],
    [new (class {})(), 'an object'],
    [{}, 'an object'],
    [Object.create(null), 'an object'],
  ])('tells what was got: %o', (value, shown) => {
    expect(show(value)).toBe(shown)
  })
})

describe('integer', () => {
  it.each([1, 5, 10])('returns %d', (value) => {
    expect(integer('n', value, 1, 10)).toBe(value)
  })

  it.each([0, 11, 1.5, Number.NaN, Infinity])('throws a RangeError for %d', (value) => {
    expect(() => integer('n', value, 1, 10)).toThrow(
      new RangeError(`n must be an integer from 1 to 10, got ${value}`),
    )
  })
})

describe('duration', () => {
  it.each([0.001, 1, LONGEST_DURATION])('returns %d', (value) => {
    expect(duration('ms', value)).toBe(value)
  })

  it.each([0, -1, LONGEST_DURATION + 1, Number.NaN, Infinity])('throws for %d', (value) => {
    expect(() => duration('ms', value)).toThrow(RangeError)
  })
})

describe('object', () => {
  it('accepts known keys, also of an object without a prototype or of a class', () => {
    class Options {
      a = 1
    }
    const bare = Object.assign(Object.create(null), { a: 1 })

    expect(() => object('it', new Options(), ['a', 'b'])).not.toThrow()
    expect(() => object('it', bare, ['a', 'b'])).not.toThrow()
  })

  it.each([
    [['a'], 'an array'],
    [new Map([['a', 1]]), 'a Map'],
    [new Set(['a']), 'a Set'],
    [new Uint8Array(1), 'a Uint8Array'],
    [Promise.resolve(), 'a Promise'],
    [new AbortController().signal, 'an AbortSignal'],
    [new Error('down'), 'an Error'],
    [new Date(), 'a Date'],
    [null, 'null'],
    ['a', '"a"'],
  ])('throws for what has no keys of options: %o', (value, shown) => {
    expect(() => object('it', value, ['a'])).toThrow(
      new TypeError(`it must be an object, got ${shown}`),
    )
  })

  it('throws for an unknown key even when its value is undefined', () => {
    expect(() => object('it', { c: undefined }, ['alpha', 'beta'])).toThrow(
      new TypeError('unknown option "c" (in it); known are alpha, beta'),
    )
  })
})

describe('nearest', () => {
  const known = ['maxFailures', 'resetTimeout', 'callTimeout', 'name']

  it.each([
    ['maxFailure', 'maxFailures'],
    ['maxfailures', 'maxFailures'],
    ['timeoutReset', undefined],
    ['nmae', 'name'],
    ['callTimout', 'callTimeout'],
    ['x', undefined],
    ['ab', undefined],
  ])('of %s is %s', (word, expected) => {
    expect(nearest(word, known)).toBe(expected)
  })
})
