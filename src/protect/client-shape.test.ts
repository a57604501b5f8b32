import { EventEmitter } from 'node:events'
import { Readable } from 'node:stream'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import {
  endsTransaction,
  hasMethod,
  isAsyncGenerator,
  isBegun,
  isCursor,
  isInstance,
  isNativeThen,
  isPlainPromise,
  isPromiseLike,
  isQueue,
  isRunning,
  isSession,
  mayCallTarget,
  methodNames,
  sharesMethods,
} from './client-shape.ts'

const nothing = (): void => {}
/** An object with these methods. */
const withMethods = (...names: string[]): object =>
  Object.fromEntries(names.map((name) => [name, nothing]))
const items = { [Symbol.asyncIterator]: () => ({ next: nothing }) } as never

class Connection {
  query(): void {}
  close(): void {}
  readonly host = 'a'
}
class Row {
  readonly id = 1
}

describe('a transaction', () => {
  it.each([
    [['endSession']],
    [['abortTransaction']],
    [['commit', 'rollback']],
    [['commitTransaction', 'rollbackTransaction']],
  ])('has %o', (names) => {
    expect(isSession(withMethods(...names))).toBe(true)
  })

  it.each([
    [[]],
    [['']],
    [['commit']],
    [['rollback']],
    [['commitTransaction']],
    [['rollbackTransaction']],
    [['commit', 'rollbackTransaction']],
    [['commitTransaction', 'rollback']],
  ])('is nothing that only has %o', (names) => {
    expect(isSession(withMethods(...names))).toBe(false)
  })

  it('is ended by a statement, whichever way that is written', () => {
    for (const statement of [
      'COMMIT',
      ' rollback;',
      'end',
      'Abort',
      { text: 'commit' },
      { sql: 'commit' },
      ['commit'],
    ]) {
      expect(endsTransaction('db.query', [statement])).toBe(true)
    }
    expect(endsTransaction('sendCommand', [['EXEC']])).toBe(true)
    expect(endsTransaction('call', ['discard'])).toBe(true)
    // A template, of a client that is a function.
    expect(endsTransaction('', [['commit']])).toBe(true)
  })

  it('is not ended by anything else', () => {
    for (const statement of ['select', 'commitment', 'a commit', undefined, null, 1, {}, []]) {
      expect(endsTransaction('query', [statement])).toBe(false)
    }
    expect(endsTransaction('query', [[['commit']]])).toBe(false)
    expect(endsTransaction('users.find', ['commit'])).toBe(false)
    expect(endsTransaction('users.find', [['commit']])).toBe(false)
    expect(endsTransaction('', ['commit'])).toBe(false)
    expect(endsTransaction('call', ['commit'])).toBe(false)
    expect(endsTransaction('myquery', ['commit'])).toBe(false)
    expect(endsTransaction('query.all', ['commit'])).toBe(false)
  })
})

it('takes for a queue of commands only what has all its methods', () => {
  expect(isQueue(withMethods('multi', 'exec', 'discard'))).toBe(true)
  for (const names of [
    [],
    ['multi'],
    ['multi', 'exec'],
    ['exec', 'discard'],
    ['multi', 'discard'],
  ]) {
    expect(isQueue(withMethods(...names))).toBe(false)
  }
})

describe('what is awaited', () => {
  const begun: Promise<unknown> = Promise.resolve()
  class OwnPromise<T> extends Promise<T> {}
  const foreign: Promise<unknown> = runInNewContext('Promise.resolve()')
  const foreignOwn: Promise<unknown> = runInNewContext('(class extends Promise {}).resolve()')
  const lazy = withMethods('then')
  const transaction = withMethods('then', 'commit', 'rollback')

  it('has begun if it is a promise or a transaction', () => {
    for (const value of [begun, foreign, new OwnPromise(nothing), transaction]) {
      expect(isBegun(value)).toBe(true)
    }
    for (const value of [lazy, withMethods('commit', 'rollback'), null, undefined, 1]) {
      expect(isBegun(value)).toBe(false)
    }
  })

  it('is a plain promise without members of its own, in any realm', () => {
    for (const promise of [begun, foreign]) expect(isPlainPromise(promise)).toBe(true)
    const others: unknown[] = [
      new OwnPromise(nothing),
      foreignOwn,
      Object.assign(Promise.resolve(), { cancel: nothing }),
      Object.setPrototypeOf(Promise.resolve(), null),
      Object.setPrototypeOf(Promise.resolve(), withMethods('then')),
      Object.setPrototypeOf(Promise.resolve(), {}),
    ]
    for (const promise of others) expect(isPlainPromise(promise as Promise<unknown>)).toBe(false)
  })

  it('is like a promise if it has no other methods but to give it up', () => {
    const likePromises: unknown[] = [
      begun,
      lazy,
      withMethods('then', 'catch', 'finally', 'abort', 'cancel'),
      Object.assign(() => {}, withMethods('then')),
    ]
    for (const value of likePromises) expect(isPromiseLike(value)).toBe(true)
    const others: unknown[] = [
      withMethods('then', 'where'),
      Object.assign(withMethods('then'), items),
      {},
      withMethods('catch', 'finally'),
      () => {},
      null,
      undefined,
      'then',
    ]
    for (const value of others) expect(isPromiseLike(value)).toBe(false)
  })

  it('has the `then` of the language, in any realm, or one that may have an effect', () => {
    for (const promise of [begun, foreign, foreignOwn]) {
      expect(isNativeThen(promise.then)).toBe(true)
    }
    const quoting = (): string => 'function then() { [native code] }'
    const bound = begun.then.bind(begun)
    for (const then of [nothing, quoting, bound, Math.max, undefined, null, {}]) {
      expect(isNativeThen(then)).toBe(false)
    }
  })
})

describe('what can be iterated', () => {
  async function* generate(): AsyncGenerator<unknown> {}
  const emitter = Object.assign(new EventEmitter(), items)
  const cursor = Object.assign(new EventEmitter(), items, { next: nothing })
  const readable = new Readable()
  const readableWithNext = Object.assign(new Readable(), { next: nothing })

  it('is the generator of a function, which does nothing before its first item', () => {
    expect(isAsyncGenerator(generate())).toBe(true)
    for (const value of [items, emitter, readable, (function* () {})(), generate, null]) {
      expect(isAsyncGenerator(value)).toBe(false)
    }
  })

  it('goes on by itself if it is a stream of Node or of the web, or has events', () => {
    for (const stream of [readable, readableWithNext, new ReadableStream(), emitter]) {
      expect(isRunning(stream as never)).toBe(true)
    }
    for (const stream of [items, generate(), cursor]) expect(isRunning(stream)).toBe(false)
  })

  it('is a cursor if it has events and is asked for its next item', () => {
    expect(isCursor(cursor)).toBe(true)
    const noStream = Object.assign(new EventEmitter(), { next: nothing })
    for (const value of [emitter, noStream, generate(), items]) expect(isCursor(value)).toBe(false)
  })
})

it('takes for an instance only what a class has made', () => {
  expect(isInstance(new Row())).toBe(true)
  for (const value of [{}, nothing]) expect(isInstance(value)).toBe(false)
})

describe('an object that may call the target', () => {
  const getter = {
    get query() {
      return expect.fail('it is not to run')
    },
  }
  it.each<[string, object]>([
    ['a function', nothing],
    ['an object of a class', new Row()],
    ['a namespace', withMethods('list')],
    ['a namespace whose methods are looked up', getter],
    ['a namespace in one', { users: withMethods('list') }],
    ['a namespace four deep', { a: { b: { c: { d: withMethods('list') } } } }],
    ['an object of a class in a namespace', { users: new Row() }],
    ['a function in a namespace', { users: nothing }],
    ['a stream', items],
    ['a namespace without a prototype', Object.assign(Object.create(null), { list: nothing })],
  ])('is %s', (_, value) => {
    expect(mayCallTarget(value)).toBe(true)
  })

  it.each<[string, object]>([
    ['a class', Row],
    ['data', { id: 1, tags: ['a'], owner: { name: 'Ada', none: null } }],
    ['data without a prototype', Object.assign(Object.create(null), { id: 1 })],
    ['an array', [nothing]],
    ['an array in data', { list: [nothing] }],
    ['a namespace five deep', { a: { b: { c: { d: { e: withMethods('list') } } } } }],
    ['a date in data', { at: new Date() }],
    ['a map', new Map()],
    ['a date', new Date()],
    ['an error', new TypeError()],
    ['bytes', new Uint8Array()],
    ['a URL', new URL('http://a.example')],
  ])('is not %s', (_, value) => {
    expect(mayCallTarget(value)).toBe(false)
  })
})

describe('the methods of an object', () => {
  class Pool extends Connection {
    connect(): void {}
    get size(): number {
      return expect.fail('it is not to run')
    }
    readonly retry = nothing
  }

  it('are those of its classes and its own, but not those that close it', () => {
    expect([...methodNames(new Pool())].sort()).toEqual(['connect', 'query', 'retry'])
  })

  it('are not those that unrelated objects have in common', () => {
    class Client extends EventEmitter {
      query(): void {}
    }
    const callable = Object.assign(() => {}, { query: nothing })

    expect([...methodNames(new Client())]).toEqual(['query'])
    expect([...methodNames(callable)]).toEqual(['query'])
    expect([...methodNames({ query: nothing })]).toEqual(['query'])
  })

  it('are those of its own class where that has only one of the names of an emitter', () => {
    class Mailer {
      emit(): void {}
      send(): void {}
    }
    class Listeners {
      removeListener(): void {}
    }

    expect([...methodNames(new Mailer())].sort()).toEqual(['emit', 'send'])
    expect([...methodNames(new Listeners())]).toEqual(['removeListener'])
  })

  it('are those of an emitter where that is the object itself', () => {
    expect([...methodNames({ emit: nothing, removeListener: nothing })]).toHaveLength(2)
  })

  it('are found by name without running a getter', () => {
    const pool = new Pool()

    for (const name of ['connect', 'query', 'close', 'retry', 'toString']) {
      expect(hasMethod(pool, name)).toBe(true)
    }
    for (const name of ['host', 'size', 'missing']) expect(hasMethod(pool, name)).toBe(false)
    // What hides a method is none.
    expect(hasMethod(Object.assign(Object.create(pool), { query: 1 }), 'query')).toBe(false)
  })
})

describe('a connection', () => {
  const names = new Set(['query'])

  it('is of a class and has a method of the client', () => {
    expect(sharesMethods(new Connection(), names)).toBe(true)
  })

  it.each<[string, object]>([
    ['has no methods', new Row()],
    [
      'has others',
      new (class extends Row {
        find(): void {}
      })(),
    ],
    ['is a plain object', { query: nothing }],
    ['has no prototype', Object.assign(Object.create(null), { query: nothing })],
    ['is a class', class Query extends Connection {}],
    ['is a built-in object', Object.assign(new Map(), { query: nothing })],
  ])('is nothing that %s', (_, value) => {
    expect(sharesMethods(value, names)).toBe(false)
  })
})
