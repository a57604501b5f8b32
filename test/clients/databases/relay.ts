import { once } from 'node:events'
import { createConnection, createServer, type Server, type Socket } from 'node:net'

/** Stands between clients and their server: cuts their connections, and refuses them. */
export class Relay {
  /** How many connections clients have opened. */
  opened = 0
  readonly port: number
  readonly #target: number
  readonly #sockets = new Set<Socket>()
  #server: Server

  private constructor(server: Server, port: number, target: number) {
    this.port = port
    this.#target = target
    this.#server = server
    server.on('connection', (socket: Socket) => this.#connect(socket))
  }

  static async to(target: number): Promise<Relay> {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new Relay(server, (server.address() as { port: number }).port, target)
  }

  #connect(client: Socket): void {
    this.opened++
    const server = createConnection(this.#target, '127.0.0.1')
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(from)
      from.setNoDelay(true).pipe(to)
      from.on('error', () => {})
      from.on('close', () => {
        this.#sockets.delete(from)
        to.destroy()
      })
    }
  }

  /** Ends all connections, as a network does that has lost them. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  /** Refuses connections, and ends those that there are. */
  async down(): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.cut()
    await closed
  }

  async up(): Promise<void> {
    if (this.#server.listening) return
    this.#server = createServer((socket) => this.#connect(socket)).listen(this.port, '127.0.0.1')
    await once(this.#server, 'listening')
  }

  async end(): Promise<void> {
    if (this.#server.listening) await this.down()
  }
}
