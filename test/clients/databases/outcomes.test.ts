import { drizzle } from 'drizzle-orm/node-postgres'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { CircuitBreaker, protect } from '../../../src/index.ts'
import { postgres } from '../../../src/outcomes/index.ts'
import { reasonOf } from '../../helpers/public.ts'
import { Relay } from './relay.ts'
import { Server } from './server.ts'

let server: Server
beforeAll(async () => {
  server = await Server.postgres()
})
afterAll(() => server?.end())

let relay: Relay
let pool: pg.Pool
let breaker: CircuitBreaker
beforeEach(async () => {
  relay = await Relay.to(server.port)
  const { port } = relay
  pool = new pg.Pool({ host: '127.0.0.1', user: 'root', database: 'postgres', port })
  pool.on('error', () => {})
  breaker = new CircuitBreaker({ maxFailures: 1, classify: postgres })
  return async () => {
    await pool.end()
    await relay.end()
  }
})

const ways = {
  'a pool': () => {
    const guarded = protect(pool, breaker)
    return (text: string) => guarded.query(text)
  },
  'drizzle over a guarded pool': () => {
    const db = drizzle({ client: protect(pool, breaker) })
    return (text: string) => db.execute(text)
  },
  'guarded drizzle': () => {
    const db = protect(drizzle({ client: pool }), breaker)
    return (text: string) => db.execute(text)
  },
}

describe.each(Object.entries(ways))('the outcomes of PostgreSQL for %s', (_, create) => {
  it('take what a statement did wrong for an answer', async () => {
    const execute = create()
    await execute('create temporary table once (id int primary key)')
    for (const text of [
      'select 1 / 0',
      'nonsense',
      'select * from missing',
      'select null::once!',
    ]) {
      await reasonOf(execute(text))
    }

    expect(breaker.snapshot()).toMatchObject({ state: 'closed', counts: { failure: 0 } })
  })

  it('take a connection that dies, and one that is refused, for failures', async () => {
    const execute = create()
    await execute('select 1')
    const sleeping = reasonOf(execute('select pg_sleep(60)'))
    await expect.poll(() => breaker.snapshot().inFlight).toBe(1)
    relay.cut()
    await sleeping
    expect(breaker.state).toBe('open')

    await relay.down()
    breaker.reset()
    await reasonOf(execute('select 1'))
    expect(breaker.state).toBe('open')
  })
})
