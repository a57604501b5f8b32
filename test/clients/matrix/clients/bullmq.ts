import { once } from 'node:events'
import { type AddressInfo, createServer, connect as dial, type Socket } from 'node:net'
import { Server as Process } from '../../databases/server.ts'
import type { Client } from '../client.ts'
import { LoopbackUpstream } from '../upstream.ts'

export const bullmq: Client = {
  name: 'BullMQ',
  packages: ['ioredis', 'bullmq'],
  guarded: 'protect(new Queue(…), breaker)',
  trap: 'commands wait while Redis is away: `enableOfflineQueue: false` or a `callTimeout`',
  methods: ['add', 'addBulk', 'getJobCounts'],
  cancelledBy: 'nothing',
  brokenBody: 'sent again when it is connected: needs a `callTimeout`',
  async connect({ protect }) {
    const { Queue } = await import('bullmq')
    const upstream = await RedisUpstream.start()
    const real = new Queue('jobs', { connection: { host: '127.0.0.1', port: upstream.port } })
    real.on('error', () => {})
    await real.waitUntilReady()
    const queue = protect(real)
    return {
      upstream,
      uses: {
        add: () => queue.add('job', { text: 'hello' }),
        addBulk: () => queue.addBulk([{ name: 'job', data: {} }]),
        getJobCounts: () => queue.getJobCounts(),
      },
      close: () => real.disconnect(),
    }
  },
}

/** A Redis server, and what stands before it: each command that runs a script is a request. */
class RedisUpstream extends LoopbackUpstream {
  readonly #sockets = new Set<Socket>()
  readonly #server = createServer((socket) => this.#connect(socket))
  #redis: Process | undefined

  static async start(): Promise<RedisUpstream> {
    const upstream = new RedisUpstream()
    upstream.#redis = await Process.redis()
    await once(upstream.#server.listen(0, '127.0.0.1'), 'listening')
    return upstream
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  #connect(socket: Socket): void {
    const target = dial(this.#redis?.port ?? 0, '127.0.0.1')
    target.pipe(socket)
    for (const end of [socket, target]) {
      this.#sockets.add(end)
      end.on('error', () => {})
      end.on('close', () => {
        socket.destroy()
        target.destroy()
      })
    }
    socket.on('data', (commands) => {
      const text = commands.toString('latin1')
      const scripts = text.match(/\r\neval(?:sha)?\r\n/gi)?.length ?? 0
      if (scripts === 0) {
        target.write(commands)
        return
      }
      const all = text.match(/^\*\d+\r$/gm)?.length ?? 0
      this.requests += scripts
      this.react({
        answer: () => target.write(commands),
        fail: () => socket.write('-ERR out of order\r\n'.repeat(all)),
        breakOff: () => socket.destroy(),
      })
    })
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await this.#redis?.end()
  }
}
