import { timeLimit } from './call-timeout.ts'
import { callerSignal } from './caller-signal.ts'
import type { Circuit } from './circuit.ts'
import { CANCELLED, errorOf, type Settled, SUCCESS, type Verdict } from './core/outcome.ts'
import type { Permit } from './core/permit.ts'
import { CallTimeoutError } from './errors.ts'
import { fallBack } from './fallback.ts'
import { Rejection, rejectWith } from './rejection.ts'
import { show } from './validate.ts'
import { type AnyFunction, dressed, kindOf } from './wrap.ts'

type Iterator = AsyncIterator<unknown, unknown, unknown>
type Source = AsyncIterable<unknown> & Partial<Iterator>

function isStream(value: unknown): value is Source {
  return typeof (value as Partial<Source> | null | undefined)?.[Symbol.asyncIterator] === 'function'
}

/** A function with the same type whose stream holds the permit until its iteration ends. */
export function wrapStream(circuit: Circuit, fn: AnyFunction): AnyFunction {
  const lazy = kindOf(fn) === 'AsyncGeneratorFunction'
  return dressed(function (this: unknown, ...args: unknown[]) {
    const call = new StreamCall(circuit, args)
    // A generator runs nothing before its first item is asked for, so neither is a permit taken.
    return lazy ? call.later(() => fn.apply(this, args)) : call.now(() => fn.apply(this, args))
  }, fn)
}

/** One stream: takes the permit, hands out a guarded iterator, settles once. */
class StreamCall {
  readonly #circuit: Circuit
  readonly #args: readonly unknown[]
  readonly #signal: AbortSignal | undefined
  #permit: Permit | undefined
  #delivered = false
  #ended = false

  constructor(circuit: Circuit, args: readonly unknown[]) {
    this.#circuit = circuit
    this.#args = args
    this.#signal = callerSignal(args)
  }

  later(start: () => Source): AsyncGenerator<unknown, unknown, unknown> {
    let iterator: Iterator | undefined
    let left = false
    const open = (): Iterator => {
      if (iterator !== undefined) return iterator
      const refused = this.#admit()
      iterator = refused ?? this.#guard(start()[Symbol.asyncIterator]())
      return iterator
    }
    const leave = async (end: (iterator: Iterator) => Promise<IteratorResult<unknown>>) => {
      left = true
      return iterator === undefined ? { done: true as const, value: undefined } : end(iterator)
    }
    const generator = {
      next: async (value?: unknown) =>
        left && iterator === undefined ? { done: true, value: undefined } : open().next(value),
      return: (value?: unknown) =>
        leave((it) => it.return?.(value) ?? Promise.resolve({ done: true, value })).then(
          (result) => (iterator === undefined ? { done: true, value } : result),
        ),
      throw: (error?: unknown) =>
        leave((it) => it.throw?.(error) ?? Promise.reject(error)).then((result) =>
          iterator === undefined ? Promise.reject(error) : result,
        ),
      [Symbol.asyncIterator]: () => generator,
      [Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose')]: async () => {
        await generator.return(undefined)
      },
    } as unknown as AsyncGenerator<unknown, unknown, unknown>
    return generator
  }

  now(start: () => unknown): unknown {
    const refused = this.#admit()
    if (refused !== undefined) return hybrid(refused)
    let result: unknown
    try {
      result = start()
    } catch (reason) {
      this.#settle({ status: 'rejected', reason })
      return hybrid(failing(reason))
    }
    if (isStream(result)) return this.#proxy(result)
    return Promise.resolve(result).then(
      (value) => (isStream(value) ? this.#proxy(value) : this.#notAStream(value)),
      (reason: unknown) => {
        this.#settle({ status: 'rejected', reason })
        return new Rejection(reason)
      },
    )
  }

  #notAStream(value: unknown): Rejection {
    this.#end(CANCELLED, { status: 'fulfilled', value })
    return new Rejection(
      new TypeError(
        `breaker.stream takes a function that gives an async iterable, its result is ${show(value)}`,
      ),
    )
  }

  /** Undefined when admitted; otherwise what the consumer iterates instead. */
  #admit(): Iterator | undefined {
    const circuit = this.#circuit
    const permit = circuit.admit(circuit.options.callTimeout)
    if (typeof permit !== 'string') {
      this.#permit = permit
      return undefined
    }
    circuit.refused(permit)
    const error = (): unknown => circuit.refuse(permit)
    const { fallback } = circuit.options
    if (fallback === undefined) return failing(error())
    const value = fallBack(fallback, error, this.#args)
    if (isStream(value)) return value[Symbol.asyncIterator]()
    return failing(value instanceof Rejection ? value.error : error())
  }

  /** The source itself, except that iterating it is guarded. */
  #proxy(source: Source): Source {
    let guarded: Iterator | undefined
    const iterate = (): Iterator => {
      const iterator = source[Symbol.asyncIterator]()
      // The permit is that of the first pass.
      if (guarded !== undefined) return iterator === (source as unknown) ? guarded : iterator
      guarded = this.#guard(iterator)
      return guarded
    }
    return new Proxy(source, {
      get: (target, key) => {
        const value: unknown = Reflect.get(target, key, target)
        if (typeof value !== 'function' || key === 'constructor') return value
        if (key === Symbol.asyncIterator) return iterate
        if (key === 'next' || key === 'return' || key === 'throw') {
          return (argument: unknown) => iterate()[key]?.(argument)
        }
        return fixed(target, key) ? value : value.bind(target)
      },
    })
  }

  #guard(source: Iterator): Iterator {
    const guarded: Iterator & AsyncIterable<unknown> = {
      next: (value) => this.#next(source, value),
      return: (value) => {
        this.#leave()
        return source.return?.(value) ?? Promise.resolve({ done: true, value })
      },
      throw: (error) => {
        this.#leave()
        return source.throw?.(error) ?? rejectWith(error)
      },
      [Symbol.asyncIterator]: () => guarded,
    }
    return guarded
  }

  #next(source: Iterator, value: unknown): Promise<IteratorResult<unknown>> {
    const { callTimeout: timeout } = this.#circuit.options
    if (timeout === undefined || this.#ended) return this.#follow(source, value)
    return new Promise((resolve, reject) => {
      const stop = timeLimit(this.#circuit.clock, timeout, () => {
        const reason = new CallTimeoutError(this.#circuit.options.name, timeout)
        this.#settle({ status: 'rejected', reason }, true)
        reject(reason)
        source.return?.().then(undefined, () => {})
      })
      this.#follow(source, value).finally(stop).then(resolve, reject)
    })
  }

  async #follow(source: Iterator, value: unknown): Promise<IteratorResult<unknown>> {
    let item: IteratorResult<unknown>
    try {
      item = await source.next(value)
    } catch (reason) {
      this.#settle({ status: 'rejected', reason })
      throw reason
    }
    if (item.done) this.#settle({ status: 'fulfilled', value: item.value })
    else if (this.#permit !== undefined) this.#deliver(this.#permit)
    return item
  }

  #deliver(permit: Permit): void {
    if (permit.held && !permit.delivered) permit.deliver()
    this.#delivered = true
  }

  /** The consumer has had enough: that is a success once something came. */
  #leave(): void {
    this.#end(this.#delivered ? SUCCESS : CANCELLED, { status: 'fulfilled', value: undefined })
  }

  #settle(settled: Settled, timedOut = false): void {
    if (this.#ended) return
    const callerGone = this.#signal?.aborted === true && !timedOut
    this.#end(this.#circuit.judge(settled, { callerGone, timedOut }), settled)
  }

  #end(verdict: Verdict, settled: Settled): void {
    if (this.#ended || this.#permit === undefined) return
    this.#ended = true
    this.#circuit.settle(this.#permit, verdict, errorOf(settled))
  }
}

/** True where a proxy is not allowed to give anything but the value itself. */
function fixed(target: object, key: PropertyKey): boolean {
  const own = Reflect.getOwnPropertyDescriptor(target, key)
  return own !== undefined && !own.configurable && !own.writable
}

function failing(error: unknown): Iterator {
  return { next: () => rejectWith(error) }
}

/**
 * What a refused call gives when nobody can know whether the function gives a stream or a promise
 * of one: both. Whichever way it is used, it gives what `iterator` gives.
 */
function hybrid(iterator: Iterator): unknown {
  const first = iterator.next()
  const stream = {
    [Symbol.asyncIterator]: () => {
      let started = false
      return {
        next: (value: unknown) => {
          if (started) return iterator.next(value)
          started = true
          return first
        },
        return: (value: unknown) =>
          iterator.return?.(value) ?? Promise.resolve({ done: true, value }),
      }
    },
  }
  const promise = first.then(() => stream)
  // Whoever iterates never looks at the promise.
  promise.catch(() => {})
  return Object.assign(promise, stream)
}
