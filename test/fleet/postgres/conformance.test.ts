import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { CasStore, FleetStore } from '../../../src/fleet/index.ts'
import { type StoreAdapter, storeCases } from '../../../src/fleet/testing/index.ts'
import { PostgresEngine } from '../../../src/postgres/engine.ts'
import { postgresStore } from '../../../src/postgres/index.ts'
import { engineOptions } from '../../../src/postgres/postgres-store.ts'
import { NotApplicableError } from '../../../src/testing/index.ts'
import { type Client, Database, type Pool } from './database.ts'

let database: Database
let pools: Pool[]
beforeAll(async () => {
  database = await Database.start()
  pools = [database.pool(), database.pool()]
})
afterAll(() => database.end())

function adapterOf(
  name: string,
  create: (pool: Pool, namespace: string) => CasStore | FleetStore,
): StoreAdapter {
  return {
    name,
    setUp() {
      const namespace = randomUUID()
      let opened = 0
      let lock: Client | undefined
      return {
        open: () => create(pools[opened++ % pools.length] as Pool, namespace),
        lose: () => database.run('TRUNCATE short_circuit_fleet'),
        cut: () => database.terminate('LISTEN%'),
        async freeze() {
          lock = await database.client()
          await lock.query('BEGIN; LOCK TABLE short_circuit_fleet')
        },
        async thaw() {
          await lock?.end()
          lock = undefined
        },
        putNewer: (breaker) =>
          database.run(
            `INSERT INTO short_circuit_fleet (namespace, name, rev, record)
             VALUES ($1, $2, gen_random_uuid(), '{"schema":2}')`,
            [namespace, breaker],
          ),
      }
    },
  }
}

describe.each([
  adapterOf('postgresStore', (pool, namespace) => postgresStore(pool, { namespace })),
  adapterOf(
    'the engine of postgresStore',
    (pool, namespace) => new PostgresEngine(pool, engineOptions(pool, { namespace })),
  ),
])('$name', (adapter) => {
  it.each(storeCases)('$id: $title: $expects', async ({ run, requires }) => {
    const decides = adapter.name === 'postgresStore'

    const ended = await run(adapter).catch((error: unknown) => error)

    if (decides && requires.includes('compare and swap'))
      expect(ended).toBeInstanceOf(NotApplicableError)
    else expect(ended).toBeUndefined()
  })
})
