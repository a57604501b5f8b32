import { builtinModule } from '../clock.ts'
import type { EmittingStream } from './emitting-stream.ts'
import { type AnyFunction, boundTo } from './functions.ts'
import type { Iterator } from './stream-iterators.ts'
import { webStream } from './web-stream.ts'

/** What a function has returned so far: what a rejected call returns looks alike. */
export interface StreamProfile {
  promise: boolean
  web: boolean
}

/**
 * What a rejected call returns. Until it is known what the function returns, that is everything that
 * it may be at once: an async iterable, a promise of one, and a stream of Node or of the web. Each is
 * created when its first member is looked up, for calls are rejected in great numbers. Whichever way
 * the caller reads, its items come from `iterator`.
 */
export function rejectedStream(iterator: Iterator, { promise, web }: StreamProfile): unknown {
  if (web && !promise) return webStream(iterator)
  const first = new Promise<IteratorResult<unknown>>((resolve) => resolve(iterator.next()))
  const items: AsyncIterable<unknown> = {
    [Symbol.asyncIterator]: () => startingWith(first, iterator),
  }
  const opened = first.then(() => items)
  // A caller that iterates or listens never handles the promise.
  opened.catch(() => {})
  return promise ? opened : anyStream(opened, items)
}

function startingWith(first: Promise<IteratorResult<unknown>>, rest: Iterator): Iterator {
  let started = false
  return {
    next: (value) => {
      if (started) return rest.next(value)
      started = true
      return first
    },
    return: (value) => rest.return?.(value) ?? Promise.resolve({ done: true, value }),
  }
}

/**
 * What a rejected call returns that may have been a promise as well. Where it is known which methods
 * else it has: a promise that can be iterated, and on which every such method can be called, and then
 * every other one on what that returns.
 */
export function rejectedLike(
  opened: Promise<unknown>,
  items: AsyncIterable<unknown>,
  hasMethod: ((key: PropertyKey) => boolean) | undefined,
): unknown {
  // A caller that iterates or listens never handles the promise.
  opened.catch(() => {})
  if (hasMethod === undefined) return anyStream(opened, items)
  const rejected: unknown = new Proxy(opened, {
    get: (_, key) => {
      const owner = key === Symbol.asyncIterator ? items : opened
      const member: unknown = Reflect.get(owner, key)
      if (typeof member === 'function' && key !== 'constructor')
        return boundTo(owner, member as AnyFunction)
      if (member !== undefined || !hasMethod(key)) return member
      return (event: unknown, listener: unknown) => {
        if (typeof listener === 'function') hearRejection(opened, event, listener as Listener)
        return rejected
      }
    },
  })
  return rejected
}

type Listener = (reason?: unknown) => void

/** Emitters that fail tell of the error first, then of their end. */
function hearRejection(opened: Promise<unknown>, event: unknown, listener: Listener): void {
  if (event === 'error') opened.catch(listener)
  if (event !== 'end' && event !== 'close') return
  // All that listen for the error have been told by then.
  opened.catch(() => Promise.resolve().then(() => listener()))
}

function anyStream(opened: Promise<unknown>, items: AsyncIterable<unknown>): unknown {
  let web: ReadableStream | undefined
  let node: object | undefined
  const ownerOf = (key: PropertyKey): object | undefined => {
    if (key in items) return items
    if (key in opened) return opened
    if (typeof ReadableStream === 'function' && key in ReadableStream.prototype) {
      web ??= webStream(items[Symbol.asyncIterator]())
      return web
    }
    node ??= nodeStream(opened, items)
    return node
  }
  return new Proxy(opened, {
    get: (_, key) => {
      const owner = ownerOf(key)
      const member: unknown = owner && Reflect.get(owner, key)
      return typeof member === 'function' && key !== 'constructor'
        ? boundTo(owner, member as AnyFunction)
        : member
    },
  })
}

interface StreamModule {
  readonly Readable: { from(items: AsyncIterable<unknown>): EmittingStream }
}

function nodeStream(opened: Promise<unknown>, items: AsyncIterable<unknown>): object | undefined {
  const stream = builtinModule<StreamModule>('node:stream')?.Readable.from(items)
  // Its error is emitted also when it is only listened for, as that of a file that can't be opened.
  stream?.on('newListener', (event) => {
    if (event === 'error') opened.catch((reason) => stream.destroy?.(reason))
  })
  return stream
}
