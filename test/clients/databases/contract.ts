import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CircuitBreaker, isCircuitOpenError } from '../../../src/index.ts'
import { reasonOf, turn } from '../../helpers/public.ts'
import { Relay } from './relay.ts'
import type { Server } from './server.ts'

/** A server that is looked at from beside the client under test. */
export interface Database {
  readonly server: Server
  /** Removes what tests have stored. */
  clear(): Promise<unknown>
  /** The ids of the orders that everybody can see. */
  stored(): Promise<number[]>
  /** How many connections are inside a transaction. */
  openTransactions(): Promise<number>
  /** How many statements are being executed. */
  running(): Promise<number>
  end(): Promise<unknown>
}

/** One package, in one way of guarding it. Whatever it connects, it has one connection at most. */
export interface DatabaseClient<Raw, Client> {
  readonly name: string
  /** The packages whose versions are tested. The last one is the client itself. */
  readonly packages: readonly string[]
  /** How it is guarded, as code. */
  readonly guarded: string
  /** What its users must know. */
  readonly trap: string
  open(port: number): Raw | Promise<Raw>
  close(raw: Raw): unknown
  guard(raw: Raw, breaker: CircuitBreaker): Client
  /** It is one connection itself, and opens another when it has lost it, or does not. */
  readonly connection?: 'once' | 'again'
  /** A statement on a connection that has died never ends, with or without a breaker. */
  readonly hangsWhenDead?: true
  /** Resolves when it can be called again after its server was gone. */
  ready?(raw: Raw): unknown
  /** Reads the number 1. */
  select(client: Client): PromiseLike<unknown>
  insert(client: Client, id: number): PromiseLike<unknown>
  /** Waits on the server for longer than a test takes. */
  sleep(client: Client): PromiseLike<unknown>
  /** Takes a connection and begins a transaction, where there is something to take. */
  begin?(client: Client): Promise<Transaction>
  /** Runs an action in a transaction. */
  transact?(client: Client, action: (tx: Statements) => Promise<void>): PromiseLike<unknown>
}

export interface Statements {
  insert(id: number): PromiseLike<unknown>
  /** Executes a statement that the server rejects. */
  fail(): PromiseLike<unknown>
}

/** One whose connection goes back when it ends. */
export interface Transaction extends Statements {
  commit(): PromiseLike<unknown>
  rollback(): PromiseLike<unknown>
}

/** Begins what the client itself does not: a transaction in statements. */
export function transactionOf(
  execute: (statement: string) => PromiseLike<unknown>,
  release: () => unknown = () => {},
): Transaction {
  const end = async (statement: string): Promise<void> => {
    // As people write it: the connection goes back whether its last statement was executed or not.
    try {
      await execute(statement)
    } finally {
      await release()
    }
  }
  return {
    insert: (id) => execute(insertOrder(id)),
    fail: () => execute(WRONG),
    commit: () => end('COMMIT'),
    rollback: () => end('ROLLBACK'),
  }
}

export const WRONG = 'select * from missing'

export function insertOrder(id: number): string {
  return `insert into orders (id) values (${id})`
}

/** What a run has found out about a client, for the table in the documentation. */
export interface Findings {
  rejection?: string
  transaction?: string
  action?: string
}

/** A client whose own types no longer matter. */
export interface TestedClient
  extends Pick<DatabaseClient<never, never>, 'name' | 'packages' | 'guarded' | 'trap'> {
  describe(findings: Findings, databaseOf: () => Database): void
}

/** A server, and the clients that are tested with it. */
export interface DatabaseTests {
  readonly name: string
  readonly create: () => Promise<Database>
  readonly clients: readonly TestedClient[]
}

export function tested<Raw, Client>(client: DatabaseClient<Raw, Client>): TestedClient {
  return {
    ...client,
    describe: (findings, databaseOf) => describeClient(client, findings, databaseOf),
  }
}

/** What holds for each guarded client, whatever its server. */
function describeClient<Raw, Client>(
  row: DatabaseClient<Raw, Client>,
  findings: Findings,
  databaseOf: () => Database,
): void {
  let database: Database
  let relay: Relay
  let breaker: CircuitBreaker
  let raw: Raw
  let client: Client
  let toClose: Raw[]
  let unhandled: unknown[]

  async function open(): Promise<void> {
    raw = await row.open(relay.port)
    toClose.push(raw)
    client = row.guard(raw, breaker)
  }

  function note(reason: unknown): void {
    unhandled.push(reason)
  }

  beforeEach(async () => {
    unhandled = []
    process.on('unhandledRejection', note)
    toClose = []
    database = databaseOf()
    await database.clear()
    relay = await Relay.to(database.server.port)
    breaker = new CircuitBreaker({ maxFailures: 5, resetTimeout: 60_000 })
    await open()
  })

  afterEach(async () => {
    // A client waits for a connection that a test has not given back.
    for (const opened of toClose) await Promise.race([row.close(opened), delay(2_000)])
    await relay.end()
    await turn()
    process.off('unhandledRejection', note)

    expect(unhandled).toEqual([])
    expect(breaker.snapshot().inFlight).toBe(0)
  })

  /** MariaDB tells of transactions what it knew before, for as long as it is asked every 0.1 s. */
  function untilNoneIsOpen(): PromiseLike<void> {
    return expect
      .poll(() => database.openTransactions(), { interval: 250, timeout: 10_000 })
      .toBe(0)
  }

  /** Opens the circuit by an outage, which is over then. */
  async function fail(): Promise<unknown[]> {
    await row.select(client)
    await relay.down()
    const reasons: unknown[] = []
    for (let i = 0; i < 5; i++) reasons.push(await reasonOf(row.select(client)))
    await relay.up()
    await row.ready?.(raw)
    return reasons
  }

  it('answers as without a breaker, and counts it', async () => {
    expect(await row.select(client)).toBe(1)
    expect(await row.select(client)).toBe(1)

    expect(breaker.snapshot().counts).toMatchObject({ admitted: 2, success: 2 })
  })

  it('opens the circuit after five failures, and is rejected without a connection', async () => {
    const reasons = await fail()
    const { opened } = relay
    const rejected = await reasonOf(row.select(client))

    expect(reasons.filter(isRejection)).toEqual([])
    expect(breaker.state).toBe('open')
    expect(rejected).toSatisfy(isRejection)
    expect(relay.opened).toBe(opened)
    findings.rejection = nameOf(rejected)
  })

  it('sends one of ten calls at once while half-open, and closes by its success', async () => {
    await fail()
    if (row.connection === 'once') await open()
    breaker.configure({ resetTimeout: 1 })
    await expect.poll(() => breaker.state).toBe('half-open')
    const calls = Array.from({ length: 10 }, (_, id) => row.insert(client, id))
    const results = await Promise.allSettled(calls)
    const rejected = results.flatMap((result) =>
      result.status === 'rejected' ? [result.reason] : [],
    )

    expect(rejected).toHaveLength(9)
    expect(rejected.filter(isRejection)).toHaveLength(9)
    expect(await database.stored()).toHaveLength(1)
    expect(breaker.state).toBe('closed')
  })

  it('counts a connection that dies in the middle of a statement as a failure', async () => {
    const sleeping = reasonOf(row.sleep(client))
    await expect.poll(() => database.running()).toBe(1)
    relay.cut()

    expect(isRejection(await sleeping)).toBe(false)
    expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts: { failure: 1 } })
  })

  const { begin, transact } = row
  if (begin)
    describe('a transaction during which the circuit opens', () => {
      // What a method returns is known after its first call.
      beforeEach(async () => {
        await (await begin(client)).commit()
        await (await begin(client)).rollback()
      })

      /** The next user of the connection, if the transaction has ended on it. */
      async function next(id: number): Promise<void> {
        breaker.reset()
        await row.insert(client, id)
        await untilNoneIsOpen()
      }

      it('is committed, and what the next user writes is stored', async () => {
        const transaction = await begin(client)
        await transaction.insert(1)
        breaker.trip()
        await transaction.commit()
        await next(2)

        expect(await database.stored()).toEqual([1, 2])
        findings.transaction = row.connection
          ? 'its end is never rejected'
          : 'statements count, and are never rejected'
      })

      it('is rolled back, and what the next user writes is stored', async () => {
        const transaction = await begin(client)
        await transaction.insert(1)
        for (let i = 0; i < 5; i++) await reasonOf(transaction.fail())
        expect(breaker.state).toBe('open')
        await transaction.rollback()
        await next(2)

        expect(await database.stored()).toEqual([2])
      })
    })

  if (begin && !row.connection)
    describe('a connection', () => {
      it('executes statements while the circuit is open, and while others may not be called', async () => {
        breaker.configure({ maxConcurrent: 1 })
        const transaction = await begin(client)
        await Promise.all([transaction.insert(1), transaction.insert(2)])
        breaker.trip()
        await transaction.insert(3)
        await transaction.commit()

        expect(await database.stored()).toEqual([1, 2, 3])
        expect(breaker.snapshot().counts.rejected).toMatchObject({ open: 0, full: 0 })
      })

      if (!row.hangsWhenDead)
        it('that dies is a failure, and does not go to the next user', async () => {
          const transaction = await begin(client)
          await transaction.insert(1)
          relay.cut()
          expect(isRejection(await reasonOf(transaction.insert(2)))).toBe(false)
          await Promise.resolve(transaction.rollback()).catch(() => {})
          await row.insert(client, 3)

          expect(await database.stored()).toEqual([3])
          expect(breaker.snapshot().counts.failure).toBeGreaterThan(0)
        })

      it('is not handed out while the circuit is open', async () => {
        await (await begin(client)).commit()
        breaker.trip()

        expect(await reasonOf(begin(client))).toSatisfy(isRejection)
      })
    })

  if (transact)
    describe('an action in a transaction', () => {
      it('is committed though the circuit opens, and not begun while it is open', async () => {
        const action = async (id: number) => {
          await transact(client, async (tx) => {
            await tx.insert(id)
            breaker.trip()
            await tx.insert(id + 1)
          })
        }
        await action(1)
        const { admitted } = breaker.snapshot().counts
        findings.action =
          admitted === 1 ? 'an action counts once' : 'statements count, and are never rejected'
        expect(await reasonOf(action(3))).toSatisfy(isRejection)
        breaker.reset()
        await row.insert(client, 5)

        expect(await database.stored()).toEqual([1, 2, 5])
        await untilNoneIsOpen()
      })

      it('is rolled back when it fails, though the circuit opens', async () => {
        const failed = transact(client, async (tx) => {
          await tx.insert(1)
          breaker.trip()
          await tx.fail()
        })
        expect(isRejection(await reasonOf(failed))).toBe(false)
        breaker.reset()
        await row.insert(client, 2)

        expect(await database.stored()).toEqual([2])
        await untilNoneIsOpen()
      })
    })
}

/** True for the error of a rejected call, and for one that a client has made of it. */
function isRejection(error: unknown): boolean {
  return isCircuitOpenError(error) || (error instanceof Error && isRejection(error.cause))
}

function nameOf(error: unknown): string {
  if (isCircuitOpenError(error)) return '`CircuitOpenError`'
  return `\`${(error as Error).constructor.name}\` with it as \`cause\``
}
