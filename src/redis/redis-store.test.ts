import { describe, expect, it } from 'vitest'
import { ask, never } from '../../test/helpers/fleet-asks.ts'
import { reasonOf, turn } from '../../test/helpers/public.ts'
import { NO_REGISTERS } from '../fleet/index.ts'
import type { RedisConnection } from './connection.ts'
import { RedisStoreError } from './errors.ts'
import { shardOf } from './keys.ts'
import { redisStore } from './redis-store.ts'
import { SCRIPT } from './script.ts'
import { answerOf, argumentsOf, pushesOf } from './wire.ts'

type Sent = readonly [command: string, script: string]

/** A connection whose replies, or errors, are listed ahead. */
function scripted(replies: readonly unknown[]): RedisConnection & { readonly sent: Sent[] } {
  const sent: Sent[] = []
  return {
    ready: true,
    cluster: false,
    sent,
    async evaluate(command, script) {
      const reply = replies[sent.length]
      sent.push([command, script])
      if (reply instanceof Error) throw reply
      return reply
    },
    subscribe: () => ({ [Symbol.asyncDispose]: async () => {} }),
  }
}

const answer = [
  ...['1000', '0', 'closed', '0', '0', '0', 'none', '', '', '0', '', '0', '0', '', ''],
  ...['1', '2', '0', '', '', '', ''],
]

/** A name that belongs to a shard. */
function nameOf(shard: number, shards: number): string {
  let i = 0
  while (shardOf(`breaker ${i}`, shards) !== shard) i++
  return `breaker ${i}`
}

/** A store of three shards whose server can hang. */
function hanging() {
  const waiting: (() => void)[] = []
  let hangs = false
  const connection: RedisConnection = {
    ...scripted([]),
    evaluate: (_, __, keys) =>
      new Promise((resolve) => {
        const reply = (): void => resolve(keys.slice(4).map(() => answer))
        if (hangs) waiting.push(reply)
        else reply()
      }),
  }
  const store = redisStore(connection, { namespace: 'shop', shards: 3 })
  return {
    connection,
    store,
    waiting,
    hang: (isSo: boolean) => {
      hangs = isSo
    },
    /** An exchange that is sent, and then given up. */
    async giveUp(names: readonly string[]): Promise<void> {
      const control = new AbortController()
      const asks = names.map((name) => ask({ name }))
      const asked = reasonOf(store.exchange(asks, control.signal))
      await turn()
      control.abort(new Error('late'))
      expect(await asked).toBe(control.signal.reason)
    },
  }
}

describe('redisStore', () => {
  it('sends the script as a whole only to a server that says that it does not have it', async () => {
    const connection = scripted([new Error('NOSCRIPT No matching script'), [answer]])
    const store = redisStore(connection, { namespace: 'shop' })

    await store.exchange([ask()], never)

    expect(connection.sent).toEqual([
      ['EVALSHA', expect.stringMatching(/^[\da-f]{40}$/)],
      ['EVAL', SCRIPT],
    ])
  })

  it.each([
    ['READONLY', "READONLY You can't write against a read only replica."],
    ['LOADING', 'LOADING Redis is loading the dataset in memory'],
    ['OOM', "OOM command not allowed when used memory > 'maxmemory'."],
    ['WRONGTYPE', 'ERR Error running script: @user_script:1: WRONGTYPE Operation against a key'],
    ['NOPERM', "ERR The user executing the script can't run this command or subcommand"],
    ['ERROR', 'Connection is closed.'],
  ])('rejects with %s, and sends nothing again', async (code, message) => {
    const cause = new Error(message)
    const connection = scripted([cause, [answer]])
    const store = redisStore(connection, { namespace: 'shop' })

    const error = await reasonOf(store.exchange([ask()], never))

    expect(error).toBeInstanceOf(RedisStoreError)
    expect(error).toMatchObject({ name: 'RedisStoreError', code, message, cause })
    expect(connection.sent).toHaveLength(1)
  })

  it('has no more scripts without a reply after a thousand exchanges that were given up than after ten', async () => {
    const { store, giveUp, waiting, hang } = hanging()
    const names = Array.from({ length: 200 }, (_, i) => `breaker ${i}`)
    await store.exchange([ask()], never)

    hang(true)
    for (let i = 0; i < 10; i++) await giveUp(names)
    const early = waiting.length
    const ofEachShard = [0, 1, 2].map((shard) => nameOf(shard, 3))
    for (let i = 0; i < 1_000; i++) await giveUp(ofEachShard)

    expect(early).toBe(3 * 4)
    expect(waiting).toHaveLength(early)
    hang(false)
    for (const reply of waiting) reply()
    expect(await store.exchange([ask()], never)).toHaveLength(1)
  })

  it('sends to a client that is connected again though what it sent before has no reply', async () => {
    const { connection, store, giveUp, waiting, hang } = hanging()
    await store.exchange([ask()], never)
    const names = [0, 1, 2].map((shard) => nameOf(shard, 3))
    hang(true)
    for (let i = 0; i < 10; i++) await giveUp(names)
    expect(waiting).toHaveLength(3 * 4)

    Object.assign(connection, { ready: false })
    expect(await reasonOf(store.exchange([ask()], never))).toMatchObject({ code: 'NOTREADY' })
    Object.assign(connection, { ready: true })
    hang(false)

    expect(await store.exchange([ask()], never)).toHaveLength(1)
  })

  it.each([
    ['fails', () => Promise.reject(new Error('CLUSTERDOWN Hash slot not served')), 'CLUSTERDOWN'],
    ['hangs', () => new Promise<never>(() => {}), 'ERROR'],
  ])('has the answers of the other shards when one %s', async (_, lost, code) => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f']
    const of = (name: string): number => shardOf(name, 2)
    const control = new AbortController()
    const connection = scripted([])
    // Once the other shard has been heard.
    const abort = async (): Promise<void> => {
      for (let i = 0; i < 20; i++) await undefined
      control.abort(new Error('late'))
    }
    const evaluate = async (...[, , keys]: Parameters<RedisConnection['evaluate']>) => {
      if (keys[0]?.includes('{shop:1}')) return lost()
      void abort()
      return keys.slice(4).map(() => answer)
    }
    const store = redisStore({ ...connection, evaluate }, { namespace: 'shop', shards: 2 })

    const answers = await store.exchange(
      names.map((name) => ask({ name })),
      control.signal,
    )

    expect(new Set(names.map(of))).toEqual(new Set([0, 1]))
    for (const [i, name] of names.entries()) {
      if (of(name) === 0) expect(answers[i]).toMatchObject({ nowMs: 1_000 })
      else expect(answers[i]).toMatchObject({ refused: 'lost', error: { code } })
    }
  })

  it('does not reject where only a shard that fails was asked', async () => {
    const connection = scripted([new Error('LOADING'), new Error('LOADING'), new Error('LOADING')])
    const store = redisStore(connection, { namespace: 'shop', shards: 2 })
    const [first, other] = ['a', 'b', 'c', 'd', 'e', 'f'].filter(
      (name, i, all) => all.findIndex((it) => shardOf(it, 2) === shardOf(name, 2)) === i,
    ) as [string, string]

    expect(await store.exchange([ask({ name: first })], never)).toMatchObject([
      { refused: 'lost', error: { code: 'LOADING' } },
    ])
    const both = store.exchange([ask({ name: first }), ask({ name: other })], never)

    expect(await reasonOf(both)).toMatchObject({ code: 'LOADING' })
  })

  it('sends nothing while the client is not connected, or after it was told to stop', async () => {
    const connection = scripted([])
    const idle = redisStore({ ...connection, ready: false }, { namespace: 'shop' })
    const store = redisStore(connection, { namespace: 'shop' })

    expect(await reasonOf(idle.exchange([ask()], never))).toMatchObject({ code: 'NOTREADY' })
    const reason = new Error('late')
    expect(await reasonOf(store.exchange([ask()], AbortSignal.abort(reason)))).toBe(reason)

    expect(connection.sent).toEqual([])
  })

  it.each([
    ['', 'TypeError'],
    ['a b', 'TypeError'],
    ['a{b}', 'TypeError'],
    ['x'.repeat(65), 'TypeError'],
  ])('takes no namespace %j', (namespace, name) => {
    expect(() => redisStore(scripted([]), { namespace })).toThrow(
      expect.objectContaining({ name, message: expect.stringContaining('namespace') }),
    )
  })

  it.each([0, 1.5, 1_025, Number.NaN])('takes no %d shards', (shards) => {
    expect(() => redisStore(scripted([]), { namespace: 'shop', shards })).toThrow(RangeError)
  })
})

describe('the shard of a name', () => {
  it.each([
    ['123456789', 0xcbf43926],
    ['', 0],
    ['é', 0x0e048d3e],
  ])('is the CRC-32 of its UTF-8: %j', (name, crc) => {
    expect(shardOf(name, 1_024)).toBe(crc % 1_024)
    expect(shardOf(name, 1)).toBe(0)
  })
})

describe('what goes to the script and comes back', () => {
  it('reads an answer, also of clients that return buffers', () => {
    const read = answerOf(answer.map((word) => Buffer.from(word)))

    expect(read).toEqual({
      nowMs: 1_000,
      registers: NO_REGISTERS,
      fleet: { success: 1, failure: 2, slow: 0 },
    })
  })

  it('has as many words for each ask', () => {
    const said = { by: 'ada', reason: '' }
    const asks = [
      ask(),
      ask({ report: { success: 1, failure: 2, slow: 3 }, lease: 'l', renew: 'm' }),
      ask({ result: { lease: 'l', outcome: 'none' }, command: { kind: 'reset', ...said } }),
      ask({ command: { kind: 'override', mode: null, for: 5, ...said } }),
    ]

    expect(asks.map((one) => argumentsOf(one).length)).toEqual([31, 31, 31, 31])
  })

  it.each(['', 'no JSON', '{}', '[1]', '[["api"]]', 'null'])(
    'ignores the message %j',
    (message) => {
      expect(pushesOf(message)).toEqual([])
    },
  )
})

it.each<[string, () => unknown, string]>([
  [
    'no client',
    () => redisStore(undefined as never, { namespace: 'a' }),
    'redisStore takes a client',
  ],
  [
    'a client of something else',
    () => redisStore({} as never, { namespace: 'a' }),
    'redisStore takes a client',
  ],
  ['no options', () => redisStore(scripted([]), undefined as never), 'redisStore takes an object'],
  [
    'an unknown option',
    () => redisStore(scripted([]), { namespace: 'a', prefix: 'b' } as never),
    'unknown option "prefix"',
  ],
])('names what is wrong: %s', (_, act, message) => {
  expect(act).toThrow(message)
})
