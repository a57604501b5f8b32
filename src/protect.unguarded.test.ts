import { EventEmitter } from 'node:events'
import { PassThrough } from 'node:stream'
import { beforeEach, describe, expect, it } from 'vitest'
import { createBreaker, record, turn } from '../test/helpers/public.ts'
import {
  type BreakerEvent,
  type CircuitBreaker,
  CircuitOpenError,
  CircuitRegistry,
  type EventName,
  protect,
} from './index.ts'

type Callback = (error: Error | null, value?: string) => void

class Client extends EventEmitter {
  /** Returns a promise without a callback. */
  send(text: string, callback?: Callback): Promise<string> | undefined {
    if (callback === undefined) return Promise.resolve(text)
    queueMicrotask(() => callback(new Error('down')))
    return undefined
  }

  /** Returns what cancels it. */
  say(_text: string, callback: Callback): { cancel(): void } {
    queueMicrotask(() => callback(new Error('down')))
    return { cancel() {} }
  }

  /** Returns a stream, whose end tells nothing. */
  get(_path: string, callback: Callback): PassThrough {
    queueMicrotask(() => callback(new Error('down')))
    return new PassThrough().end()
  }

  each(visit: (item: number, index: number) => void): { list(): void } {
    visit(1, 0)
    return { list() {} }
  }

  listen(_port: number, _ready: () => void): this {
    return this
  }

  close(): void {}

  version(): string {
    return '1'
  }

  stop(): void {}

  table(): { rows(): Promise<number> } {
    return { rows: async () => 1 }
  }
}

let breaker: CircuitBreaker
let reports: [EventName, BreakerEvent][]
beforeEach(() => {
  ;({ breaker } = createBreaker())
  reports = record(breaker, 'listenerError')
})

const messages = () => reports.map(([, event]) => String((event as { error?: unknown }).error))

const answer = (call: (callback: Callback) => unknown): Promise<unknown> =>
  new Promise((resolve) => call((error, _value) => resolve(error)))

describe('a call that only its callback ends, of a method that is not listed', () => {
  it('is reported once if the method returns promises otherwise', async () => {
    const client = protect(new Client(), breaker)
    await client.send('hello')
    for (let i = 0; i < 2; i++) await answer((callback) => client.send('hello', callback))
    await new Promise<void>((resolve) => void client.send('hello', () => resolve()))

    expect(messages()).toEqual([
      'TypeError: "send" was called with a callback: list it in `methods`, or it is not guarded',
    ])
    expect(reports[0]?.[1]).toMatchObject({ source: 'protect' })
    expect(breaker.snapshot().counts).toMatchObject({ success: 1, failure: 0 })
  })

  it.each(['say', 'get'] as const)('is reported once if %s returns what ends it', async (name) => {
    const client = protect(new Client(), breaker)
    for (let i = 0; i < 2; i++) await answer((callback) => client[name]('hello', callback))
    await turn()

    expect(messages()).toEqual([expect.stringContaining(`"${name}" was called with a callback`)])
    expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts: { admitted: 0 } })
  })

  it('is reported by each method, and by the breaker of each', async () => {
    const registry = new CircuitRegistry()
    const from: string[] = []
    registry.on('listenerError', ({ breaker }) => from.push(breaker))
    const client = protect(new Client(), registry, { name: 'api' })
    await answer((callback) => client.say('hello', callback))
    await answer((callback) => client.get('hello', callback))

    expect(from).toEqual(['api.say', 'api.get'])
  })

  it('is not reported for listeners, visitors and methods that return the client', () => {
    const client = protect(new Client(), breaker)
    client.on('end', () => {})
    client.once('end', (_first: unknown, _second: unknown) => {})
    client.each(() => {})
    client.listen(80, () => {})

    expect(messages()).toEqual([])
  })

  it('is not reported where only other methods are to be guarded', async () => {
    const client = protect(new Client(), breaker, { methods: ['send'] })
    await answer((callback) => client.say('hello', callback))

    expect(messages()).toEqual([])
  })
})

it.each<[string, () => unknown]>([
  ['a promise', () => Promise.resolve()],
  [
    'an observable',
    () => ({ subscribe: () => ({ unsubscribe() {} }), '@@observable'() {}, cancel() {} }),
  ],
  [
    'what begins when it is asked for its first item',
    () => ({ [Symbol.asyncIterator]: () => ({ next: async () => ({}) }), close() {} }),
  ],
])('takes %s for what tells of the end of a call, in place of its callback', async (_, create) => {
  const client = protect({ get: (_callback: Callback) => create() }, breaker)
  client.get((_error, _value) => {})
  await turn()

  expect(messages()).toEqual([])
})

describe('a listed method', () => {
  it('is settled by its callback, also if it returns a stream', async () => {
    const client = protect(new Client(), breaker, { methods: ['get'] })
    for (let i = 0; i < 3; i++) await answer((callback) => client.get('/', callback))
    await turn()
    expect(breaker.snapshot().counts).toMatchObject({ success: 0, failure: 3 })

    expect(await answer((callback) => client.get('/', callback))).toBeInstanceOf(CircuitOpenError)
  })

  it('is reported once if it returns what cannot be guarded', async () => {
    const client = protect(new Client(), breaker, { methods: ['version', 'stop', 'table', 'send'] })
    for (let i = 0; i < 2; i++) {
      client.version()
      client.stop()
      await client.table().rows()
      await client.send('hello')
    }

    expect(messages()).toEqual([
      'TypeError: "version" returned "1", which cannot be guarded',
      'TypeError: "stop" returned undefined, which cannot be guarded',
    ])
  })
})
