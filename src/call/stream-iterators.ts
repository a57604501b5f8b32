import { Rejection, rejectWith } from '../circuit/deferred-rejection.ts'
import type { FailedCall } from '../circuit/rejected-call.ts'
import { withCause } from './fallback.ts'

/** What the consumer of a stream gets in its place. */
export type Iterator = AsyncIterator<unknown, unknown, unknown>
export type Source = AsyncIterable<unknown> & Partial<Iterator> & { destroy?(): unknown }

export function isStream(value: unknown): value is Source {
  const { [Symbol.asyncIterator]: iterate } = (value ?? {}) as Partial<Source>
  // Not everywhere can those of the web be iterated.
  return typeof iterate === 'function' || isWebStream(value)
}

/** False where the runtime has no such streams. */
export function isWebStream(value: unknown): value is ReadableStream {
  return typeof ReadableStream === 'function' && value instanceof ReadableStream
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
export function iteratorOf(value: unknown, failed: FailedCall): Iterator {
  try {
    if (isStream(value)) return value[Symbol.asyncIterator]()
  } catch (failure) {
    return rejectingIterator(withCause(failure, failed.createError()))
  }
  if (value instanceof Rejection) return rejectingIterator(value.error)
  if (!(value instanceof Promise)) return rejectingIterator(failed.createError())
  const opening = value.then((stream: unknown) => iteratorOf(stream, failed), rejectingIterator)
  return {
    next: async (item) => (await opening).next(item),
    return: async (item) => (await opening).return?.(item) ?? { done: true, value: item },
  }
}

/** Ends a stream that will not be read. */
export async function stopSource(source: Source): Promise<unknown> {
  if (source.destroy !== undefined) return source.destroy()
  return isWebStream(source) ? source.cancel() : source[Symbol.asyncIterator]().return?.()
}
