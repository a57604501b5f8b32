import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer, type Server, type Socket } from 'node:net'
import { BSON, type Document } from 'mongodb'
import { LoopbackUpstream } from './upstream.ts'

const OP_REPLY = 1
const OP_QUERY = 2004
const OP_MSG = 2013

/** As much of the protocol of MongoDB as a driver needs that connects, finds and inserts. */
export class MongoUpstream extends LoopbackUpstream {
  /** What commands other than those of the connection are answered with, when they are. */
  answer: Document = { ok: 1 }
  readonly #sockets = new Set<Socket>()
  readonly #server: Server

  private constructor() {
    super()
    this.#server = createServer((socket) => {
      this.#sockets.add(socket)
      socket.on('error', () => {}).on('close', () => this.#sockets.delete(socket))
      let received = Buffer.alloc(0)
      socket.on('data', (part: Buffer) => {
        received = Buffer.concat([received, part])
        while (received.length >= 4 && received.length >= received.readInt32LE(0)) {
          const length = received.readInt32LE(0)
          this.#receive(socket, received.subarray(0, length))
          received = received.subarray(length)
        }
      })
    })
  }

  static async start(): Promise<MongoUpstream> {
    const upstream = new MongoUpstream()
    upstream.#server.listen(0, '127.0.0.1')
    await once(upstream.#server, 'listening')
    return upstream
  }

  get url(): string {
    const { port } = this.#server.address() as AddressInfo
    return `mongodb://127.0.0.1:${port}/?directConnection=true`
  }

  #receive(socket: Socket, message: Buffer): void {
    const id = message.readInt32LE(4)
    if (message.readInt32LE(12) === OP_QUERY) {
      reply(socket, id, OP_REPLY, Buffer.alloc(20).fill(1, 16, 17), HELLO)
      return
    }
    // The flags, and the kind of the first section, which is the command.
    const command = BSON.deserialize(message.subarray(21, 21 + message.readInt32LE(21)))
    const send = (document: Document) => reply(socket, id, OP_MSG, Buffer.alloc(5), document)
    if ('hello' in command || 'isMaster' in command || 'ismaster' in command) send(HELLO)
    else if ('endSessions' in command || 'ping' in command) send({ ok: 1 })
    else this.#command(socket, command, send)
  }

  #command(socket: Socket, command: Document, send: (document: Document) => void): void {
    this.requests++
    const cursor = { firstBatch: [{ text: 'hello' }], id: BSON.Long.ZERO, ns: 'shop.items' }
    const gone = this.react({
      answer: () =>
        send('find' in command && this.answer['ok'] === 1 ? { ok: 1, cursor } : this.answer),
      fail: () => send({ ok: 0, code: 91, codeName: 'ShutdownInProgress', errmsg: 'out of order' }),
      breakOff: () => socket.destroy(),
    })
    socket.on('close', gone)
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }
}

const HELLO = {
  ...{ ok: 1, isWritablePrimary: true, ismaster: true, helloOk: true },
  ...{ minWireVersion: 0, maxWireVersion: 25, maxBsonObjectSize: 16_777_216 },
  ...{ maxMessageSizeBytes: 48_000_000, maxWriteBatchSize: 100_000 },
  ...{ logicalSessionTimeoutMinutes: 30, connectionId: 1, readOnly: false },
}

function reply(socket: Socket, to: number, code: number, prefix: Buffer, document: Document): void {
  const body = BSON.serialize(document)
  const head = Buffer.alloc(16)
  head.writeInt32LE(16 + prefix.length + body.length, 0)
  head.writeInt32LE(to, 8)
  head.writeInt32LE(code, 12)
  socket.write(Buffer.concat([head, prefix, body]))
}
