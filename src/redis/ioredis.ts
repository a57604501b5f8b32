import type { RedisConnection } from './connection.ts'

/** What is used of `Redis` and `Cluster` of `ioredis` 5 and 6 and `iovalkey`. */
export interface IoRedisClient {
  readonly status: string
  readonly isCluster: boolean
  evalsha(sha: string, keys: number, ...args: string[]): Promise<unknown>
  eval(script: string, keys: number, ...args: string[]): Promise<unknown>
  call(command: string, ...args: string[]): Promise<unknown>
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

export class IoRedis implements RedisConnection {
  readonly cluster: boolean
  readonly #client: IoRedisClient

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
    return command === 'EVAL'
      ? client.eval(script, keys.length, ...keys, ...args)
      : client.evalsha(script, keys.length, ...keys, ...args)
  }

  command(name: string, ...args: readonly string[]): Promise<unknown> {
    return this.#client.call(name, ...args)
  }

  subscribe(
    channels: readonly string[],
    onMessage: (message: string) => void,
    onReady: () => void,
  ): AsyncDisposable {
    const subscriber = this.#client.duplicate()
    // It reports every attempt to reconnect; the user's own client reports the same.
    subscriber.on('error', () => {})
    subscriber.on('message', (_channel, message) => onMessage(String(message)))
    subscriber.on('ready', () => {
      // It keeps no process running that has closed its own client.
      ;(subscriber.stream as { unref?(): void } | undefined)?.unref?.()
      // By itself it would subscribe again, but not say when that has been done.
      subscriber.subscribe(...channels).then(onReady, () => {})
    })
    if (subscriber.status === 'wait') subscriber.connect().catch(() => {})
    return {
      async [Symbol.asyncDispose]() {
        subscriber.disconnect()
      },
    }
  }
}
