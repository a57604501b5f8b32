import type { RedisConnection } from './connection.ts'

/** What is used of `Redis` and `Cluster` of `ioredis` 5 and 6 and `iovalkey`. */
export interface IoRedisClient {
  readonly status: string
  readonly isCluster: boolean
  evalsha(sha: string | Uint8Array, keys: number, ...args: string[]): Promise<unknown>
  eval(script: string | Uint8Array, keys: number, ...args: string[]): Promise<unknown>
  call(command: string, ...args: string[]): Promise<unknown>
  on(event: string, listener: () => void): unknown
  off(event: string, listener: () => void): unknown
  duplicate(): IoRedisSubscriber
}

interface IoRedisSubscriber {
  readonly status: string
  readonly stream?: unknown
  on(event: string, listener: (...args: unknown[]) => void): unknown
  connect(): Promise<unknown>
  subscribe(...channels: string[]): Promise<unknown>
  disconnect(): void
}

/** What these clients take for bytes. */
const platform = globalThis as unknown as { Buffer: { from(text: string): Uint8Array } }

/** A connection is lost; of a cluster, that to one of its nodes. */
const LOST = ['close', '-node']

export class IoRedis implements RedisConnection {
  readonly cluster: boolean
  readonly #client: IoRedisClient
  /** What to do with the scripts that have no reply yet when the connection is lost. */
  readonly #sent = new Set<() => void>()
  readonly #lose = (): void => {
    for (const lose of this.#sent) lose()
  }

  constructor(client: IoRedisClient) {
    this.#client = client
    this.cluster = client.isCluster
  }

  get ready(): boolean {
    return this.#client.status === 'ready'
  }

  evaluate(
    command: 'EVAL' | 'EVALSHA',
    script: string,
    keys: readonly string[],
    args: readonly string[],
  ): Promise<unknown> {
    const client = this.#client
    const source = platform.Buffer.from(script)
    const reply =
      command === 'EVAL'
        ? client.eval(source, keys.length, ...keys, ...args)
        : client.evalsha(source, keys.length, ...keys, ...args)
    return new Promise((resolve, reject) => {
      // It may have been done, and the client would send it again. Then it is no script any more.
      const lose = (): void => {
        source.fill(32)
        reject(new Error('The connection was lost before there was a reply'))
      }
      if (this.#sent.size === 0) for (const event of LOST) client.on(event, this.#lose)
      this.#sent.add(lose)
      const end = (): void => {
        this.#sent.delete(lose)
        if (this.#sent.size === 0) for (const event of LOST) client.off(event, this.#lose)
      }
      void reply.then(resolve, reject).then(end)
    })
  }

  command(name: string, ...args: readonly string[]): Promise<unknown> {
    return this.#client.call(name, ...args)
  }

  subscribe(
    channels: readonly string[],
    onMessage: (message: string) => void,
    onReady: () => void,
    onLost: () => void = () => {},
  ): AsyncDisposable {
    const subscriber = this.#client.duplicate()
    let stands = false
    // It reports every attempt to reconnect; the user's own client reports the same.
    subscriber.on('error', () => {})
    subscriber.on('message', (_channel, message) => onMessage(String(message)))
    subscriber.on('ready', () => {
      // It keeps no process running that has closed its own client.
      ;(subscriber.stream as { unref?(): void } | undefined)?.unref?.()
      // By itself it would subscribe again, but not say when that has been done.
      subscriber.subscribe(...channels).then(
        () => {
          stands = true
          onReady()
        },
        () => {},
      )
    })
    subscriber.on('close', () => {
      // Also called for each attempt to reconnect that fails.
      if (stands) onLost()
      stands = false
    })
    if (subscriber.status === 'wait') subscriber.connect().catch(() => {})
    return {
      async [Symbol.asyncDispose]() {
        stands = false
        subscriber.disconnect()
      },
    }
  }
}
