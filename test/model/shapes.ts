import { Readable } from 'node:stream'
import { type CircuitBreaker, type CircuitRegistry, protect } from '../../src/index.ts'
import type { Tagged } from './public-options.ts'

/** What a guarded function is given, whatever its arguments: the signal it should heed, if any. */
export type Action = (signal: AbortSignal | undefined) => Promise<Tagged>

/**
 * One way to make a call: guards `action`, calls it once, and returns what the caller gets. `signal`
 * is the caller's own, which some of them pass on.
 */
export type Shape = (
  breaker: CircuitBreaker,
  action: Action,
  signal: AbortSignal,
) => Promise<unknown>

/** Those whose caller may abort the call. */
export const ABORTABLE: ReadonlySet<string> = new Set([
  'run with a signal',
  'withSignal and a signal',
  'a signal argument',
  'signal options',
])

export const SHAPES: Readonly<Record<string, Shape>> = {
  run: (breaker, action) => breaker.run(() => action(undefined)),
  'run that takes a signal': (breaker, action) => breaker.run((signal) => action(signal)),
  'run with a signal': (breaker, action, signal) => breaker.run(action, { signal }),
  withSignal: (breaker, action) => breaker.withSignal((signal) => action(signal))(),
  'withSignal and a signal': (breaker, action, signal) =>
    breaker.withSignal((own, _: { signal: AbortSignal }) => action(own))({ signal }),
  'withSignal and arguments': (breaker, action) =>
    breaker.withSignal((signal, _: number, __: string) => action(signal))(1, ''),
  'no argument': (breaker, action) => breaker(() => action(undefined))(),
  'one argument': (breaker, action) => breaker((_: number) => action(undefined))(1),
  'an object': (breaker, action) => breaker((_: object) => action(undefined))({ id: 1 }),
  'two arguments': (breaker, action) =>
    breaker((_: number, __: string) => action(undefined))(1, ''),
  'rest parameters': (breaker, action) =>
    breaker((..._: number[]) => action(undefined))(1, 2, 3, 4),
  'fewer arguments': (breaker, action) => breaker((_?: number) => action(undefined))(),
  'a signal argument': (breaker, action, signal) =>
    breaker((own: AbortSignal) => action(own))(signal),
  'signal options': (breaker, action, signal) =>
    breaker((_: string, { signal }: { signal: AbortSignal }) => action(signal))('/', { signal }),
  'a method': (breaker, action) => {
    class Client {
      get = breaker(function (this: unknown) {
        return this instanceof Client
          ? action(undefined)
          : Promise.reject<Tagged>(new Error('lost this'))
      })
    }
    return new Client().get()
  },
  'a standard decorator': (breaker, action) => {
    const context = { kind: 'method', name: 'get' } as ClassMethodDecoratorContext
    const get = (breaker as unknown as Decorate)(() => action(undefined), context)
    return get()
  },
  'a legacy decorator': (breaker, action) => {
    const descriptor = { value: () => action(undefined), configurable: true, writable: true }
    const decorate = breaker as unknown as DecorateLegacy
    return decorate({}, 'get', descriptor).value()
  },
  'a thenable': (breaker, action) =>
    breaker(() => {
      const promise = action(undefined)
      const then = promise.then.bind(promise)
      return { then } as unknown as Promise<Tagged>
    })(),
  'a protected client': (breaker, action) =>
    protect({ users: { list: async () => action(undefined) } }, breaker).users.list(),
  stream: (breaker, action) =>
    lastOf(
      breaker.stream(async function* () {
        yield orThrow(await action(undefined))
      })(),
    ),
  'a promise of a stream': async (breaker, action) =>
    lastOf(
      await breaker.stream(async () => {
        const value = orThrow(await action(undefined))
        return (async function* () {
          yield value
        })()
      })(),
    ),
  'a stream of Node': async (breaker, action) =>
    lastOf(await breaker.stream(async () => Readable.from([orThrow(await action(undefined))]))()),
  'a stream of the web': async (breaker, action) =>
    lastOf(await breaker.stream(async () => webStreamOf(orThrow(await action(undefined))))()),
  'a stream in an answer': async (breaker, action) => {
    const { body } = await breaker.run(
      async () => {
        const value = orThrow(await action(undefined))
        return { ...value, body: webStreamOf(value) }
      },
      { stream: (answer, guard) => ({ ...answer, body: guard(answer.body) }) },
    )
    return lastOf(body)
  },
}

const GROUP = 'users'
const KEY = '1'

/** The name of a breaker whose calls {@link callByKey} can make. */
export const KEYED_NAME: string = `${GROUP}:${KEY}`

/** A call of the breaker that has that name in the registry. */
export function callByKey(registry: CircuitRegistry, action: Action): Promise<unknown> {
  const key = (id: string): string => id
  return registry.keyed((_: string) => action(undefined), { name: GROUP, key })(KEY)
}

/** How a call is made: by one of the above, by its key, by a permit, or synchronously. */
export const WAYS: readonly string[] = [...Object.keys(SHAPES), 'key', 'permit', 'sync']

type Decorate = (value: () => Promise<unknown>, context: object) => () => Promise<unknown>
type DecorateLegacy = (
  target: object,
  key: string,
  descriptor: PropertyDescriptor,
) => { value: () => Promise<unknown> }

async function lastOf(items: AsyncIterable<unknown>): Promise<unknown> {
  let last: unknown
  for await (const item of items) last = item
  return last
}

function webStreamOf(value: Tagged): ReadableStream<Tagged> {
  return new ReadableStream({
    start(controller) {
      controller.enqueue(value)
      controller.close()
    },
  })
}

/** A stream says by its error alone that it was neither a success nor a failure. */
function orThrow(tagged: Tagged): Tagged {
  if (tagged.as !== 'success') throw tagged
  return tagged
}
