import { builtinModule } from '../clock.ts'

/** Events that bring nothing of an answer. */
export const ENDINGS: ReadonlySet<PropertyKey> = new Set(['error', 'abort', 'end', 'close'])

/** A stream of Node, or what a client returns that tells its end by the same events. */
export interface EmittingStream {
  on(event: PropertyKey, listener: (argument: unknown) => void): unknown
  off(event: PropertyKey, listener: (argument: unknown) => void): unknown
  destroy?(error?: unknown): unknown
  /** Of a stream of Node: the error that destroyed it. */
  readonly errored?: unknown
  readonly destroyed?: boolean
  readonly readableEnded?: boolean
  readonly readableDidRead?: boolean
  /** Of HTTP/2: the code that it was reset with; 0 for none. */
  readonly rstCode?: number
  /** Of an HTTP response: the request. */
  readonly req?: { readonly aborted?: boolean }
}

export function isEmittingStream(value: object): value is EmittingStream {
  const { on, off } = value as Partial<EmittingStream>
  return typeof on === 'function' && typeof off === 'function'
}

/** What happens to a stream. */
export interface StreamListener {
  /** The caller begins to read, by listening to this event. */
  onRead(event: PropertyKey): void
  onEnd(): void
  onError(reason: unknown): void
  /** The caller has ended it, by a way of its own. */
  onLeft(): void
  /** `ended` is false if it has closed before its end. */
  onClose(ended: boolean): void
}

/** A stream that is handed out twice has one end. */
const heard = /* @__PURE__ */ new WeakSet<EmittingStream>()

/** Tells how a stream ends, however it is read. */
export function listenTo(stream: EmittingStream, listener: StreamListener): void {
  if (heard.has(stream)) return
  heard.add(stream)
  const fail = (reason: unknown): void => {
    if (stream.req?.aborted || isAbort(reason)) listener.onLeft()
    else listener.onError(reason)
  }
  stream.on('end', () => {
    // Node ends such a body as if it were complete.
    if (stream.rstCode) fail(new Error(`the stream was reset (code ${stream.rstCode})`))
    else listener.onEnd()
  })
  stream.on(errorEvent(stream), fail)
  stream.on('close', () => {
    if (stream.errored) fail(stream.errored)
    else listener.onClose(stream.readableEnded !== false)
  })
  if (!isOfNode(stream)) return
  stream.on('resume', () => listener.onRead('data'))
  stream.on('newListener', (event) => {
    if (event === 'data' || event === 'readable') listener.onRead(event)
  })
}

/**
 * Tells when something has arrived, and limits the wait for it while the stream flows: not while its
 * reader has paused it. `limit` starts a time limit and returns what stops it.
 */
export function watch(
  stream: EmittingStream,
  event: PropertyKey,
  arrived: () => void,
  limit: () => (() => void) | undefined,
): void {
  let stop = limit()
  const rest = (): void => {
    stop?.()
    stop = undefined
  }
  const wait = (): void => {
    rest()
    stop = limit()
  }
  const hear = (): void => {
    arrived()
    rest()
    if (event === 'data') stop = limit()
    // One that stays would keep the stream in the mode in which it is read now.
    if (stop === undefined) stream.off(event, hear)
  }
  stream.on(event, hear)
  stream.on('resume', wait)
  for (const pause of ['pause', 'end', 'close']) stream.on(pause, rest)
}

/** A pipeline destroys its streams by it when it is left, and so do signals. */
function isAbort(reason: unknown): boolean {
  const { name, cause } = (reason ?? {}) as { name?: unknown; cause?: { name?: unknown } }
  return name === 'AbortError' && cause?.name !== 'TimeoutError'
}

/** Other emitters have no events about their listeners, and may object to being asked for them. */
function isOfNode(stream: object): boolean {
  return 'prependListener' in stream
}

/** Listening to `error` itself would hide that nothing else does. */
function errorEvent(stream: object): PropertyKey {
  return (
    (isOfNode(stream) &&
      builtinModule<{ readonly errorMonitor: symbol }>('node:events')?.errorMonitor) ||
    'error'
  )
}
