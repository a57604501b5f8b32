import {
  breakerOf,
  type FleetBreaker,
  type FleetReading,
  type JournalEntry,
  living,
  type ProcessStatus,
} from '../fleet/index.ts'
import type { RedisConnection } from './connection.ts'
import { type ShardKeys, shardOf } from './keys.ts'
import { processOf, recordOf } from './wire.ts'

type Send = (name: string, ...args: readonly string[]) => Promise<unknown>

function senderOf(connection: RedisConnection): Send {
  if (connection.command !== undefined) return connection.command.bind(connection)
  throw new TypeError('the RedisConnection has no command(), so that the fleet can not be read')
}

/** Reads what the shards have by plain commands: a user without the right to write may do that. */
export async function readFleet(
  connection: RedisConnection,
  shards: readonly ShardKeys[],
  names: readonly string[] | undefined,
): Promise<FleetReading> {
  const send = senderOf(connection)
  const [time, processes, all] = await Promise.all([
    send('TIME'),
    Promise.all(shards.map((shard) => readProcesses(send, shard))),
    names ?? readNames(send, shards),
  ])
  const [seconds, micros] = words(time).map(Number) as [number, number]
  const nowMs = seconds * 1_000 + Math.floor(micros / 1_000)
  const breakers = await Promise.all(
    all.map(async (name): Promise<FleetBreaker | undefined> => {
      const { breaker } = shards[shardOf(name, shards.length)] as ShardKeys
      const hash = mapOf(await send('HGETALL', breaker(name)))
      return hash.size === 0 ? undefined : breakerOf(name, recordOf(hash), nowMs)
    }),
  )
  return {
    nowMs,
    processes: living(latest(processes.flat()), nowMs),
    breakers: breakers.filter((breaker) => breaker !== undefined),
  }
}

async function readNames(send: Send, shards: readonly ShardKeys[]): Promise<string[]> {
  const lists = await Promise.all(shards.map((shard) => send('ZRANGE', shard.names, '0', '-1')))
  return lists.flatMap(words).sort()
}

async function readProcesses(send: Send, shard: ShardKeys): Promise<ProcessStatus[]> {
  const [seen, said] = await Promise.all([
    send('ZRANGE', shard.seen, '0', '-1', 'WITHSCORES'),
    send('HGETALL', shard.processes),
  ])
  const texts = mapOf(said)
  return [...mapOf(seen)].flatMap(([process, at]) => {
    const status = processOf(process, texts.get(process) ?? '', Number(at))
    return status === undefined ? [] : [status]
  })
}

/** A process is in the list of every shard that it has a breaker of. */
function latest(processes: readonly ProcessStatus[]): ProcessStatus[] {
  const found = new Map<string, ProcessStatus>()
  for (const status of processes) {
    const other = found.get(status.process)
    if (other === undefined || other.seenAt < status.seenAt) found.set(status.process, status)
  }
  return [...found.values()]
}

/** The last changes, newest first. */
export async function readJournal(
  connection: RedisConnection,
  shards: readonly ShardKeys[],
  limit: number,
): Promise<JournalEntry[]> {
  const send = senderOf(connection)
  const count = String(limit)
  const logs = await Promise.all(
    shards.map(({ log }) => send('XREVRANGE', log, '+', '-', 'COUNT', count)),
  )
  return logs
    .flatMap((log) => log as readonly (readonly [unknown, unknown])[])
    .map(([id, fields]) => entryOf(String(id), mapOf(fields)))
    .sort((a, b) => b.at - a.at || compare(b.id, a.id))
    .slice(0, limit)
}

function compare(a: string, b: string): number {
  return Number(a.split('-')[1]) - Number(b.split('-')[1])
}

function entryOf(id: string, fields: ReadonlyMap<string, string>): JournalEntry {
  const word = (field: string): string => fields.get(field) ?? ''
  return {
    id,
    at: Number(id.split('-')[0]),
    name: word('name'),
    register: word('register') as JournalEntry['register'],
    from: word('from'),
    to: word('to'),
    stamp: Number(word('stamp')),
    cause: word('cause'),
    by: word('by'),
    reason: word('reason'),
    until: Number(word('until')),
  }
}

/** A list of texts, flat, as RESP2 and RESP3 have it. */
function words(reply: unknown): string[] {
  return (reply as unknown[]).flat().map(String)
}

/** Pairs as any client has them: one after the other, in pairs, as a map or an object. */
function mapOf(reply: unknown): Map<string, string> {
  if (!Array.isArray(reply)) {
    const entries = reply instanceof Map ? reply : Object.entries(Object(reply))
    return new Map(Array.from(entries, ([key, value]) => [String(key), String(value)]))
  }
  const flat = words(reply)
  return new Map(
    Array.from(
      { length: flat.length / 2 },
      (_, i) => [flat[2 * i], flat[2 * i + 1]] as [string, string],
    ),
  )
}
