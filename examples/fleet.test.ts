import { createServer, type Server as HttpServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Snapshot } from '../src/index.ts'
import { Server } from '../test/clients/databases/server.ts'
import { createService } from './fleet.ts'

const PATIENCE = { timeout: 30_000, interval: 10 }

describe('services with one breaker in Redis', () => {
  let status = 200
  let upstream: HttpServer
  let redis: Server
  let services: FastifyInstance[]

  beforeEach(async () => {
    status = 200
    upstream = createServer((_, response) => response.writeHead(status).end('{"price":1}'))
    await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve))
    redis = await Server.redis()
    services = await Promise.all([start(), start()])
  })

  afterEach(async () => {
    await Promise.all(services.map((service) => service.close()))
    await redis.end()
    upstream.closeAllConnections()
    await new Promise((resolve) => upstream.close(resolve))
  })

  function start(): Promise<FastifyInstance> {
    const { port } = upstream.address() as AddressInfo
    return createService({
      prices: `http://127.0.0.1:${port}`,
      redis: `redis://127.0.0.1:${redis.port}`,
    })
  }

  const get = async (service: FastifyInstance) =>
    (await service.inject({ url: '/prices/1' })).statusCode
  const circuit = async (service: FastifyInstance) =>
    (await service.inject({ url: '/circuit' })).json() as Snapshot
  const connected = () =>
    vi.waitFor(async () => {
      const all = await Promise.all(services.map(circuit))
      expect(all.map(({ fleet }) => fleet?.connected)).toEqual([true, true])
    }, PATIENCE)

  it('open together by failures of both that are too few for one, and close together', async () => {
    const [one, other] = services as [FastifyInstance, FastifyInstance]
    await connected()
    status = 500

    for (let i = 0; i < 10; i++) expect([await get(one), await get(other)]).toEqual([502, 502])
    await vi.waitFor(async () => {
      for (const service of services) {
        expect(await circuit(service)).toMatchObject({ state: 'open', fleet: { decides: 'fleet' } })
      }
    }, PATIENCE)
    status = 200
    await vi.waitFor(async () => {
      expect([await get(one), await get(other)]).toEqual([200, 200])
    }, PATIENCE)
  })

  it('serve without Redis, and report to it again when it is back', async () => {
    const [one] = services as [FastifyInstance]
    await connected()
    await redis.stop()
    const callUntil = (isConnected: boolean) =>
      vi.waitFor(async () => {
        // It is noticed by the report of a call.
        expect(await get(one)).toBe(200)
        expect((await circuit(one)).fleet?.connected).toBe(isConnected)
      }, PATIENCE)

    await callUntil(false)
    await redis.start()
    await callUntil(true)
  })

  it('start without Redis', async () => {
    await redis.stop()

    services.push(await start())

    expect(await get(services.at(-1) as FastifyInstance)).toBe(200)
  })
})
