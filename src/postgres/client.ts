/** What is used of a `Pool` of `pg` 8: its `query`, and how it connects. */
export interface PostgresPool {
  query(query: { text: string; values: unknown[] }): Promise<{ readonly rows: unknown[] }>
}

/** What is used of a `Client` of `pg` 8: one connection, which listens and does nothing else. */
export interface PostgresClient {
  connect(): Promise<unknown>
  query(text: string): Promise<unknown>
  on(event: 'notification', listener: (message: Notification) => void): unknown
  on(event: 'error' | 'end', listener: () => void): unknown
  end(): Promise<unknown>
  unref?(): void
}

interface Notification {
  readonly payload?: string | undefined
}

/** As the pool itself makes its clients; undefined for a pool that does not tell how. */
export function clientOf(pool: PostgresPool): (() => PostgresClient) | undefined {
  const { Client, options } = pool as {
    readonly Client?: new (options: unknown) => PostgresClient
    readonly options?: unknown
  }
  return typeof Client === 'function' ? () => new Client(options) : undefined
}
