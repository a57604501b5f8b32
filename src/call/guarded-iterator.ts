import { rejectWith } from '../circuit/deferred-rejection.ts'
import type { Settled } from '../core/outcome.ts'
import { show } from '../options/validate.ts'
import type { Iterator, Source } from './stream-iterators.ts'

/** The stream whose items are read. */
interface Reading {
  /** How long the next item may take. */
  readonly timeout: number | undefined
  read(): void
  run<T>(fn: () => T): T
  limited<T>(wait: () => Promise<T>, stop: () => unknown): Promise<T>
  /** An item is there. */
  deliver(): void
  end(settled: Settled): void
  leave(): void
}

/**
 * What the caller iterates: the items of a source, which tell the stream how it ends. A class, as closures for
 * its methods made a short stream take a third longer.
 */
export class GuardedIterator implements Iterator, AsyncIterable<unknown> {
  readonly #stream: Reading
  readonly #iterator: Iterator
  readonly #source: Source

  constructor(stream: Reading, iterator: Iterator, source: Source) {
    this.#stream = stream
    this.#iterator = iterator
    this.#source = source
  }

  next(value: unknown): Promise<IteratorResult<unknown>> {
    const stream = this.#stream
    stream.read()
    if (stream.timeout === undefined) return this.#follow(value)
    const source = this.#source
    return stream.limited(
      () => this.#follow(value),
      () => (source.destroy === undefined ? this.#iterator.return?.() : source.destroy()),
    )
  }

  return(value?: unknown): Promise<IteratorResult<unknown>> {
    this.#stream.leave()
    return this.#iterator.return?.(value) ?? Promise.resolve({ done: true, value })
  }

  throw(error?: unknown): Promise<IteratorResult<unknown>> {
    this.#stream.leave()
    return this.#iterator.throw?.(error) ?? rejectWith(error)
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async #follow(value: unknown): Promise<IteratorResult<unknown>> {
    const stream = this.#stream
    try {
      const item = await stream.run(() => this.#iterator.next(value))
      // The language throws for it as well, but then tells no iterator, which would not end.
      if (Object(item) !== item)
        throw new TypeError(`next() must return an object, got ${show(item)}`)
      if (item.done) stream.end({ status: 'fulfilled', value: item.value })
      else stream.deliver()
      return item
    } catch (reason) {
      stream.end({ status: 'rejected', reason })
      throw reason
    }
  }
}
