import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { FleetSummary, List, LogEntry } from '../../../src/admin/index.ts'
import { type SharedFleet, shared } from '../../../src/fleet/index.ts'
import { CircuitRegistry } from '../../../src/index.ts'
import { createTable, postgresStore } from '../../../src/postgres/index.ts'
import { createAdmin } from '../../helpers/admin.ts'
import { Database } from '../postgres/database.ts'
import { type Ran, run } from './fleet.ts'

const namespace = randomUUID()
const REASON = '--reason "INC-2291: stop hammering the provider"'

/** Processes of a fleet, which run in this one. */
const processes: { readonly registry: CircuitRegistry; readonly fleet: SharedFleet }[] = []
let database: Database

beforeAll(async () => {
  database = await Database.start()
  for (const process of ['worker-0', 'worker-1']) {
    const store = postgresStore(database.pool(), { namespace })
    // A busy machine may answer late.
    const fleet = shared(store, { process, service: 'checkout', version: '1', deadline: 10_000 })
    const registry = new CircuitRegistry({ shared: fleet })
    for (const name of ['payments', 'mail']) void registry.breaker(name).state
    await fleet.ready()
    processes.push({ registry, fleet })
  }
})
afterAll(async () => {
  for (const { fleet } of processes) await fleet.close()
  await database.end()
})

const address = (user = 'root') => `postgres://${user}@127.0.0.1:${database.server.port}/postgres`

/** Runs a command line against the fleet. */
function sc(line: string, store: string = address()): Promise<Ran> {
  const args = Array.from(line.matchAll(/"([^"]*)"|\S+/g), ([word, quoted]) => quoted ?? word)
  return run(args, { SHORT_CIRCUIT_STORE: store, SHORT_CIRCUIT_NAMESPACE: namespace })
}

const overrides = () =>
  processes.map(({ registry }) => registry.breaker('payments').snapshot().override?.mode ?? null)

describe('the command against the PostgreSQL of a fleet', () => {
  it('holds a breaker open in every process, says who has applied it, and releases it', async () => {
    const forced = await sc(`force-open payments ${REASON} --for 10m --wait 30s`)
    expect(forced).toMatchObject({ exit: 0, err: '' })
    expect(forced.out).toMatch(/^payments is forced open until .*\nApplied by 2 of 2 processes in /)
    expect(overrides()).toEqual(['forced-open', 'forced-open'])

    const released = await sc('release payments --reason over --wait 30s')

    expect(released.out).toMatch(/^payments is closed\.\nApplied by 2 of 2 processes in /)
    expect(overrides()).toEqual([null, null])
  })

  it('lists breakers and processes, says why one is as it is, and what has happened', async () => {
    await sc(`trip mail ${REASON} --for 5m --wait 30s`)

    const list = JSON.parse((await sc('ls --json --all')).out) as List
    expect(list.rows.map(({ name, state }) => [name, state])).toEqual([
      ['mail', 'open'],
      ['payments', 'closed'],
    ])
    expect((await sc('why mail')).out).toMatch(
      /^Circuit "mail" is open in the whole fleet: tripped/,
    )
    expect((await sc('fleet --all')).out).toMatch(/worker-0 +.* checkout 1 +.*\n.*worker-1/)
    const lines = (await sc('log mail --json')).out.trim().split('\n')
    expect(lines.map((line) => JSON.parse(line) as LogEntry)).toMatchObject([
      { kind: 'trip', by: 'ada', reason: 'INC-2291: stop hammering the provider' },
    ])
    await sc('reset mail --reason over --wait 30s')
  })

  it('knows the tables by another name', async () => {
    await database.run('CREATE SCHEMA ops')
    await database.run(createTable('ops.circuits'))

    expect(await sc('ls --all --table ops.circuits --json')).toMatchObject({ exit: 0, err: '' })
    expect(await sc('ls --table no.such.table')).toMatchObject({ exit: 2 })
    const missing = await sc('ls --table ops.missing')
    expect(missing.exit).toBe(1)
    expect(missing.err).toContain('create it, as createTable() says')
  })

  it('needs no right to write for what only reads', async () => {
    await database.run('CREATE ROLE looker LOGIN')
    await database.run(
      `GRANT SELECT ON short_circuit_fleet, short_circuit_fleet_processes, short_circuit_fleet_journal
       TO looker`,
    )

    for (const line of ['ls --all', 'fleet', 'log', 'get mail']) {
      expect(await sc(line, address('looker'))).toMatchObject({ exit: 0, err: '' })
    }
    const { exit, err } = await sc(`trip mail ${REASON}`, address('looker'))
    expect(exit).toBe(4)
    expect(err).toMatch(/^postgres:\/\/127\.0\.0\.1:\d+\/postgres says: permission denied/)
  })

  it('says what does not answer, or lets nobody in, without its password', async () => {
    expect(await sc('ls', 'postgres://ada:geheim@127.0.0.1:1/shop')).toMatchObject({
      exit: 1,
      err: 'Nothing answers at postgres://127.0.0.1:1/shop (ECONNREFUSED).\nIs PostgreSQL running there? Set another address with --store or SHORT_CIRCUIT_STORE.\n',
    })
    const { port } = database.server
    const { exit, err } = await sc('ls', `postgres://nobody:geheim@127.0.0.1:${port}/postgres`)
    expect([exit, err.includes('geheim')]).toEqual([4, false])
  })
})

describe('the admin of a process whose fleet is in PostgreSQL', () => {
  it('shows the fleet, and changes all of it', async () => {
    const [{ registry, fleet }] = processes as [(typeof processes)[0]]
    const { get, post, handler } = createAdmin({ registry, fleet, clock: undefined })

    const { body } = await get('/api/v1/fleet?all=1')
    const names = (body as FleetSummary).processes.map(({ process }) => process)
    expect(names.toSorted()).toEqual(['worker-0', 'worker-1'])
    const write = { reason: 'a test', for: '10m', by: 'ada' }
    const { status } = await post('/api/v1/breakers/payments/force-closed', write)

    expect([200, 202]).toContain(status)
    await expect.poll(overrides).toEqual(['forced-closed', 'forced-closed'])
    handler.close()
  })
})
