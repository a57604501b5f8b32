import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { shared } from '../../../src/fleet/index.ts'
import { CircuitBreaker } from '../../../src/index.ts'
import { redisStore } from '../../../src/redis/index.ts'
import { Server } from '../../clients/databases/server.ts'

let server: Server
beforeAll(async () => {
  server = await Server.redis()
})
afterAll(() => server.end())

async function member(namespace: string) {
  const client = new Redis(server.port, '127.0.0.1').on('error', () => {})
  await new Promise((resolve) => client.once('ready', resolve))
  const fleet = shared(redisStore(client, { namespace }))
  const breaker = new CircuitBreaker({ name: 'api', shared: fleet })
  await fleet.ready()
  const close = async () => {
    await fleet.close()
    client.disconnect()
  }
  return { breaker, close }
}

describe('breakers that share a Redis', () => {
  it('open and close together, by hand', async () => {
    const namespace = randomUUID()
    const [one, other] = await Promise.all([member(namespace), member(namespace)])

    one.breaker.trip({ fleet: true, by: 'ada', reason: 'a test' })
    await expect.poll(() => other.breaker.state).toBe('open')
    one.breaker.reset({ fleet: true, by: 'ada', reason: 'over' })
    await expect.poll(() => other.breaker.state).toBe('closed')

    await Promise.all([one.close(), other.close()])
  })
})
