import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What an upstream does with each request, whatever its protocol. */
export type Behaviour = 'answer' | 'fail' | 'wait' | 'break off'

/** What a client talks to. */
export interface Upstream {
  behaviour: Behaviour
  /** Requests that have arrived. */
  requests: number
  /** Requests that have arrived and are neither answered nor gone. */
  waiting: number
  /** How many requests are answered before they fail. */
  answersLeft: number
  /** Answers those that wait, and each one that comes. */
  release(): void
  close(): Promise<void>
}

export interface HttpAnswers {
  /** Sends what the client takes for a success; the body of the request has been read. */
  readonly answer?: (request: IncomingMessage, response: ServerResponse, body: string) => void
  /** Sends what the client takes for a failure. */
  readonly fail?: (request: IncomingMessage, response: ServerResponse) => void
  /** The type and the beginning of a body that dies. */
  readonly beginning?: { readonly type: string; readonly text: string }
}

export function json(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
}

/** What an upstream may do with one request. */
export interface Reactions {
  answer(): void
  fail(): void
  breakOff(): void
}

/** What upstreams of all protocols have in common. */
export abstract class LoopbackUpstream implements Upstream {
  behaviour: Behaviour = 'answer'
  requests = 0
  answersLeft: number = Number.POSITIVE_INFINITY
  readonly #waiting = new Set<() => void>()

  get waiting(): number {
    return this.#waiting.size
  }

  /** Reacts to a request. Returns what is to be called when its client is gone. */
  protected react({ answer, fail, breakOff }: Reactions): () => void {
    const release = (): void => {
      if (this.#waiting.delete(release)) answer()
    }
    if (this.behaviour === 'answer' && this.answersLeft-- <= 0) fail()
    else if (this.behaviour === 'answer') answer()
    else if (this.behaviour === 'fail') fail()
    else if (this.behaviour === 'break off') breakOff()
    else this.#waiting.add(release)
    return () => void this.#waiting.delete(release)
  }

  release(): void {
    this.behaviour = 'answer'
    for (const release of this.#waiting) release()
  }

  abstract close(): Promise<void>
}

/** An HTTP server on loopback. */
export class HttpUpstream extends LoopbackUpstream {
  readonly #server: Server
  readonly #answers: Required<HttpAnswers>

  private constructor(answers: HttpAnswers) {
    super()
    this.#answers = {
      answer: (_, response) => json(response, 200, { text: 'hello' }),
      fail: (_, response) => json(response, 500, { error: { message: 'out of order' } }),
      beginning: { type: 'application/json', text: '{"text":"hel' },
      ...answers,
    }
    this.#server = createServer((request, response) => void this.#receive(request, response))
  }

  static async start(answers: HttpAnswers = {}): Promise<HttpUpstream> {
    const upstream = new HttpUpstream(answers)
    upstream.#server.listen(0, '127.0.0.1')
    await once(upstream.#server, 'listening')
    return upstream
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.requests += 1
    let body = ''
    request.setEncoding('utf8').on('data', (text: string) => {
      body += text
    })
    request.on('error', () => {})
    await once(request, 'end').catch(() => {})
    const { answer, fail, beginning } = this.#answers
    const gone = this.react({
      answer: () => answer(request, response, body),
      fail: () => fail(request, response),
      breakOff: () => {
        response.writeHead(200, { 'content-type': beginning.type, 'content-length': '1000' })
        response.write(beginning.text, () => setTimeout(() => response.destroy(), 10))
      },
    })
    response.on('close', gone)
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }
}
