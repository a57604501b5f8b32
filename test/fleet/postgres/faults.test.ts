import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import {
  type Answer,
  type Ask,
  type FleetStore,
  type Push,
  shared,
} from '../../../src/fleet/index.ts'
import { CircuitBreaker } from '../../../src/index.ts'
import { createTable, type PostgresStoreError, postgresStore } from '../../../src/postgres/index.ts'
import { ask, never, report } from '../../helpers/fleet-asks.ts'
import { fail, reasonOf, succeed } from '../../helpers/public.ts'
import { Database } from './database.ts'

const said = { by: 'ada', reason: 'a test' }
const trip = { kind: 'trip', for: 60_000, ...said } as const
const force = { kind: 'override', mode: 'forced-open', for: 0, ...said } as const

let database: Database
beforeAll(async () => {
  database = await Database.start()
})
afterAll(() => database.end())

async function exchange(store: FleetStore, one: Partial<Ask> = {}): Promise<Answer> {
  return (await store.exchange([ask(one)], never))[0] as Answer
}

async function errorOf(store: FleetStore): Promise<PostgresStoreError> {
  return (await reasonOf(exchange(store, { command: trip }))) as PostgresStoreError
}

/** Asks until it is answered. */
async function answered(store: FleetStore, one: Partial<Ask> = {}): Promise<Answer> {
  return vi.waitUntil(() => exchange(store, one).catch(() => undefined), { timeout: 30_000 })
}

/** Resolves when it listens. */
async function watch(store: FleetStore) {
  const pushes: Push[] = []
  let connects = 0
  const subscription = store.watch?.(
    (push) => void pushes.push(push),
    () => void connects++,
  )
  await expect.poll(() => connects).toBeGreaterThan(0)
  return { pushes, connects: () => connects, end: () => subscription?.[Symbol.asyncDispose]() }
}

describe('a database that refuses', () => {
  it.each([
    ['42P01', 'create it, as createTable() says', { table: 'nowhere.circuits' }, {}],
    [
      '25006',
      'connect the pool with the primary',
      {},
      { options: '-c default_transaction_read_only=on' },
    ],
    ['28000', 'may not log in', {}, { user: 'nobody' }],
    ['3D000', 'the database is missing', {}, { database: 'missing' }],
    ['ECONNREFUSED', 'nothing listens there', {}, { port: 1 }],
  ])('says %s, and %s', async (code, advice, options, config) => {
    const error = await errorOf(database.store(options, config))

    expect(error).toMatchObject({ name: 'PostgresStoreError', code })
    expect(error.message).toContain(advice)
    expect(error.cause).toBeInstanceOf(Error)
  })

  it('says 57014 when a statement takes longer than the pool allows', async () => {
    const store = database.store({}, { options: '-c statement_timeout=100' })
    await exchange(store)
    const lock = await database.client()
    await lock.query('BEGIN; LOCK TABLE short_circuit_fleet')

    expect((await errorOf(store)).code).toBe('57014')

    await lock.end()
    expect((await answered(store)).registers.automatic.state).toBe('closed')
  })

  it('runs with no more rights than the manual lists, and says 42501 without one of them', async () => {
    await database.run('CREATE ROLE app LOGIN')
    await database.run(
      'GRANT SELECT, INSERT, UPDATE, DELETE ON short_circuit_fleet, short_circuit_fleet_processes TO app',
    )
    await database.run('GRANT SELECT, INSERT, DELETE ON short_circuit_fleet_journal TO app')
    const store = database.store({}, { user: 'app' })
    const { pushes, end } = await watch(store)

    await exchange(store, { command: trip })
    await exchange(store, { command: force })
    await expect.poll(() => pushes.length).toBe(2)
    await store.exchange([], never, report('p1'))
    expect((await store.read?.(undefined, never))?.processes).toMatchObject([{ process: 'p1' }])
    expect(await store.journal?.(5, never)).toHaveLength(2)
    await database.run('REVOKE UPDATE ON short_circuit_fleet FROM app')

    const error = await errorOf(store)
    expect(error.code).toBe('42501')
    expect(error.message).toContain('GRANT SELECT, INSERT, UPDATE, DELETE')
    await end()
  })
})

describe('who only looks', () => {
  it('needs no right to write', async () => {
    const namespace = randomUUID()
    const store = database.store({ namespace })
    await store.exchange([ask({ command: trip })], never, report('p1'))
    await database.run('CREATE ROLE looks LOGIN')
    await database.run(
      `GRANT SELECT ON short_circuit_fleet, short_circuit_fleet_processes, short_circuit_fleet_journal
       TO looks`,
    )
    const looks = database.store({ namespace }, { user: 'looks' })

    const found = await looks.read?.(undefined, never)

    expect(found?.breakers.map(({ name }) => name)).toEqual(['api'])
    expect(found?.processes.map(({ process }) => process)).toEqual(['p1'])
    expect(await looks.journal?.(5, never)).toHaveLength(1)
    expect((await errorOf(looks)).code).toBe('42501')
  })
})

describe('what is kept for those who operate the fleet', () => {
  it('is no more than a thousand changes, the last ones', async () => {
    const namespace = randomUUID()
    const store = database.store({ namespace })
    await exchange(store, { command: trip })
    const [first] = (await store.journal?.(1, never)) ?? []
    await database.run(
      `INSERT INTO short_circuit_fleet_journal (namespace, changed_at, rev, changes)
       SELECT $1, clock_timestamp() + n * interval '1 microsecond', gen_random_uuid(), '[{}]'
       FROM generate_series(1, 1100) AS n`,
      [namespace],
    )
    await database.run(
      `UPDATE short_circuit_fleet_journal SET changed_at = changed_at - interval '1 hour'
       WHERE namespace = $1`,
      [namespace],
    )

    await exchange(store, { command: force })
    await exchange(store, { command: { kind: 'reset', ...said } })

    const entries = (await store.journal?.(5_000, never)) ?? []
    expect(entries.slice(0, 2).map(({ register }) => register)).toEqual(['automatic', 'override'])
    expect(entries.map(({ id }) => id)).not.toContain(first?.id)
    expect(entries).toHaveLength(1_000)
  })

  it('is no process that has said nothing for a minute, until it says something again', async () => {
    const namespace = randomUUID()
    const store = database.store({ namespace })
    const processes = async () =>
      (await store.read?.([], never))?.processes.map(({ process }) => process)
    for (const process of ['p1', 'p2', 'p3']) await store.exchange([], never, report(process))
    await database.run(
      `UPDATE short_circuit_fleet_processes SET seen_at = seen_at - interval '1 minute'
       WHERE namespace = $1 AND process <> 'p3'`,
      [namespace],
    )
    expect(await processes()).toEqual(['p3'])

    await store.exchange([], never, report('p1'))

    expect(await processes()).toEqual(['p1', 'p3'])
    const rows = 'SELECT process FROM short_circuit_fleet_processes WHERE namespace = $1 ORDER BY 1'
    expect(await database.run(rows, [namespace])).toEqual([{ process: 'p1' }, { process: 'p3' }])
  })

  it('says nothing of the breakers of another fleet', async () => {
    const store = database.store()
    await store.exchange([ask({ command: trip })], never, report('p1'))

    const found = await database.store().read?.(undefined, never)

    expect(found).toMatchObject({ breakers: [], processes: [] })
    expect(await database.store().journal?.(5, never)).toEqual([])
  })
})

describe('a database that fails', () => {
  it('has state and override after a restart, and is listened to again', async () => {
    const store = database.store()
    const { pushes, connects, end } = await watch(store)
    await exchange(store, { command: trip })
    const { registers } = await exchange(store, { command: force })
    const before = connects()

    await database.server.stop()
    expect((await errorOf(store)).name).toBe('PostgresStoreError')
    await database.server.start()

    expect((await answered(store)).registers).toEqual(registers)
    const isConnected = async () => (await answered(store)) && connects() > before
    await expect.poll(isConnected).toBe(true)
    const heard = pushes.length
    await exchange(store, { command: { kind: 'reset', ...said } })
    await expect.poll(() => pushes.length).toBeGreaterThan(heard)
    await end()
  })

  it('answers again after all its connections were ended', async () => {
    const store = database.store()
    const { registers } = await exchange(store, { command: trip })

    await database.terminate('%')

    expect((await answered(store)).registers).toEqual(registers)
  })

  it('is repaired by what processes know when the table was dropped and created anew', async () => {
    const store = database.store()
    await exchange(store, { command: trip })
    const { registers: known } = await exchange(store, { command: force })

    await database.run('DROP TABLE short_circuit_fleet')
    expect((await errorOf(store)).code).toBe('42P01')
    await database.run(createTable())
    await exchange(store, { known })

    expect((await exchange(store, { process: 'new' })).registers).toEqual(known)
  })

  it('leaves each process to itself, and has them together again when it is back', async () => {
    const namespace = randomUUID()
    const fleet = shared(postgresStore(database.pool(), { namespace }), { deadline: 10_000 })
    const breaker = new CircuitBreaker({ name: 'api', maxFailures: 2, shared: fleet })
    await succeed(breaker)
    await fleet.ready()
    expect(breaker.snapshot().fleet?.decides).toBe('fleet')

    await database.server.stop()
    await expect.poll(() => breaker.snapshot().fleet?.connected, { timeout: 30_000 }).toBe(false)
    await fail(breaker)
    await fail(breaker)
    expect(breaker.state).toBe('open')

    await database.server.start()
    await expect.poll(() => breaker.snapshot().fleet?.connected, { timeout: 30_000 }).toBe(true)
    await fleet.close()
  })
})

describe('two processes with pools of their own', () => {
  it('open together by the failures of both, though they begin at once', async () => {
    const namespace = randomUUID()
    const processes = [1, 2].map(() => {
      const fleet = shared(postgresStore(database.pool(), { namespace }), {
        // Long, so that a busy machine counts all of them.
        policy: { minimumCalls: 20, bucketMs: 60_000, openMs: 600_000, maxOpenMs: 600_000 },
        deadline: 10_000,
      })
      // By itself it would not open.
      return {
        fleet,
        breaker: new CircuitBreaker({ name: 'api', maxFailures: 1_000, shared: fleet }),
      }
    })
    await Promise.all(processes.map(({ breaker }) => succeed(breaker)))
    await Promise.all(processes.map(({ fleet }) => fleet.ready()))

    for (let i = 0; i < 10; i++) {
      await Promise.all(processes.map(({ breaker }) => fail(breaker)))
    }

    for (const { breaker } of processes) {
      await expect.poll(() => breaker.state, { timeout: 30_000 }).toBe('open')
    }
    const [one, other] = processes.map(({ breaker }) => breaker.snapshot().fleet)
    expect(one).toMatchObject({ decides: 'fleet', state: 'open', reason: 'failureRate' })
    expect(other).toEqual(one)
    await Promise.all(processes.map(({ fleet }) => fleet.close()))
  })
})

describe('the pool', () => {
  it('stays as it is, and its own when the store is disposed of', async () => {
    const pool = database.pool()
    const before = { ...pool.options, listeners: pool.eventNames().length }
    const namespace = randomUUID()
    const store = postgresStore(pool, { namespace })
    await watch(store)
    await exchange(store, { command: trip })

    await store[Symbol.asyncDispose]()

    expect({ ...pool.options, listeners: pool.eventNames().length }).toEqual(before)
    expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
    const listening = `SELECT 1 FROM pg_stat_activity WHERE query LIKE 'LISTEN%' || $1 || '%'`
    await expect.poll(() => database.run(listening, [namespace])).toEqual([])
  })

  it('gets no more than four queries of the store while others hold its connections', async () => {
    const pool = database.pool({ max: 1 })
    const store = postgresStore(pool, { namespace: randomUUID(), createClient: false })
    const held = await pool.connect()
    for (let i = 0; i < 5; i++) {
      const control = new AbortController()
      const asks = Array.from({ length: 20 }, (_, of) => ask({ name: `breaker ${i} ${of}` }))
      const asked = store.exchange(asks, control.signal)
      control.abort(new Error('late'))
      expect(await reasonOf(asked)).toBe(control.signal.reason)
    }

    expect(pool.waitingCount).toBeLessThanOrEqual(4)
    held.release()
    expect((await answered(store)).registers.automatic.state).toBe('closed')
  })

  it('may have no connection to spare for listening', async () => {
    const store = database.store({ createClient: false })

    expect(store.watch).toBeUndefined()
    expect((await exchange(store, { command: trip })).registers.automatic.state).toBe('open')
  })

  it('may differ from the connection that listens', async () => {
    const store = database.store({ createClient: () => new pg.Client(database.config) })
    const { pushes, end } = await watch(store)

    await exchange(store, { command: trip })

    await expect.poll(() => pushes.length).toBe(1)
    await end()
  })
})

describe('a change', () => {
  it('is pushed also where it is longer than a notification', async () => {
    const store = database.store()
    const { pushes, end } = await watch(store)
    const reason = 'x'.repeat(9_000)

    const { registers } = await exchange(store, { command: { ...trip, reason } })

    await expect.poll(() => pushes.map((push) => push.registers)).toEqual([registers])
    await end()
  })

  it('is heard by the fleet only that it is of, though others share the channel', async () => {
    await database.run('CREATE SCHEMA ops')
    await database.run(createTable('ops.circuits'))
    const namespace = randomUUID()
    const [store, other] = [
      database.store({ namespace }),
      database.store({ namespace, table: 'ops.circuits' }),
    ]
    const watching = await watch(other)
    await database.run(`SELECT pg_notify('sc1:' || $1, 'no JSON')`, [namespace])
    await exchange(store, { command: trip })

    const { registers } = await exchange(other, { command: force })

    await expect.poll(() => watching.pushes.map((push) => push.registers)).toEqual([registers])
    await watching.end()
  })
})

describe('the table', () => {
  it('is cleaned of what no process has asked for when there are new names', async () => {
    const namespace = randomUUID()
    const store = database.store({ namespace })
    for (let i = 0; i < 3; i++) await exchange(store, { name: `old ${i}` })
    await exchange(store, { name: 'kept', command: force })
    await database.run(
      `UPDATE short_circuit_fleet SET expires_at = now() WHERE namespace = $1 AND expires_at IS NOT NULL`,
      [namespace],
    )

    await exchange(store, { name: 'new' })

    const names = 'SELECT name FROM short_circuit_fleet WHERE namespace = $1 ORDER BY name'
    expect(await database.run(names, [namespace])).toEqual([{ name: 'kept' }, { name: 'new' }])
  })

  it('is created by its SQL once, and left alone afterwards', async () => {
    const store = database.store()
    const { registers } = await exchange(store, { command: trip })

    await database.run(createTable())

    expect((await exchange(store)).registers).toEqual(registers)
  })
})
