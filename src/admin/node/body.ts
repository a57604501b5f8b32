import type { IncomingMessage } from './messages.ts'

/** The body as it was sent, or as a parser has left it. */
export function bodyOf(
  request: IncomingMessage,
): string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> | null {
  const { body } = request
  if (!request.readableEnded && body === undefined) return streamOf(request)
  if (body === undefined || body === null) return null
  if (typeof body === 'string') return body
  if (body instanceof Uint8Array) return new Uint8Array(body)
  return JSON.stringify(body)
}

/** Reads only when it is read. */
function streamOf(request: IncomingMessage): ReadableStream<Uint8Array> {
  let ended = false
  const end = (finish: () => void): void => {
    if (!ended) finish()
    ended = true
  }
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        request.on('data', (chunk) => {
          if (ended) return
          controller.enqueue(new Uint8Array(chunk))
          request.pause()
        })
        request.on('end', () => end(() => controller.close()))
        request.on('error', (error) => end(() => controller.error(error)))
        request.on('close', () => end(() => controller.error(new Error('the client has left'))))
        request.pause()
      },
      pull() {
        request.resume()
      },
      cancel() {
        ended = true
        request.pause()
      },
    },
    { highWaterMark: 0 },
  )
}
