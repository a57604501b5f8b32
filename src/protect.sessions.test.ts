import { beforeEach, describe, expect, it } from 'vitest'
import { createBreaker, reasonOf } from '../test/helpers/public.ts'
import { type CircuitBreaker, CircuitOpenError, protect } from './index.ts'

let breaker: CircuitBreaker
let sent: string[]
beforeEach(() => {
  breaker = createBreaker().breaker
  sent = []
})

function send(statement: string): Promise<string> {
  sent.push(statement)
  return statement === 'fail' ? Promise.reject(new Error('down')) : Promise.resolve(statement)
}

class Connection {
  query(statement: string | { readonly sql: string }): Promise<string> {
    return send(typeof statement === 'string' ? statement : statement.sql)
  }
  prepare(statement: string) {
    return { run: () => send(statement) }
  }
  build(statement: string): PromiseLike<string> {
    // biome-ignore lint/suspicious/noThenProperty: query builders are like that.
    return { then: (resolve, reject) => send(statement).then(resolve, reject) }
  }
  async *rows(statement: string): AsyncGenerator<string> {
    yield await send(statement)
  }
  begin = (): Promise<string> => send('begin')
  commit = (): Promise<string> => send('commit')
  rollback = (): Promise<string> => send('rollback')
  release(): void {
    sent.push('release')
  }
}

interface Deployments {
  readonly deployments: { list(): Promise<string>; rollback(): Promise<string> }
  deployment(id: number): { list(): Promise<string>; rollback(): Promise<string> }
}

/** A transaction that runs its action, and is awaited. */
class Begun implements PromiseLike<string> {
  readonly #result: Promise<string>
  constructor(result: Promise<string>) {
    this.#result = result
  }
  commit(): Promise<string> {
    return send('commit')
  }
  rollback(): Promise<string> {
    return send('rollback')
  }
  // biome-ignore lint/suspicious/noThenProperty: it is awaited.
  then<A, B>(...args: Parameters<Promise<string>['then']>): Promise<A | B> {
    return this.#result.then(...args) as Promise<A | B>
  }
}

class Pool {
  readonly #connection = new Connection()
  query = (statement: string): Promise<string> => send(statement)
  getConnection(): Promise<Connection> {
    return Promise.resolve(this.#connection)
  }
  startSession(): { readonly id: number; abortTransaction(): Promise<string>; owner: Pool } {
    return { id: 1, owner: this, abortTransaction: () => send('abort') }
  }
  has(options: { readonly session: { readonly owner: Pool } }): boolean {
    return options.session.owner === this
  }
  batch() {
    return { commit: () => send('batch') }
  }
  checkOut(callback: (error: Error | null, connection: Connection, id: number) => void): void {
    queueMicrotask(() => callback(null, this.#connection, 1))
  }
  fork(): Promise<Pool> {
    return Promise.resolve(new Pool())
  }
  begin(action: (connection: Connection) => Promise<string>): Begun {
    return new Begun(action(this.#connection))
  }
  transaction<T>(action: (connection: Connection) => Promise<T>): Promise<T> {
    return action(this.#connection)
  }
}

describe('a connection that a client hands out', () => {
  it('is never rejected, and neither are its statements, builders and streams', async () => {
    const connection = await protect(new Pool(), breaker).getConnection()
    await connection.query('1')
    const statement = connection.prepare('2')
    await statement.run()
    breaker.trip()
    await connection.query('3')
    await statement.run()
    expect(await connection.build('4')).toBe('4')
    for await (const row of connection.rows('5')) expect(row).toBe('5')
    await connection.commit()
    await connection.rollback()
    connection.release()

    expect(sent.join(' ')).toBe('1 2 3 2 4 5 commit rollback release')
    expect(breaker.snapshot().counts.rejected.open).toBe(0)
  })

  it('counts its failures and successes while the circuit is closed', async () => {
    const connection = await protect(new Pool(), breaker).getConnection()
    await connection.query('1')
    expect(await connection.build('2')).toBe('2')
    for await (const _ of connection.rows('3'));
    for (let i = 0; i < 3; i++) await reasonOf(connection.query('fail'))

    expect(breaker.snapshot().counts).toMatchObject({ success: 4, failure: 3 })
    expect(breaker.state).toBe('open')
  })

  it('takes up neither capacity nor the slot of a probe', async () => {
    const { breaker, clock } = createBreaker({ maxConcurrent: 1 })
    const pool = protect(new Pool(), breaker)
    const connection = await pool.getConnection()
    await pool.query('known')
    const calls = [connection.query('1'), connection.query('2'), pool.query('3')]
    expect(await Promise.all(calls)).toEqual(['1', '2', '3'])
    breaker.trip()
    await clock.advance(1_000)
    const probing = connection.query('4')
    expect(await pool.query('5')).toBe('5')
    await probing

    expect(breaker.snapshot().counts.rejected).toMatchObject({ full: 0, open: 0 })
  })

  it('gets no value of a fallback in place of what it was told', async () => {
    const { breaker } = createBreaker({ fallback: () => 'instead' })
    const pool = protect(new Pool(), breaker as CircuitBreaker<never>)
    const connection = await pool.getConnection()

    expect(await reasonOf(connection.query('fail'))).toHaveProperty('message', 'down')
    expect(await pool.query('fail')).toBe('instead')
  })

  it('is no record with a method that the client has as well, which is rejected', async () => {
    class User {
      query(): Promise<string> {
        return send('of user')
      }
    }
    const user = await protect({ query: send, find: async () => new User() }, breaker).find()
    await user.query()
    breaker.trip()

    expect(await reasonOf(user.query())).toBeInstanceOf(CircuitOpenError)
  })

  it('is the same where a callback gets it', async () => {
    const pool = protect(new Pool(), breaker, { methods: ['checkOut', 'query'] })
    const [connection, id] = await new Promise<[Connection, number]>((resolve) => {
      pool.checkOut((_, ...values) => resolve(values))
    })
    for (let i = 0; i < 3; i++) await reasonOf(connection.query('fail'))

    expect(breaker.state).toBe('open')
    expect(await connection.query('1')).toBe('1')
    expect(id).toBe(1)
  })

  it('is known also where client and transaction are functions with the methods of emitters', async () => {
    const emitter = { emit: () => true, removeListener: () => {} }
    const transaction = Object.assign(() => {}, emitter, new Connection(), { query: send })
    const client = Object.assign(() => {}, emitter, {
      query: send,
      transaction: async () => transaction,
    })
    const { query } = await protect(client, breaker).transaction()
    for (let i = 0; i < 3; i++) await reasonOf(query('fail'))

    expect(breaker.state).toBe('open')
    expect(await query('1')).toBe('1')
  })

  it('is no second client of the same class', async () => {
    const second = await protect(new Pool(), breaker).fork()
    await second.query('1')
    breaker.trip()

    expect(await reasonOf(second.query('2'))).toBeInstanceOf(CircuitOpenError)
  })
})

describe('a transaction', () => {
  it('that is begun by an action passes or is rejected as a whole', async () => {
    const pool = protect(new Pool(), breaker)
    const action = async (connection: Connection): Promise<void> => {
      await connection.query('1')
      breaker.trip()
      await connection.query('2')
    }
    await pool.transaction(action)

    expect(await reasonOf(pool.transaction(action))).toBeInstanceOf(CircuitOpenError)
    expect(sent).toEqual(['1', '2'])
  })

  it('has begun when it is returned, also if it is a thenable that is no promise', async () => {
    const pool = protect(new Pool(), breaker)
    expect(await pool.begin((connection) => connection.query('1'))).toBe('1')
    expect(await pool.begin((connection) => connection.query('2')).rollback()).toBe('rollback')
    await reasonOf(pool.begin((connection) => connection.query('fail')))
    breaker.trip()
    const rejected = pool.begin((connection) => connection.query('3'))

    expect(await reasonOf(rejected)).toBeInstanceOf(CircuitOpenError)
    expect(sent).toEqual(['1', '2', 'rollback', 'fail'])
    expect(breaker.snapshot().counts).toMatchObject({ success: 2, failure: 1 })
  })

  it('is never rejected when it is an object that is returned at once', async () => {
    const pool = protect(new Pool(), breaker)
    const session = pool.startSession()
    breaker.trip()

    expect(await session.abortTransaction()).toBe('abort')
    expect(await session.abortTransaction()).toBe('abort')
  })

  it('is admitted when it connects, where it is returned before it does', async () => {
    const create = () => ({
      connect: () => send('connect'),
      commitTransaction: () => send('commit'),
      rollbackTransaction: () => send('rollback'),
    })
    const source = protect({ create }, breaker)
    const session = source.create()
    await session.connect()
    breaker.trip()

    expect(await reasonOf(source.create().connect())).toBeInstanceOf(CircuitOpenError)
    await session.rollbackTransaction()
    expect(sent).toEqual(['connect', 'rollback'])
  })

  it('reaches the client as it is, also among options', () => {
    const pool = protect(new Pool(), breaker)

    expect(pool.has({ session: pool.startSession() })).toBe(true)
  })

  it('can be ended on a client that is the connection itself, where nothing else passes', async () => {
    const connection = protect(new Connection(), breaker)
    await connection.query('begin')
    await connection.commit()
    breaker.trip()
    for (const statement of ['COMMIT', ' rollback to a', { sql: 'commit;' }, 'End', 'abort']) {
      await connection.query(statement)
    }
    await connection.commit()
    await connection.rollback()
    const others = ['insert into commits', 'committed', 'exec procedure', { sql: 'endings' }]
    for (const statement of others) {
      expect(await reasonOf(connection.query(statement))).toBeInstanceOf(CircuitOpenError)
    }

    const ended = ['COMMIT', ' rollback to a', 'commit;', 'End', 'abort', 'commit', 'rollback']
    expect(sent.slice(2)).toEqual(ended)
  })

  it('can be ended where statements are templates', async () => {
    const sql = protect((parts: TemplateStringsArray | string) => send(String(parts)), breaker)
    await sql`begin`
    breaker.trip()

    expect(await sql`commit`).toBe('commit')
    expect(await reasonOf(sql`select 1`)).toBeInstanceOf(CircuitOpenError)
    expect(await reasonOf(sql('commit'))).toBeInstanceOf(CircuitOpenError)
  })

  it('can be ended where it is a queue of commands', async () => {
    class Commands {
      multi = (): Promise<string> => send('multi')
      exec = (): Promise<string> => send('exec')
      discard = (): Promise<string> => send('discard')
      call = (name: string): Promise<string> => send(name)
      sendCommand = ([name = '']: readonly string[]): Promise<string> => send(name)
      pipeline = () => ({ multi: this.multi, exec: this.exec, discard: this.discard })
    }
    const commands = protect(new Commands(), breaker)
    const { multi, exec, discard, call } = commands
    const run = { multi, exec, discard, call, pipelined: () => commands.pipeline().exec() }
    for (const use of Object.values(run)) await use('get')
    await commands.sendCommand(['get'])
    breaker.trip()
    await Promise.all([exec(), discard(), call('exec'), commands.sendCommand(['DISCARD'])])
    const others = [multi(), call('get'), call('execute'), commands.sendCommand(['get', 'exec'])]

    for (const other of [...others, run.pipelined()]) {
      expect(await reasonOf(other)).toBeInstanceOf(CircuitOpenError)
    }
    expect(sent.slice(6)).toEqual(['exec', 'discard', 'exec', 'DISCARD'])
  })

  it.each([
    ['a namespace', (api: Deployments) => api.deployments],
    ['an object that is returned', (api: Deployments) => api.deployment(1)],
  ])('is none where %s rolls something else back', async (_, choose) => {
    const deployment = { list: () => send('list'), rollback: () => send('rollback') }
    const api: Deployments = { deployments: deployment, deployment: () => deployment }
    const { list, rollback } = choose(protect(api, breaker))
    await list()
    await rollback()
    breaker.trip()

    expect(await reasonOf(list())).toBeInstanceOf(CircuitOpenError)
    expect(await reasonOf(rollback())).toBeInstanceOf(CircuitOpenError)
  })

  it('is none where a client that can begin one is asked for something else', async () => {
    const client = {
      documents: { find: () => send('find') },
      commit: () => send('commit'),
      rollback: () => send('rollback'),
    }
    const guarded = protect({ inner: client, release: () => send('release') }, breaker)
    await guarded.inner.documents.find()
    await guarded.inner.commit()
    breaker.trip()

    expect(await reasonOf(guarded.inner.documents.find())).toBeInstanceOf(CircuitOpenError)
    expect(await guarded.inner.commit()).toBe('commit')
  })

  it('is none where a batch of writes is sent by its commit', async () => {
    const pool = protect(new Pool(), breaker)
    await pool.batch().commit()
    breaker.trip()

    expect(await reasonOf(pool.batch().commit())).toBeInstanceOf(CircuitOpenError)
  })
})
