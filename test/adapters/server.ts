import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { ContractServer, ServerCounts } from './contract.ts'

/** What the server does with a request, by its path. */
const ROUTES: Readonly<Record<string, (response: ServerResponse) => void>> = {
  '/ok': (response) => response.end('{"answer":42}'),
  '/missing': (response) => response.writeHead(404).end('{}'),
  '/broken': (response) => response.writeHead(503).end('{}'),
  '/busy-seconds': (response) => response.writeHead(503, { 'retry-after': '30' }).end('{}'),
  '/busy-date': (response) =>
    response
      .writeHead(503, {
        date: 'Wed, 21 Oct 2015 07:28:00 GMT',
        'retry-after': 'Wed, 21 Oct 2015 07:28:30 GMT',
      })
      .end('{}'),
  '/limited': (response) => response.writeHead(429).end('{}'),
  '/limited-seconds': (response) => response.writeHead(429, { 'retry-after': '30' }).end('{}'),
  '/hang': () => {},
  '/nothing': (response) => response.writeHead(204).end(),
  '/unchanged': (response) => response.writeHead(304).end(),
  '/moved': (response) => response.writeHead(302, { location: '/ok' }).end(),
  '/large': (response) => response.end('x'.repeat(4_000_000)),
  '/silent': (response) => response.writeHead(200, { 'content-length': '1000' }).flushHeaders(),
  // Longer as a whole than any pause within.
  '/parts': (response) => {
    let left = 8
    const timer = setInterval(() => {
      response.write(`part ${left}\n`)
      if (--left === 0) response.end()
      if (left === 0) clearInterval(timer)
    }, 50)
    response.on('close', () => clearInterval(timer))
  },
  '/cut': (response) => {
    response.writeHead(200, { 'content-length': '1000' }).write('{"answer":')
    setTimeout(() => response.destroy(), 20)
  },
  '/slow-body': (response) => {
    response.writeHead(200, { 'content-length': '1000' }).write('{"answer":')
  },
}

/** A server on loopback that counts what reaches it, and what its clients give up. */
export class TestServer implements ContractServer {
  received = 0
  /** Requests whose connection was closed before the answer was complete. */
  abandoned = 0
  /** What `/ok` does in place of answering at once. */
  hold: Promise<void> | undefined
  readonly origin: string
  readonly #server: Server

  private constructor(server: Server) {
    this.#server = server
    this.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    server.on('request', (request, response) => void this.#answer(request, response))
  }

  static async start(): Promise<TestServer> {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return new TestServer(server)
  }

  url(path: string): string {
    return this.origin + path
  }

  async counts(): Promise<ServerCounts> {
    const { received, abandoned } = this
    return { received, abandoned }
  }

  async holdAnswers(): Promise<() => Promise<void>> {
    let release = (): void => {}
    this.hold = new Promise((resolve) => {
      release = resolve
    })
    return async () => release()
  }

  async #answer({ url = '' }: IncomingMessage, response: ServerResponse): Promise<void> {
    this.received++
    response.on('close', () => {
      if (!response.writableFinished) this.abandoned++
    })
    response.setHeader('content-type', 'application/json')
    // For browsers: they ask other origins, and would keep answers.
    response.setHeader('access-control-allow-origin', '*')
    response.setHeader('access-control-expose-headers', '*')
    response.setHeader('cache-control', 'no-store')
    if (url === '/ok') await this.hold
    const route = ROUTES[url]
    if (route === undefined) response.writeHead(500).end(`no route ${url}`)
    else route(response)
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}
