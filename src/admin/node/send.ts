import type { IncomingMessage, ServerResponse } from './messages.ts'

/** Sends an answer of the web, as fast as the client reads it, until it leaves. */
export async function send(
  { status, headers, body }: Response,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const head = Object.fromEntries(headers)
  // The rest of a body that is not read would come before the next request.
  if (hasBody(request) && !request.complete && request.httpVersionMajor === 1) {
    head['connection'] = 'close'
  }
  if (response.destroyed) {
    await body?.cancel()
    return
  }
  response.writeHead(status, head)
  if (body === null) {
    response.end()
    return
  }
  response.flushHeaders?.()
  await pipe(body.getReader(), response)
}

function hasBody({ method }: IncomingMessage): boolean {
  return method !== 'GET' && method !== 'HEAD'
}

async function pipe(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  response: ServerResponse,
): Promise<void> {
  const onClose = (): void => {
    reader.cancel().catch(() => {})
  }
  response.once('close', onClose)
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done || response.destroyed) break
      if (!response.write(value)) await writable(response)
    }
  } finally {
    response.off('close', onClose)
  }
  response.end()
}

/** Until there is room again, or the client has left. */
function writable(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const onEvent = (): void => {
      response.off('drain', onEvent)
      response.off('close', onEvent)
      resolve()
    }
    response.once('drain', onEvent)
    response.once('close', onEvent)
  })
}
