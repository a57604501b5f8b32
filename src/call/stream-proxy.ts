import { isThenable } from '../options/validate.ts'
import { isPromise } from './call.ts'
import { type Iterator, isStream, type Source } from './stream-iterators.ts'

export const asyncDispose: typeof Symbol.asyncDispose =
  Symbol.asyncDispose ?? (Symbol.for('Symbol.asyncDispose') as never)

const ITERATOR_METHODS: ReadonlySet<PropertyKey> = new Set(['next', 'return', 'throw'])
const PROMISE_METHODS: ReadonlySet<PropertyKey> = new Set(['then', 'catch', 'finally'])

const LISTENING_METHODS: ReadonlySet<PropertyKey> = new Set(['on', 'once', 'addListener'])

/** Ways to end a stream that is not wanted any more. */
export const LEAVING_METHODS: ReadonlySet<PropertyKey> = new Set([
  'abort',
  'cancel',
  'close',
  'destroy',
  asyncDispose,
])

/** What is done in place of the stream, or before it does it. */
export interface StreamUse {
  iterate(): Iterator
  /** It is a promise as well, and is awaited. */
  wait(): Promise<unknown>
  /** The caller ends it: what follows says nothing about the target. */
  leave(): void
  /** Its events are listened to. */
  listen(event: PropertyKey): void
  /** It is read by a method that returns a promise. */
  follow(result: Promise<unknown>): void
  /** A method has returned it in another form. */
  view(stream: Source): Source
}

/** The stream itself, with all of its members, except that its use is noticed. */
export function proxyStream(source: Source, use: StreamUse): Source {
  // A proxy of what is frozen could return nothing else.
  const standIn = fixed(source, Symbol.asyncIterator) ? Object.create(source) : source
  const proxy: Source = new Proxy(standIn, {
    get: (target, key) => {
      const value: unknown = Reflect.get(source, key, source)
      if (typeof value !== 'function' || key === 'constructor') return value
      if (key === Symbol.asyncIterator) return use.iterate
      if (fixed(target, key)) return value
      return (...args: [never]) => {
        if (ITERATOR_METHODS.has(key) && isIteratorOf(source)) {
          return use.iterate()[key as 'next']?.(...args)
        }
        if (PROMISE_METHODS.has(key) && isThenable(source))
          return use.wait()[key as 'then'](...args)
        if (LEAVING_METHODS.has(key)) use.leave()
        if (LISTENING_METHODS.has(key)) use.listen(args[0])
        const result: unknown = value.apply(source, args)
        if (isPromise(result)) use.follow(result)
        return result === source ? proxy : viewed(source, result, use)
      }
    },
  })
  return proxy
}

/** What a method returns, with streams as the caller may read them: those of `tee`, for example. */
function viewed(source: Source, result: unknown, use: StreamUse): unknown {
  // The events of a stream of Node tell its end, whatever reads it.
  if (isOfNode(source)) return result
  const view = (value: unknown): unknown =>
    isStream(value) && !isOfNode(value) ? use.view(value) : value
  return Array.isArray(result) && result.some(isStream) ? result.map(view) : view(result)
}

function isOfNode(stream: Source): boolean {
  return 'readableFlowing' in stream
}

/** False for a client whose `next` is its own, such as a cursor of a database. */
export function isIteratorOf(source: Source): boolean {
  return source[Symbol.asyncIterator]() === (source as unknown)
}

/** True where a proxy may return nothing but the value itself. */
export function fixed(target: object, key: PropertyKey): boolean {
  const own = Reflect.getOwnPropertyDescriptor(target, key)
  return own !== undefined && !own.configurable && !own.writable
}
