import type { RedisConnection } from './connection.ts'

interface ScriptCall {
  keys: string[]
  arguments: string[]
}

/** What is used of what `createClient`, `createSentinel` and `createCluster` of `redis` 5 and 6 return. */
export interface NodeRedisClient {
  readonly isOpen: boolean
  /** A cluster has none. */
  readonly isReady?: boolean
  /** Only a cluster has them. */
  readonly slots?: unknown
  evalSha(sha: string, call: ScriptCall): Promise<unknown>
  eval(script: string, call: ScriptCall): Promise<unknown>
  /** Of a cluster: the key, whether it only reads, the words of the command; of others the words alone. */
  sendCommand(...args: never[]): Promise<unknown>
  duplicate(): NodeRedisSubscriber
}

interface NodeRedisSubscriber {
  readonly isOpen: boolean
  on(event: string, listener: (...args: unknown[]) => void): unknown
  connect(): Promise<unknown>
  subscribe(channels: string[], listener: (message: string) => unknown): Promise<unknown>
  destroy(): unknown
  unref?(): void
}

export class NodeRedis implements RedisConnection {
  readonly cluster: boolean
  readonly #client: NodeRedisClient
  readonly #subscriptions = new Set<Subscription>()

  constructor(client: NodeRedisClient) {
    this.#client = client
    this.cluster = client.slots !== undefined
  }

  get ready(): boolean {
    return this.#client.isReady ?? this.#client.isOpen
  }

  async evaluate(
    command: 'EVAL' | 'EVALSHA',
    script: string,
    keys: readonly string[],
    args: readonly string[],
  ): Promise<unknown> {
    const call = { keys: [...keys], arguments: [...args] }
    const reply = await (command === 'EVAL'
      ? this.#client.eval(script, call)
      : this.#client.evalSha(script, call))
    // A cluster that can't be reached is not tried again by itself. This one can be reached.
    for (const subscription of this.#subscriptions) subscription.start()
    return reply
  }

  command(...words: readonly string[]): Promise<unknown> {
    const send = this.#client.sendCommand.bind(this.#client) as (
      ...args: unknown[]
    ) => Promise<unknown>
    // Sentinel has `sendCommand(isReadonly, words)`.
    return this.cluster ? send(words[1], false, [...words]) : send([...words])
  }

  subscribe(
    channels: readonly string[],
    onMessage: (message: string) => void,
    onReady: () => void,
    onLost: () => void = () => {},
  ): AsyncDisposable {
    const subscription = new Subscription(this.#client, [...channels], onMessage, onReady, onLost)
    this.#subscriptions.add(subscription)
    subscription.start()
    return {
      [Symbol.asyncDispose]: async () => {
        this.#subscriptions.delete(subscription)
        subscription.end()
      },
    }
  }
}

class Subscription {
  readonly #client: NodeRedisClient
  readonly #channels: string[]
  readonly #onMessage: (message: string) => void
  readonly #onReady: () => void
  readonly #onLost: () => void
  #stands = false
  #subscriber: NodeRedisSubscriber | undefined
  #ended = false

  constructor(
    client: NodeRedisClient,
    channels: string[],
    onMessage: (message: string) => void,
    onReady: () => void,
    onLost: () => void,
  ) {
    this.#client = client
    this.#channels = channels
    this.#onMessage = onMessage
    this.#onReady = onReady
    this.#onLost = onLost
  }

  /** Does nothing while it stands, or while the client tries by itself. */
  start(): void {
    if (this.#subscriber !== undefined) return
    const subscriber = this.#client.duplicate()
    this.#subscriber = subscriber
    // It reports every attempt to reconnect; the user's own client reports the same.
    subscriber.on('error', () => {})
    this.#subscribe(subscriber).catch(() => {
      this.#close()
      this.#subscriber = undefined
    })
  }

  async #subscribe(subscriber: NodeRedisSubscriber): Promise<void> {
    await subscriber.connect()
    await subscriber.subscribe(this.#channels, this.#onMessage)
    // It keeps no process running that has closed its own client.
    subscriber.unref?.()
    // When it is ready again, it has subscribed again. A cluster says so of each of its connections.
    for (const event of ['ready', 'node-ready']) subscriber.on(event, () => this.#stand())
    for (const event of ['reconnecting', 'node-reconnecting']) {
      subscriber.on(event, () => this.#lose())
    }
    if (!this.#ended) this.#stand()
  }

  #stand(): void {
    this.#stands = true
    this.#onReady()
  }

  /** Also told for each attempt to reconnect that fails. */
  #lose(): void {
    if (this.#stands && !this.#ended) this.#onLost()
    this.#stands = false
  }

  end(): void {
    this.#ended = true
    this.#close()
  }

  #close(): void {
    if (this.#subscriber?.isOpen) this.#subscriber.destroy()
  }
}
