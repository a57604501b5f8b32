/** What is sent, and whether it has failed by itself: then its request says nothing about the target. */
export interface RequestBody {
  /** To send in place of what was given. */
  readonly body: unknown
  hasFailed(): boolean
}

interface NodeStream {
  /** Streams of older versions do not tell. */
  readonly errored?: unknown
  once(name: 'error', listener: () => void): unknown
}

interface StreamModule {
  isErrored?(stream: unknown): boolean
}

const HAS_NOT = (): boolean => false

/**
 * Watches a body that comes in parts: a stream of Node, of the web, or anything else that is async iterable. Streams
 * are sent as they are, for what a client reads from them, such as their length.
 */
export function watchBody(body: unknown): RequestBody {
  if (typeof body !== 'object' || body === null) return { body, hasFailed: HAS_NOT }
  if (isNodeStream(body)) return watchNodeStream(body)
  if (typeof ReadableStream === 'function' && body instanceof ReadableStream) {
    return { body, hasFailed: () => isErrored(body) }
  }
  if (Symbol.asyncIterator in body) return watchIterable(body as AsyncIterable<unknown>)
  return { body, hasFailed: HAS_NOT }
}

function isNodeStream(body: object): body is NodeStream {
  return 'pipe' in body && 'once' in body
}

/** By its event: a client that ends a request destroys the stream with the error of that, and it has one as well then. */
function watchNodeStream(body: NodeStream): RequestBody {
  let failed = (body.errored ?? null) !== null
  body.once('error', () => {
    failed = true
  })
  return { body, hasFailed: () => failed }
}

/** Only Node tells this of a stream that is being read. */
function isErrored(stream: unknown): boolean {
  const { process } = globalThis as {
    process?: { getBuiltinModule?(name: string): StreamModule | undefined }
  }
  return process?.getBuiltinModule?.('node:stream')?.isErrored?.(stream) === true
}

function watchIterable(given: AsyncIterable<unknown>): RequestBody {
  let failed = false
  async function* watched(): AsyncGenerator {
    try {
      yield* given
    } catch (error) {
      failed = true
      throw error
    }
  }
  return { body: watched(), hasFailed: () => failed }
}
