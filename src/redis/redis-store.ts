import { checkAdapterOptions } from '../adapter/call-options.ts'
import { Slots } from '../adapter/slots.ts'
import { unlessAborted } from '../adapter/unless-aborted.ts'
import type {
  Answer,
  Ask,
  FleetReading,
  FleetStore,
  JournalEntry,
  ProcessReport,
  Push,
} from '../fleet/index.ts'
import { connectionOf, type RedisClient } from './client.ts'
import type { RedisConnection } from './connection.ts'
import { RedisStoreError } from './errors.ts'
import { keysOf, type ShardKeys, shardOf } from './keys.ts'
import { readFleet, readJournal } from './read.ts'
import { SCRIPT } from './script.ts'
import { answerOf, argumentsOf, processText, pushesOf } from './wire.ts'

export interface RedisStoreOptions {
  /**
   * The first part of all keys: processes with the same one are one fleet. 1 to 64 letters, digits and `.`, `_`, `-`.
   */
  readonly namespace: string
  /**
   * Over how many slots of a cluster the breakers are spread. All processes must say the same. An integer from 1
   * to 1024.
   *
   * @defaultValue 1
   */
  readonly shards?: number | undefined
}

/** Redis runs one script at a time: what others ask waits for it. */
const MOST_ASKS = 50
/** So many scripts of a shard may be without a reply: a server may hang for long. */
const MOST_SCRIPTS = 4

/**
 * Returns the store of a fleet that is kept in Redis 6.2 or newer, or Valkey: for `shared` of `short-circuit/fleet`. The
 * client stays the user's: disposing of the store ends its subscription only.
 *
 * @throws TypeError, RangeError if an option is wrong.
 * @example
 * import { createClient } from 'redis'
 * import { CircuitRegistry } from 'short-circuit'
 * import { shared } from 'short-circuit/fleet'
 * import { redisStore } from 'short-circuit/redis'
 *
 * const fleet = shared(redisStore(createClient(), { namespace: 'shop' }))
 * const circuits = new CircuitRegistry({ shared: fleet })
 * console.assert(circuits.size === 0)
 */
export function redisStore(client: RedisClient, options: RedisStoreOptions): FleetStore {
  checkAdapterOptions('redisStore', options, { namespace: 'string', shards: 'number' })
  const { namespace, shards = 1 } = options
  if (typeof namespace !== 'string' || !/^[\w.-]{1,64}$/.test(namespace)) {
    throw new TypeError(
      `namespace must be 1 to 64 letters, digits, '.', '_' or '-', got ${String(namespace)}`,
    )
  }
  if (!Number.isInteger(shards) || shards < 1 || shards > 1024) {
    throw new RangeError(`shards must be an integer from 1 to 1024, got ${String(shards)}`)
  }
  return new RedisStore(connectionOf(client), namespace, shards)
}

class RedisStore implements FleetStore {
  readonly #connection: RedisConnection
  readonly #shards: readonly ShardKeys[]
  readonly #watches = new Set<AsyncDisposable>()
  #slots: readonly Slots[]
  #sha: Promise<string> | undefined

  constructor(connection: RedisConnection, namespace: string, shards: number) {
    this.#connection = connection
    this.#shards = Array.from({ length: shards }, (_, shard) => keysOf(namespace, shard))
    this.#slots = this.#freeSlots()
  }

  #freeSlots(): readonly Slots[] {
    return this.#shards.map(() => new Slots(MOST_SCRIPTS))
  }

  async exchange(
    asks: readonly Ask[],
    signal: AbortSignal,
    report?: ProcessReport,
  ): Promise<readonly Answer[]> {
    signal.throwIfAborted()
    const answers: (Answer | undefined)[] = asks.map(() => undefined)
    try {
      await this.#within(signal, () => this.#exchange(asks, answers, report, signal))
    } catch (error) {
      const late = RedisStoreError.of(error)
      const asked = new Set(asks.map(({ name }) => shardOf(name, this.#shards.length)))
      const isHeard = answers.some((answer) => answer !== undefined && answer.refused !== 'lost')
      const isAll = asks.length === 0 || asked.size === this.#shards.length
      if (late.code === 'NOTREADY' || (isAll && !isHeard)) throw error
      // A shard that fails or hangs is no matter of the others.
      return asks.map((ask, i) => answers[i] ?? lost(ask, late))
    }
    return answers as readonly Answer[]
  }

  read(names: readonly string[] | undefined, signal: AbortSignal): Promise<FleetReading> {
    return this.#within(signal, () => readFleet(this.#connection, this.#shards, names))
  }

  journal(limit: number, signal: AbortSignal): Promise<readonly JournalEntry[]> {
    return this.#within(signal, () => readJournal(this.#connection, this.#shards, limit))
  }

  async #within<T>(signal: AbortSignal, ask: () => Promise<T>): Promise<T> {
    signal.throwIfAborted()
    try {
      if (!this.#connection.ready) {
        // What has no reply yet gets none.
        this.#slots = this.#freeSlots()
        throw new RedisStoreError('The client is not connected', 'NOTREADY')
      }
      return await unlessAborted(signal, ask())
    } catch (error) {
      throw signal.aborted ? signal.reason : RedisStoreError.of(error)
    }
  }

  async #exchange(
    asks: readonly Ask[],
    answers: (Answer | undefined)[],
    report: ProcessReport | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    const evaluate = (shard: number, own: readonly Ask[], said: ProcessReport | undefined) =>
      (this.#slots[shard] as Slots).run(signal, () => this.#evaluate(shard, own, said))
    const indexes = this.#shards.map((): number[] => [])
    for (const [i, { name }] of asks.entries()) {
      indexes[shardOf(name, indexes.length)]?.push(i)
    }
    // What a process says goes with what it asks; alone it goes to the first shard.
    if (asks.length === 0 && report !== undefined) await evaluate(0, [], report)
    const batches = indexes.flatMap((of, shard) =>
      chunks(of).map(async (batch, chunk) => {
        const own = batch.map((i) => asks[i] as Ask)
        try {
          const replies = await evaluate(shard, own, chunk === 0 ? report : undefined)
          batch.forEach((i, at) => {
            answers[i] = answerOf(replies[at])
          })
        } catch (error) {
          const failed = RedisStoreError.of(error)
          for (const i of batch) answers[i] = lost(asks[i] as Ask, failed)
        }
      }),
    )
    await Promise.all(batches)
    const failed = answers.find((answer) => answer?.refused === 'lost')
    if (failed !== undefined) throw failed.error
  }

  async #evaluate(
    shard: number,
    asks: readonly Ask[],
    report: ProcessReport | undefined,
  ): Promise<readonly unknown[]> {
    const { log, names, seen, processes, channel, breaker } = this.#shards[shard] as ShardKeys
    const keys = [log, names, seen, processes, ...asks.map(({ name }) => breaker(name))]
    const said = report === undefined ? ['', ''] : [report.process, processText(report)]
    const cluster = this.#connection.cluster ? '1' : '0'
    const args = [channel, cluster, ...said, ...asks.flatMap(argumentsOf)]
    this.#sha ??= sha1(SCRIPT)
    const sha = await this.#sha
    try {
      return (await this.#connection.evaluate('EVALSHA', sha, keys, args)) as unknown[]
    } catch (error) {
      // Only then is it certain that nothing has been done.
      if (RedisStoreError.of(error).code !== 'NOSCRIPT') throw error
      return (await this.#connection.evaluate('EVAL', SCRIPT, keys, args)) as unknown[]
    }
  }

  watch(onPush: (push: Push) => void, onConnect: () => void, onLost?: () => void): AsyncDisposable {
    const watch = this.#connection.subscribe(
      this.#shards.map(({ channel }) => channel),
      (message) => pushesOf(message).forEach(onPush),
      onConnect,
      onLost,
    )
    this.#watches.add(watch)
    return {
      [Symbol.asyncDispose]: () => {
        this.#watches.delete(watch)
        return watch[Symbol.asyncDispose]()
      },
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const watches = [...this.#watches]
    this.#watches.clear()
    await Promise.all(watches.map((watch) => watch[Symbol.asyncDispose]()))
  }
}

function lost({ known: registers }: Ask, error: Error): Answer {
  return { nowMs: 0, registers, fleet: { success: 0, failure: 0, slow: 0 }, refused: 'lost', error }
}

function chunks(indexes: readonly number[]): number[][] {
  const count = Math.ceil(indexes.length / MOST_ASKS)
  return Array.from({ length: count }, (_, i) => indexes.slice(i * MOST_ASKS, (i + 1) * MOST_ASKS))
}

async function sha1(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-1', new TextEncoder().encode(text))
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
