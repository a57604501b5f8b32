import { once } from 'node:events'
import { createConnection, createServer, type Server, type Socket } from 'node:net'

/** Stands between clients and their server: cuts their connections, refuses them, delays or keeps what they say. */
export class Relay {
  /** How many connections clients have opened. */
  opened = 0
  readonly port: number
  /** By how much everything is late, in each direction, ms. */
  delay = 0
  #target: number
  readonly #sockets = new Set<Socket>()
  readonly #ways = new Set<Way>()
  #keeps = false
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
      const way = new Way(to, () => this.#keeps)
      this.#ways.add(way)
      from.setNoDelay(true).on('error', () => {})
      from.on('data', (data) => way.pass(this.delay, () => to.write(data)))
      from.on('end', () => way.pass(this.delay, () => to.end()))
      from.on('close', () => {
        this.#sockets.delete(from)
        this.#ways.delete(way)
        to.destroy()
      })
    }
  }

  /** Keeps everything from now on, and all connections, as a network does that has lost its way. */
  keep(): void {
    this.#keeps = true
  }

  /** Passes on what was kept, as a network does that sends again what was lost. */
  pass(): void {
    this.#keeps = false
    for (const way of this.#ways) way.flush()
  }

  /** Has another server from now on, as after a failover; connections to the one before are lost. */
  lead(target: number): void {
    this.#target = target
    this.cut()
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

/** What goes in one direction of a connection, in its order. */
class Way {
  readonly #to: Socket
  readonly #keeps: () => boolean
  readonly #waiting: { readonly dueAt: number; readonly act: () => void }[] = []
  #timer: NodeJS.Timeout | undefined

  constructor(to: Socket, keeps: () => boolean) {
    this.#to = to
    this.#keeps = keeps
  }

  pass(delay: number, act: () => void): void {
    this.#waiting.push({ dueAt: performance.now() + delay, act })
    this.flush()
  }

  flush(): void {
    clearTimeout(this.#timer)
    while (!this.#keeps() && !this.#to.destroyed) {
      const [next] = this.#waiting
      if (next === undefined) return
      const wait = next.dueAt - performance.now()
      if (wait > 0) {
        this.#timer = setTimeout(() => this.flush(), wait)
        return
      }
      this.#waiting.shift()
      next.act()
    }
  }
}
