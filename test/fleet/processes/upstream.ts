import { once } from 'node:events'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

interface Waiting {
  readonly process: string
  /** Sent while the circuit was half-open. */
  readonly probe: boolean
  readonly response: ServerResponse
}

/** What all processes call: an HTTP server that answers, fails or hangs, for all of them or for some. */
export class Upstream {
  readonly port: number
  /** Requests that have arrived and are not answered. */
  readonly #waiting = new Set<Waiting>()
  /** Those of probes: how many there were, and the most at once. */
  probes = 0
  mostProbes = 0
  #mode: 'answers' | 'fails' | 'hangs' = 'answers'
  /** Processes that it fails for, whatever it does for the others. */
  readonly failsFor: Set<string> = new Set()
  readonly #server: Server

  private constructor(server: Server) {
    this.#server = server
    this.port = (server.address() as AddressInfo).port
    server.on('request', (request, response: ServerResponse) => {
      const { process, state } = request.headers
      this.#receive({ process: String(process), probe: state === 'half-open', response })
    })
  }

  static async start(): Promise<Upstream> {
    // It never ends a connection that a process is about to use.
    const server = createServer({ keepAliveTimeout: 0 }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new Upstream(server)
  }

  #receive(request: Waiting): void {
    this.#waiting.add(request)
    request.response.on('close', () => this.#waiting.delete(request))
    if (request.probe) {
      this.probes++
      this.mostProbes = Math.max(this.mostProbes, this.probing.length)
    }
    if (this.#mode !== 'hangs') this.#end(request)
  }

  /** The processes whose probes are waiting for an answer. */
  get probing(): string[] {
    return [...this.#waiting].filter(({ probe }) => probe).map(({ process }) => process)
  }

  #end({ process, response }: Waiting): void {
    const fails = this.#mode === 'fails' || this.failsFor.has(process)
    response.writeHead(fails ? 500 : 200).end()
  }

  /** Requests that hang are answered in the same way. */
  answer(): void {
    this.#set('answers')
  }

  fail(): void {
    this.#set('fails')
  }

  hang(): void {
    this.#mode = 'hangs'
  }

  #set(mode: 'answers' | 'fails'): void {
    this.#mode = mode
    for (const request of this.#waiting) this.#end(request)
  }

  async end(): Promise<void> {
    this.answer()
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.#server.closeAllConnections()
    await closed
  }
}
