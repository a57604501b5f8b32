import { Rejection, rejectWith } from '../circuit/deferred-rejection.ts'
import { withCause } from './fallback.ts'

/** What the consumer of a stream gets in its place. */
export type Iterator = AsyncIterator<unknown, unknown, unknown>
export type Source = AsyncIterable<unknown> & Partial<Iterator>

export function isStream(value: unknown): value is Source {
  return typeof (value as Partial<Source> | null | undefined)?.[Symbol.asyncIterator] === 'function'
}

export const DONE: IteratorResult<unknown> = { done: true, value: undefined }

/** Fails once, and is done. */
export function rejectingIterator(error: unknown): Iterator {
  let failed = false
  return {
    next: () => {
      if (failed) return Promise.resolve(DONE)
      failed = true
      return rejectWith(error)
    },
  }
}

/** Iterates what a fallback returned: a stream, or a promise of one. */
export function iteratorOf(value: unknown, error: () => unknown): Iterator {
  try {
    if (isStream(value)) return value[Symbol.asyncIterator]()
  } catch (failure) {
    return rejectingIterator(withCause(failure, error()))
  }
  if (value instanceof Rejection) return rejectingIterator(value.error)
  if (!(value instanceof Promise)) return rejectingIterator(error())
  const opening = value.then((stream: unknown) => iteratorOf(stream, error), rejectingIterator)
  return {
    next: async (item) => (await opening).next(item),
    return: async (item) => (await opening).return?.(item) ?? { done: true, value: item },
  }
}

/**
 * What a rejected call returns when it is not known whether the function returns a stream or a
 * promise of one: both at once. Either way its items come from `iterator`.
 */
export function streamOrPromise(iterator: Iterator): unknown {
  const first = new Promise<IteratorResult<unknown>>((resolve) => resolve(iterator.next()))
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
  // A caller that iterates never handles the promise.
  promise.catch(() => {})
  return Object.assign(promise, stream)
}
