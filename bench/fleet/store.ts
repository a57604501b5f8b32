// What a report costs in Redis: processor time, and memory for each breaker and each connection.
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createConnection } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { createClient } from 'redis'
import { type Ask, shared } from '../../src/fleet/index.ts'
import { policyOf } from '../../src/fleet/policy.ts'
import { NO_REGISTERS } from '../../src/fleet/register.ts'
import { CircuitBreaker } from '../../src/index.ts'
import { redisStore } from '../../src/redis/index.ts'
import { ServerInfo } from './server.ts'

const never = new AbortController().signal
const { options } = new CircuitBreaker()
const policy = policyOf(options)

export const BATCHES = [1, 10, 100] as const
const REPORTS = 50_000
const BREAKERS = 1_000
/** The window has ten buckets of a second each. */
const WINDOW_S = 11

export interface StoreCost {
  /** Processor time of Redis for a report, µs, by how many breakers an exchange has. */
  readonly reports: readonly { readonly batch: number; readonly cpu: number }[]
  /** Bytes for each breaker: known for the first time, and with a window full of reports. */
  readonly fresh: number
  readonly full: number
  /** Bytes for each process: a connection for commands, and one that is subscribed. */
  readonly connections: number
  /** Processor time of Redis for one message to one subscriber, µs. */
  readonly delivery: number
}

export async function storeCost(redisPort: number): Promise<StoreCost> {
  const info = await new ServerInfo(redisPort).connect()
  const client = createClient({ socket: { host: '127.0.0.1', port: redisPort } })
  await client.connect()
  const store = () => redisStore(client, { namespace: randomUUID() })

  const reports: { batch: number; cpu: number }[] = []
  for (const batch of BATCHES) {
    const batchStore = store()
    const asks = asksOf(batch)
    // The window is filled first, as it is while calls are made.
    for (let i = 0; i < WINDOW_S * 20; i++) {
      await batchStore.exchange(asks, never)
      await sleep(50)
    }
    const before = await info.cpuSeconds()
    for (let sent = 0; sent < REPORTS; sent += batch) await batchStore.exchange(asks, never)
    const seconds = (await info.cpuSeconds()) - before
    reports.push({ batch, cpu: (seconds / REPORTS) * 1e6 })
    await info.flush()
  }

  const breakers = store()
  const asks = asksOf(BREAKERS)
  await breakers.exchange(asksOf(1), never)
  const memory = () => info.number('memory', 'used_memory')
  const empty = await memory()
  await breakers.exchange(asks, never)
  const fresh = ((await memory()) - empty) / BREAKERS
  for (let second = 0; second < WINDOW_S; second++) {
    await sleep(1_000)
    await breakers.exchange(asks, never)
  }
  const full = ((await memory()) - empty) / BREAKERS
  await client.close()
  const connections = await connectionBytes(redisPort, info)
  const delivery = await deliveryTime(redisPort, info)
  await info.flush()
  await info.close()
  return { reports, fresh, full, connections, delivery }
}

/** A report of one second in which some calls have failed, of so many breakers. */
function asksOf(count: number): Ask[] {
  return Array.from({ length: count }, (_, i) => ({
    name: `breaker-${i}`,
    process: '12345.abcdefg',
    policy,
    known: NO_REGISTERS,
    report: { success: 100 + i, failure: i % 2, slow: 0 },
    notAfter: 0,
    nonce: i % 1024,
  }))
}

async function connectionBytes(redisPort: number, info: ServerInfo): Promise<number> {
  const before = await info.connectionBytes()
  const processes = 20
  const ends = await Promise.all(
    Array.from({ length: processes }, async () => {
      const client = createClient({ socket: { host: '127.0.0.1', port: redisPort } })
      await client.connect()
      const fleet = shared(redisStore(client, { namespace: 'connections' }))
      const breaker = new CircuitBreaker({ name: 'upstream', shared: fleet })
      await breaker.run(() => 1)
      await fleet.ready()
      return async () => {
        await fleet.close()
        await client.close()
      }
    }),
  )
  // Buffers are freed some time after they were used.
  await sleep(3_000)
  const after = await info.connectionBytes()
  for (const end of ends) await end()
  return (after.bytes - before.bytes) / processes
}

async function deliveryTime(redisPort: number, info: ServerInfo): Promise<number> {
  const [subscribers, messages] = [300, 200]
  const message = 'x'.repeat(200)
  let heard = 0
  const sockets = await Promise.all(
    Array.from({ length: subscribers }, async () => {
      const socket = createConnection(redisPort, '127.0.0.1', () =>
        socket.write('SUBSCRIBE ev\r\n'),
      )
      await once(socket, 'data')
      socket.on('data', (data) => {
        heard += data.length
      })
      return socket
    }),
  )
  const before = await info.cpuSeconds()
  for (let i = 0; i < messages; i++) await info.publish('ev', message)
  const all = subscribers * messages * message.length
  while (heard < all) await sleep(20)
  const seconds = (await info.cpuSeconds()) - before
  for (const socket of sockets) socket.destroy()
  return (seconds / subscribers / messages) * 1e6
}
