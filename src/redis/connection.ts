/**
 * What a store needs of a client of Redis. For a client that is none of those that
 * {@link RedisClient} lists, write one.
 */
export interface RedisConnection {
  /** False while it is not connected: then nothing is sent, and the breakers decide by themselves. */
  readonly ready: boolean
  /** Whether it is a cluster, where no server knows how many processes have subscribed. */
  readonly cluster: boolean
  /** Sends one `EVAL` or `EVALSHA`, to the node that has the keys, and resolves with its reply. */
  evaluate(
    command: 'EVAL' | 'EVALSHA',
    script: string,
    keys: readonly string[],
    args: readonly string[],
  ): Promise<unknown>
  /** Sends a command that reads, to the node that has the key, its first argument. Needed to read the fleet only. */
  command?(name: string, ...args: readonly string[]): Promise<unknown>
  /**
   * Subscribes to channels, on a connection that is not used for commands. `onReady` is called when the subscription
   * stands, first and after each time that it was interrupted, `onLost` when it is interrupted, where that is known.
   */
  subscribe(
    channels: readonly string[],
    onMessage: (message: string) => void,
    onReady: () => void,
    onLost?: () => void,
  ): AsyncDisposable
}
