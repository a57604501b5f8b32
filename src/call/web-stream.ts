import type { Iterator } from './stream-iterators.ts'

/**
 * A web stream with the items of an iterator, which is not asked before the stream is read. A real
 * one: platforms accept nothing else as the body of a response, or to transfer.
 */
export function webStream(iterator: Iterator, type?: 'bytes'): ReadableStream {
  const source = {
    type,
    async pull(controller: Controller): Promise<void> {
      const { done, value } = await iterator.next()
      if (!done) {
        controller.enqueue(value)
        return
      }
      controller.close()
      // A reader that brought its own buffer still waits for it.
      controller.byobRequest?.respond(0)
    },
    async cancel(reason: unknown): Promise<void> {
      await iterator.return?.(reason)
    },
  }
  return new ReadableStream(source as UnderlyingSource, { highWaterMark: 0 })
}

/** Of a stream of bytes or of anything else. */
interface Controller {
  enqueue(chunk: unknown): void
  close(): void
  readonly byobRequest?: { respond(bytes: number): void } | null
}

type UnderlyingSource = NonNullable<ConstructorParameters<typeof ReadableStream>[0]>

/** The items of a web stream, which is locked when the first one is asked for. */
export function webIterator(stream: ReadableStream): Iterator {
  let reader: ReadableStreamDefaultReader | undefined
  return {
    next: () => {
      reader ??= stream.getReader()
      return reader.read()
    },
    return: async (reason) => {
      await (reader ?? stream).cancel(reason)
      return { done: true, value: undefined }
    },
  }
}

export function webStreamType(stream: ReadableStream): 'bytes' | undefined {
  try {
    stream.getReader({ mode: 'byob' }).releaseLock()
    return 'bytes'
  } catch {
    return undefined
  }
}
