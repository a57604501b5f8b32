import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { guardPrisma } from '../../../examples/prisma.ts'
import { CircuitBreaker, isCircuitOpenError, protect } from '../../../src/index.ts'
import { prisma as classify } from '../../../src/outcomes/index.ts'
import { reasonOf } from '../../helpers/public.ts'
import { connect, type Prisma } from './clients/prisma.ts'
import { Relay } from './relay.ts'
import { Server } from './server.ts'

let server: Server
beforeAll(async () => {
  server = await Server.postgres()
  const control = new pg.Client({
    ...{ host: '127.0.0.1', user: 'root', database: 'postgres', port: server.port },
  })
  await control.connect()
  await control.query('create table orders (id int primary key)')
  await control.end()
})
afterAll(() => server?.end())

let relay: Relay
let raw: Prisma
beforeEach(async () => {
  relay = await Relay.to(server.port)
  raw = await connect(relay.port)
  return async () => {
    await raw.$disconnect()
    await relay.end()
  }
})

describe('protect(prisma)', () => {
  let breaker: CircuitBreaker
  let prisma: Prisma
  beforeEach(() => {
    breaker = new CircuitBreaker({ maxFailures: 2, resetTimeout: 60_000, classify })
    prisma = protect(raw, breaker)
  })
  const counts = () => {
    const { admitted, success, failure } = breaker.snapshot().counts
    return { admitted, success, failure }
  }

  it('counts a query of a model when it is awaited, and a batch once', async () => {
    const query = prisma.order.findMany()
    expect(counts().admitted).toBe(0)
    const rows = await query
    const batch = await prisma.$transaction([prisma.order.findMany(), prisma.order.count()])

    expect(batch).toEqual([rows, rows.length])
    expect(counts()).toEqual({ admitted: 2, success: 2, failure: 0 })
  })

  it('takes what a query did wrong for an answer', async () => {
    await prisma.order.create({ data: { id: 1 } })
    for (const query of [
      () => prisma.order.create({ data: { id: 1 } }),
      () => prisma.order.create({ data: { none: 1 } }),
      () => prisma.order.findUniqueOrThrow({ where: { id: 2 } }),
      () => prisma.$queryRawUnsafe('nonsense'),
    ]) {
      expect(await reasonOf(query())).toBeInstanceOf(Error)
    }

    expect(counts()).toEqual({ admitted: 5, success: 5, failure: 0 })
  })

  it.each([
    ['of models', (client: Prisma) => client.order.findMany()],
    ['in SQL', (client: Prisma) => client.$queryRawUnsafe('select 1 as n')],
    ['in a batch', (client: Prisma) => client.$transaction([client.order.count()])],
  ])('opens by queries %s to a database that is down, and then reaches nothing', async (_, ask) => {
    await relay.down()
    for (let i = 0; i < 2; i++) expect(isCircuitOpenError(await reasonOf(ask(prisma)))).toBe(false)
    await relay.up()
    const { opened } = relay

    expect(breaker.state).toBe('open')
    expect(isCircuitOpenError(await reasonOf(ask(prisma)))).toBe(true)
    expect(relay.opened).toBe(opened)
  })

  it('takes a statement that is out of time for a failure', async () => {
    await prisma.$queryRawUnsafe("select 1 as n, set_config('statement_timeout', '50', false)")
    await reasonOf(prisma.$queryRawUnsafe('select 1 as n from pg_sleep(60)'))

    expect(counts()).toEqual({ admitted: 2, success: 1, failure: 1 })
  })
})

it('runs as in the recipe', async () => {
  const prisma = guardPrisma(raw)

  expect(await prisma.order.count()).toBeGreaterThanOrEqual(0)
  await relay.down()
  for (let i = 0; i < 5; i++) await reasonOf(prisma.order.count())
  expect(isCircuitOpenError(await reasonOf(prisma.order.count()))).toBe(true)
})
