import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { CircuitBreaker, CircuitOpenError, CircuitRegistry, protect } from '../../../src/index.ts'
import { reasonOf } from '../../helpers/public.ts'
import { Server } from './server.ts'

let server: Server
beforeAll(async () => {
  server = await Server.postgres()
}, 60_000)
afterAll(() => server.end())

let breaker: CircuitBreaker
let real: pg.Pool
let pool: pg.Pool

beforeEach(() => {
  breaker = new CircuitBreaker({ name: 'pg', maxFailures: 2, resetTimeout: 60_000 })
  real = createPool()
  pool = protect(real, breaker)
  return () => real.end()
})

function createPool(): pg.Pool {
  const { port } = server
  const created = new pg.Pool({ host: '127.0.0.1', port, user: 'root', database: 'postgres' })
  created.on('error', () => {})
  return created
}

describe('protect(pg.Pool)', () => {
  it('guards queries and returns their rows as they are', async () => {
    const { rows } = await pool.query('select $1::int as n', [1])

    expect(structuredClone(rows)).toEqual([{ n: 1 }])
    expect(breaker.snapshot().counts).toMatchObject({ admitted: 1, success: 1 })
  })

  it('counts a query once when the pool queries through its own clients', async () => {
    await Promise.all(Array.from({ length: 20 }, () => pool.query('select 1')))

    expect(breaker.snapshot().counts).toMatchObject({ admitted: 20, success: 20, cancelled: 0 })
  })

  it('guards a connection from the pool, which can be released', async () => {
    const client = await pool.connect()
    await client.query('begin')
    const { rows } = await client.query('select 2 as n')
    await client.query('commit')
    client.release()

    expect(rows).toEqual([{ n: 2 }])
    expect(breaker.snapshot().counts.success).toBe(4)
    expect([pool.totalCount, pool.idleCount]).toEqual([1, 1])
  })

  it('calls callbacks as without a breaker', async () => {
    const rows = await new Promise((resolve, reject) => {
      const callback = (error: Error, { rows }: pg.QueryResult) =>
        error ? reject(error) : resolve(rows)
      void pool.query('select 3 as n', callback)
    })

    expect(rows).toEqual([{ n: 3 }])
  })

  it('stays a pool, with its counters, its options and its events', () => {
    expect(pool).toBeInstanceOf(pg.Pool)
    expect(pool.options.port).toBe(server.port)
    expect(pool.on('connect', () => {})).toBe(pool)
  })

  it('counts an error of the database as a failure unless `classify` decides otherwise', async () => {
    const own = new CircuitBreaker({
      maxFailures: 1,
      classify: (value) =>
        value.status === 'rejected' && value.reason instanceof pg.DatabaseError
          ? 'success'
          : undefined,
    })
    await reasonOf(protect(real, own).query('select 1 / 0'))
    expect(own.state).toBe('closed')

    await reasonOf(pool.query('select 1 / 0'))
    expect(breaker.snapshot().counts.failure).toBe(1)
  })

  it('rejects without a connection once a stopped database has opened the circuit, and can be ended', async () => {
    await pool.query('select 1')
    await (await pool.connect()).release()
    await server.stop()
    try {
      await reasonOf(pool.query('select 1'))
      await reasonOf(pool.query('select 1'))
      const rejected = await reasonOf(pool.query('select 1'))
      const unconnected = await reasonOf(pool.connect())

      expect(rejected).toBeInstanceOf(CircuitOpenError)
      expect(unconnected).toBeInstanceOf(CircuitOpenError)
    } finally {
      await server.start()
    }
  })

  it('can be ended while the circuit is open', async () => {
    const ending = protect(createPool(), breaker)
    await ending.query('select 1')
    breaker.forceOpen()

    await ending.end()

    expect(ending.ended).toBe(true)
    breaker.release()
  })

  it('creates a breaker for each method when given a registry', async () => {
    const registry = new CircuitRegistry()
    const split = protect(real, registry, { name: 'db' })
    await split.query('select 1')
    const client = await split.connect()
    await client.query('select 1')
    client.release()

    expect([...registry].map(({ name }) => name)).toEqual(['db.query', 'db.connect'])
    expect(registry.get('db.query')?.snapshot().counts.success).toBe(2)
  })
})
