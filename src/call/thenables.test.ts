import vm from 'node:vm'
import { describe, expect, it } from 'vitest'
import { createBreaker, open, RESET_TIMEOUT, turn } from '../../test/helpers/public.ts'
import type { CircuitBreaker } from '../index.ts'

type Then = (resolve: (value: unknown) => void, reject: (reason: unknown) => void) => unknown

const mine = new Error('mine')
const thenable = (then: Then): object => ({ then })

/** A promise class of a library, as there were before the language had one. */
class LibraryPromise {
  readonly #promise: Promise<unknown>
  constructor(promise: Promise<unknown>) {
    this.#promise = promise
  }
  // biome-ignore lint/suspicious/noThenProperty: it is a thenable.
  then(...handlers: Parameters<Promise<unknown>['then']>): LibraryPromise {
    return new LibraryPromise(this.#promise.then(...handlers))
  }
}

/** Its then() returns nothing, so that it can't be chained. */
class Unchained extends Promise<unknown> {
  // biome-ignore lint/suspicious/noThenProperty: as above.
  override then(...handlers: unknown[]): never {
    void super.then(...(handlers as []))
    return undefined as never
  }
}

class Subclass extends Promise<unknown> {}

const fulfilled: [string, () => unknown][] = [
  ['resolves twice', () => thenable((resolve) => ['answer', 'other'].forEach(resolve))],
  [
    'resolves and then rejects',
    () => thenable((resolve, reject) => [resolve('answer'), reject(mine)]),
  ],
  [
    'throws after resolving',
    () =>
      thenable((resolve) => {
        resolve('answer')
        throw mine
      }),
  ],
  ['resolves later', () => thenable((resolve) => void setImmediate(resolve, 'answer'))],
  [
    'resolves to a thenable',
    () => thenable((resolve) => resolve(thenable((deep) => deep('answer')))),
  ],
  ['resolves to a promise', () => thenable((resolve) => resolve(Promise.resolve('answer')))],
  [
    'is a function',
    () =>
      Object.assign(
        () => {},
        thenable((resolve) => resolve('answer')),
      ),
  ],
  ['is of a library', () => new LibraryPromise(Promise.resolve('answer'))],
  ['is a subclass of Promise', () => Subclass.resolve('answer')],
  ['is a subclass whose then() returns nothing', () => Unchained.resolve('answer')],
  ['is of another realm', () => vm.runInNewContext('Promise.resolve("answer")')],
  [
    'is of an async function of another realm',
    () => vm.runInNewContext('(async () => "answer")()'),
  ],
]

const rejected: [string, () => unknown][] = [
  ['rejects twice', () => thenable((_, reject) => [mine, new Error('other')].forEach(reject))],
  [
    'rejects and then resolves',
    () => thenable((resolve, reject) => [reject(mine), resolve('answer')]),
  ],
  [
    'throws before it calls back',
    () =>
      thenable(() => {
        throw mine
      }),
  ],
  [
    'has a then that throws when it is read',
    () => ({
      // biome-ignore lint/suspicious/noThenProperty: as above.
      get then() {
        throw mine
      },
    }),
  ],
  [
    'resolves to a thenable that rejects',
    () => thenable((resolve) => resolve(thenable((_, no) => no(mine)))),
  ],
  [
    'resolves to a promise that rejects',
    () => thenable((resolve) => resolve(Promise.reject(mine))),
  ],
  ['is of a library', () => new LibraryPromise(Promise.reject(mine))],
  ['is a subclass of Promise', () => Subclass.reject(mine)],
  ['is a subclass whose then() returns nothing', () => Unchained.reject(mine)],
  ['is of another realm', () => vm.runInNewContext('(error) => Promise.reject(error)')(mine)],
]

const values: [string, () => unknown][] = [
  // biome-ignore lint/suspicious/noThenProperty: as above.
  ['whose then is no function', () => ({ then: 'answer' })],
  ['with no prototype', () => Object.create(null)],
  ['that is a proxy', () => new Proxy({}, {})],
  ['that says it is a promise', () => ({ [Symbol.toStringTag]: 'Promise' })],
  ['that inherits from Promise without being one', () => Object.create({ constructor: Promise })],
]

type Fn = (...args: never[]) => unknown
const ways: [string, (breaker: CircuitBreaker, action: () => unknown) => Promise<unknown>][] = [
  ['breaker(fn)', (breaker, action) => breaker(action)()],
  [
    'breaker(fn) with an argument',
    (breaker, action) => breaker(((_: 1) => action()) as Fn)(1 as never),
  ],
  ['run', (breaker, action) => breaker.run(action)],
  ['run with a timeout', (breaker, action) => breaker.run(action, { timeout: 50 })],
]

describe.each(ways)('the result of a call by %s', (_, call) => {
  it.each(fulfilled)('is what a thenable resolves with that %s', async (_, create) => {
    const { breaker } = createBreaker()

    expect(await call(breaker, create)).toBe('answer')
    await turn()
    expect(breaker.snapshot().counts).toMatchObject({ admitted: 1, success: 1, failure: 0 })
  })

  it.each(rejected)('is the error of a thenable that %s', async (_, create) => {
    const { breaker } = createBreaker()

    await expect(call(breaker, create)).rejects.toBe(mine)
    await turn()
    expect(breaker.snapshot().counts).toMatchObject({ admitted: 1, success: 0, failure: 1 })
  })

  it.each(fulfilled)('closes the circuit as a probe when a thenable %s', async (_, create) => {
    const { breaker, clock } = createBreaker()
    await open(breaker)
    await clock.advance(RESET_TIMEOUT)

    expect(await call(breaker, create)).toBe('answer')
    expect(breaker.state).toBe('closed')
  })

  it.each(rejected)('opens the circuit again as a probe when a thenable %s', async (_, create) => {
    const { breaker, clock } = createBreaker()
    await open(breaker)
    await clock.advance(RESET_TIMEOUT)

    await expect(call(breaker, create)).rejects.toBe(mine)
    expect(breaker.state).toBe('open')
    expect(breaker.snapshot().inFlight).toBe(0)
  })

  it.each(values)('is an object %s as it is', async (_, create) => {
    const { breaker } = createBreaker()
    const value = create()

    expect(await call(breaker, () => value)).toBe(value)
    expect(breaker.snapshot().counts.success).toBe(1)
  })
})

describe('the result of breaker.sync(fn)', () => {
  it.each([
    ['a promise', () => Promise.reject(mine)],
    ['a subclass of Promise', () => Subclass.reject(mine)],
    ['a subclass whose then() returns nothing', () => Unchained.reject(mine)],
    [
      'a promise of another realm',
      () => vm.runInNewContext('(error) => Promise.reject(error)')(mine),
    ],
  ])('is followed when it is %s after all', async (_, create) => {
    const { breaker } = createBreaker()
    const results = [
      breaker.sync(create as Fn)(),
      breaker.sync(((_: 1) => create()) as Fn)(1 as never),
    ]

    for (const result of results) await expect(result).rejects.toBe(mine)
    expect(breaker.snapshot().counts).toMatchObject({ success: 0, failure: 2 })
  })

  it.each([
    ...values,
    ['that is a thenable, such as a query that runs when it is awaited', () => thenable(() => {})],
  ])('is an object %s as it is', (_, create) => {
    const { breaker } = createBreaker()
    const value = create()

    expect(breaker.sync(() => value)()).toBe(value)
    expect(breaker.snapshot().counts.success).toBe(1)
  })
})

describe('what a function is taken for', () => {
  const tagged = (fn: Fn, tag: unknown): Fn =>
    Object.defineProperty(fn, Symbol.toStringTag, { value: tag })
  const mimic = (fn: Fn, of: object): Fn => Object.setPrototypeOf(fn, Object.getPrototypeOf(of))
  const liars: [string, (fn: Fn) => Fn][] = [
    ['a tag of its own', (fn) => tagged(fn, 'AsyncFunction')],
    ['the tag of a generator', (fn) => tagged(fn, 'GeneratorFunction')],
    ['the tag of an async generator', (fn) => tagged(fn, 'AsyncGeneratorFunction')],
    ['a tag that is no text', (fn) => tagged(fn, 42)],
    ['the prototype of an async function', (fn) => mimic(fn, async () => {})],
    ['the prototype of a generator', (fn) => mimic(fn, function* () {})],
    [
      'a proxy of an async function',
      (fn) => new Proxy(async () => {}, { apply: () => fn() }) as Fn,
    ],
    ['a proxy of a generator', (fn) => new Proxy(function* () {}, { apply: () => fn() }) as Fn],
  ]

  it.each(liars)('does not depend on %s', async (_, disguise) => {
    const { breaker } = createBreaker({ maxFailures: 1 })

    expect(await breaker(disguise(() => 'cached'))()).toBe('cached')
    expect(breaker.sync(disguise(() => 'cached'))()).toBe('cached')
    expect(breaker.state).toBe('closed')
  })
})
