/**
 * Mounts the admin handler in Node's own server, Express, NestJS and everything else that takes `(req, res)`, and
 * in Fastify.
 *
 * @example
 * import { createServer } from 'node:http'
 * import { circuits } from 'short-circuit'
 * import { admin } from 'short-circuit/admin'
 * import { toNode } from 'short-circuit/admin/node'
 *
 * const handler = admin({ registry: circuits })
 * const server = createServer(toNode(handler))
 * console.assert(!server.listening)
 * handler.close()
 *
 * @module
 */
import type { AdminHandler } from '../index.ts'
import { bodyOf } from './body.ts'
import type { IncomingMessage, ServerResponse } from './messages.ts'
import { send } from './send.ts'

export type { IncomingMessage, ServerResponse } from './messages.ts'

/** A listener for `http.createServer`, and a middleware for Express. */
export type NodeListener = (request: IncomingMessage, response: ServerResponse) => void

/** What is before the path: the name that was asked for is in the header `host`, and may be anything. */
const ORIGIN = 'http://host.invalid'

/**
 * Returns a listener for Node's servers, with HTTP/1.1 or HTTP/2, and a middleware: `app.use('/breakers',
 * toNode(handler))`, in front of a parser of bodies or behind it.
 *
 * @throws TypeError for anything but a function
 */
export function toNode(handler: AdminHandler): NodeListener {
  if (typeof handler !== 'function') {
    throw new TypeError(`toNode takes what admin() returns, got ${typeof handler}`)
  }
  return (request, response) => {
    answer(handler, request, response).catch(() => response.destroy())
  }
}

async function answer(
  handler: AdminHandler,
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const request = requestOf(incoming)
  if (request === undefined) {
    response.writeHead(400, { 'content-length': '0', connection: 'close' })
    response.end()
    return
  }
  const { socket, httpVersion } = incoming
  await send(
    await handler(request, { address: socket.remoteAddress, httpVersion }),
    incoming,
    response,
  )
}

/** Undefined for a request that the web has no form for. */
function requestOf(incoming: IncomingMessage): Request | undefined {
  const { method = 'GET', originalUrl, url = '/' } = incoming
  const path = originalUrl ?? url
  const headers = headersOf(incoming)
  if (!path.startsWith('/') || headers === undefined) return undefined
  const hasBody = method !== 'GET' && method !== 'HEAD'
  const body = hasBody ? bodyOf(incoming) : null
  try {
    const init: RequestInit & { duplex: 'half' } = { method, headers, body, duplex: 'half' }
    return new Request(ORIGIN + path, init)
  } catch {
    return undefined
  }
}

/** Undefined if there are two hosts: one of them may have been checked, and the other one be meant. */
function headersOf({ headers, rawHeaders }: IncomingMessage): Headers | undefined {
  const names = rawHeaders.filter((_, index) => index % 2 === 0)
  if (names.filter((name) => /^(host|:authority)$/i.test(name)).length > 1) return undefined
  const result = new Headers()
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || name.startsWith(':')) continue
    result.set(name, typeof value === 'string' ? value : value.join(', '))
  }
  const authority = headers[':authority']
  if (typeof authority === 'string') result.set('host', authority)
  return result
}

// biome-ignore lint/suspicious/noExplicitAny: requests of any kind, which are passed on.
type Any = any

/** What the plugin needs of Fastify 5. */
export interface FastifyScope {
  removeAllContentTypeParsers(): Any
  addContentTypeParser(type: string, parser: (request: Any, payload: Any, done: Any) => void): Any
  all(path: string, handler: (request: Any, reply: Any) => Any): Any
}

/**
 * Returns a plugin for Fastify: `app.register(toFastify(handler), { prefix: '/breakers' })`.
 *
 * @throws TypeError for anything but a function
 */
export function toFastify(handler: AdminHandler): (app: FastifyScope) => Promise<void> {
  const listener = toNode(handler)
  return async (app) => {
    // The handler reads bodies itself, up to what it takes.
    app.removeAllContentTypeParsers()
    app.addContentTypeParser('*', (_request, _payload, done) => done(null))
    const handle = (request: Any, reply: Any): void => {
      reply.hijack()
      listener(request.raw, reply.raw)
    }
    app.all('/', handle)
    app.all('/*', handle)
  }
}
