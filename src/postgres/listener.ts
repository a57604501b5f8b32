import type { PostgresClient } from './client.ts'

/** Listens on a dedicated connection. */
export class Listener {
  readonly #create: () => PostgresClient
  readonly #channel: string
  readonly #onMessage: (payload: string) => void
  readonly #onReady: () => void
  readonly #onLost: () => void
  #client: PostgresClient | undefined
  #ended = false

  constructor(
    create: () => PostgresClient,
    channel: string,
    onMessage: (payload: string) => void,
    onReady: () => void,
    onLost: () => void,
  ) {
    this.#create = create
    this.#channel = channel
    this.#onMessage = onMessage
    this.#onReady = onReady
    this.#onLost = onLost
  }

  /** Does nothing while it listens, or tries to. */
  start(): void {
    if (this.#client !== undefined || this.#ended) return
    const client = this.#create()
    this.#client = client
    let listens = false
    const lose = (): void => {
      if (this.#client !== client) return
      this.#client = undefined
      client.end().catch(() => {})
      // Otherwise when the server has answered again.
      if (!listens) return
      this.start()
      this.#onLost()
    }
    client.on('error', lose)
    client.on('end', lose)
    client.on('notification', ({ payload = '' }) => this.#onMessage(payload))
    this.#listen(client).then(() => {
      if (this.#client !== client) return
      listens = true
      this.#onReady()
    }, lose)
  }

  async #listen(client: PostgresClient): Promise<void> {
    await client.connect()
    await client.query(`LISTEN "${this.#channel}"`)
    // It keeps no process running that has ended its own pool.
    client.unref?.()
  }

  end(): void {
    this.#ended = true
    const client = this.#client
    this.#client = undefined
    client?.end().catch(() => {})
  }
}
