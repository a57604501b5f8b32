import type { Circuit } from '../circuit/circuit.ts'
import { rejectWith } from '../circuit/deferred-rejection.ts'
import { CANCELLED } from '../core/outcome.ts'
import { CallTimeoutError } from '../errors.ts'
import { show } from '../options/validate.ts'
import { callerSignal } from './caller-signal.ts'
import { runFallback } from './fallback.ts'
import { type AnyFunction, mimicFunction, tagOf } from './functions.ts'
import { Settlement } from './settlement.ts'
import {
  DONE,
  type Iterator,
  isStream,
  iteratorOf,
  rejectingIterator,
  type Source,
  streamOrPromise,
} from './stream-iterators.ts'
import { timeLimit } from './timeout-queue.ts'

/** A function with the same type whose stream holds the permit until its iteration ends. */
export function wrapStream(circuit: Circuit, fn: AnyFunction): AnyFunction {
  const lazy = tagOf(fn) === 'AsyncGeneratorFunction'
  return mimicFunction(function (this: unknown, ...args: unknown[]) {
    const call = new StreamCall(circuit, args)
    // A generator runs nothing before its first item is asked for, so neither is a permit taken.
    return lazy
      ? call.startLazily(() => fn.apply(this, args))
      : call.start(() => fn.apply(this, args))
  }, fn)
}

/** One stream: takes the permit, hands out a guarded iterator, settles once. */
export class StreamCall {
  readonly #circuit: Circuit
  readonly #args: readonly unknown[]
  /** Undefined until the call is admitted. */
  #settlement: Settlement | undefined

  constructor(circuit: Circuit, args: readonly unknown[]) {
    this.#circuit = circuit
    this.#args = args
  }

  /** For a generator, which does nothing before its first item is asked for. */
  startLazily(start: () => Source): AsyncGenerator<unknown, unknown, unknown> {
    let iterator: Iterator | undefined
    let left = false
    const end = (way: 'return' | 'throw', value: unknown): Promise<IteratorResult<unknown>> => {
      left = true
      if (iterator?.[way] !== undefined) return iterator[way](value)
      return way === 'throw' ? rejectWith(value) : Promise.resolve({ done: true, value })
    }
    const generator = {
      next: (value?: unknown): Promise<IteratorResult<unknown>> => {
        if (left && iterator === undefined) return Promise.resolve(DONE)
        iterator ??= this.#admit() ?? this.#started(start)
        return iterator.next(value)
      },
      return: (value?: unknown) => end('return', value),
      throw: (error?: unknown) => end('throw', error),
      [Symbol.asyncIterator]: () => generator,
      [Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose')]: async () => {
        await end('return', undefined)
      },
    } as unknown as AsyncGenerator<unknown, unknown, unknown>
    return generator
  }

  /** Guards a stream that has come under a permit which was taken for it before. */
  adopt(settlement: Settlement, source: Source): Source {
    this.#settlement = settlement
    return this.#proxy(source)
  }

  start(start: () => unknown): unknown {
    const rejected = this.#admit()
    if (rejected !== undefined) return streamOrPromise(rejected)
    let result: unknown
    try {
      result = start()
      if (isStream(result)) return this.#proxy(result)
    } catch (reason) {
      this.#settlement?.settle({ status: 'rejected', reason })
      return streamOrPromise(rejectingIterator(reason))
    }
    const opened = this.#opened(result)
    return this.#limited(
      () => opened,
      // A stream that comes later is not read any more.
      async () => (await opened)[Symbol.asyncIterator]().return?.(),
    )
  }

  async #opened(result: unknown): Promise<Source> {
    let stream: unknown
    try {
      stream = await result
      if (isStream(stream)) return this.#proxy(stream)
    } catch (reason) {
      this.#settlement?.settle({ status: 'rejected', reason })
      throw reason
    }
    this.#settlement?.settleAs(CANCELLED)
    throw new TypeError(
      `breaker.stream takes a function that returns an async iterable, got ${show(stream)}`,
    )
  }

  #started(start: () => Source): Iterator {
    try {
      return this.#guard(start()[Symbol.asyncIterator]())
    } catch (reason) {
      this.#settlement?.settle({ status: 'rejected', reason })
      return rejectingIterator(reason)
    }
  }

  /** Undefined when admitted; otherwise what the consumer iterates instead. */
  #admit(): Iterator | undefined {
    const circuit = this.#circuit
    const { callTimeout, fallback } = circuit.options
    const permit = circuit.admitAlone(callTimeout)
    if (typeof permit !== 'string') {
      this.#settlement = new Settlement(circuit, permit, callerSignal(this.#args))
      return undefined
    }
    const error = circuit.reject(permit)
    if (fallback === undefined) return rejectingIterator(error())
    return iteratorOf(runFallback(fallback, error, this.#args), error)
  }

  /** The source itself, except that iterating it is guarded. */
  #proxy(source: Source): Source {
    let guarded: Iterator | undefined
    const iterate = (): Iterator => {
      // The permit is that of the first pass.
      if (guarded === undefined) {
        guarded = this.#started(() => source)
        return guarded
      }
      const iterator = source[Symbol.asyncIterator]()
      return iterator === (source as unknown) ? guarded : iterator
    }
    const proxy: Source = new Proxy(source, {
      get: (target, key) => {
        const value: unknown = Reflect.get(target, key, target)
        if (typeof value !== 'function' || key === 'constructor') return value
        if (key === Symbol.asyncIterator) return iterate
        if (key === 'next' || key === 'return' || key === 'throw') {
          return (argument: unknown) => iterate()[key]?.(argument)
        }
        if (fixed(target, key)) return value
        if (!OTHER_READERS.has(key)) return value.bind(target)
        return (...args: unknown[]) => {
          // The end of a stream that is read in another way is not visible.
          if (guarded === undefined && reads(key, args)) this.#settlement?.settleAs(CANCELLED)
          const result: unknown = value.apply(target, args)
          return result === target ? proxy : result
        }
      },
    })
    return proxy
  }

  #guard(source: Iterator): Iterator {
    const guarded: Iterator & AsyncIterable<unknown> = {
      next: (value) =>
        this.#limited(
          () => this.#follow(source, value),
          () => source.return?.(),
        ),
      return: (value) => {
        this.#settlement?.leave()
        return source.return?.(value) ?? Promise.resolve({ done: true, value })
      },
      throw: (error) => {
        this.#settlement?.leave()
        return source.throw?.(error) ?? rejectWith(error)
      },
      [Symbol.asyncIterator]: () => guarded,
    }
    return guarded
  }

  /** Waits no longer than the call timeout; then fails the stream and tells its source to end. */
  #limited<T>(wait: () => Promise<T>, stop: () => unknown): Promise<T> {
    const { name } = this.#circuit
    const { callTimeout: timeout } = this.#circuit.options
    if (timeout === undefined || this.#settlement?.settled) return wait()
    return new Promise((resolve, reject) => {
      const ended = timeLimit(this.#circuit.clock, timeout, () => {
        const reason = new CallTimeoutError(name, timeout)
        this.#settlement?.settle({ status: 'rejected', reason }, true)
        reject(reason)
        // Its errors are ignored: the stream has failed already.
        new Promise((resolve) => resolve(stop())).catch(() => {})
      })
      wait().finally(ended).then(resolve, reject)
    })
  }

  async #follow(source: Iterator, value: unknown): Promise<IteratorResult<unknown>> {
    let item: IteratorResult<unknown>
    try {
      item = await source.next(value)
    } catch (reason) {
      this.#settlement?.settle({ status: 'rejected', reason })
      throw reason
    }
    if (item.done) this.#settlement?.settle({ status: 'fulfilled', value: item.value })
    else this.#settlement?.deliver()
    return item
  }
}

/** True where a proxy may return nothing but the value itself. */
export function fixed(target: object, key: PropertyKey): boolean {
  const own = Reflect.getOwnPropertyDescriptor(target, key)
  return own !== undefined && !own.configurable && !own.writable
}

const LISTENING: readonly PropertyKey[] = ['on', 'once', 'addListener']

/** Of web and Node streams and of clients: ways to read that are not iterating. */
const OTHER_READERS: ReadonlySet<PropertyKey> = new Set([
  ...LISTENING,
  'forEach',
  'getReader',
  'pipe',
  'pipeThrough',
  'pipeTo',
  'read',
  'resume',
  'tee',
  'toArray',
  'toReadableStream',
  'values',
])

/** Listening to anything but the data of a stream leaves it where it is. */
function reads(key: PropertyKey, [event]: readonly unknown[]): boolean {
  return !LISTENING.includes(key) || event === 'data' || event === 'readable'
}
