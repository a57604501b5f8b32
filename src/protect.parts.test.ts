import { beforeEach, describe, expect, it } from 'vitest'
import { createBreaker, RESET_TIMEOUT, reasonOf, turn } from '../test/helpers/public.ts'
import { type CircuitBreaker, CircuitOpenError, protect } from './index.ts'
import type { ManualClock } from './testing/manual-clock.ts'

let breaker: CircuitBreaker
let clock: ManualClock
let sent: string[]
beforeEach(() => {
  ;({ breaker, clock } = createBreaker())
  sent = []
})

function send(text: string): Promise<string> {
  sent.push(text)
  return Promise.resolve(text)
}

interface Statement extends Promise<string> {
  readonly text: string
  /** Sends it at once. */
  each(): Promise<string>
  trimmed(): Statement
}

/** Is sent when it is awaited, or is a part of another one. */
function statement(text: string): Statement {
  const created: Statement = Object.assign(new Promise<string>(() => {}), {
    text,
    // biome-ignore lint/suspicious/noThenProperty: as the promises of such clients.
    then: (...args: Parameters<Promise<string>['then']>) => send(text).then(...args) as never,
    each: () => send(text),
    trimmed: () => created,
  })
  return created
}

class Connection {
  sql = (text: string, ...parts: readonly Statement[]): Statement =>
    statement([text, ...parts.map((part) => part.text)].join(' '))
  batch = (parts: readonly Statement[]): Promise<string> =>
    send(parts.map((part) => part.text).join('; '))
  release(): void {}
}

class Client extends Connection {
  connect = async (): Promise<Connection> => new Connection()
}

/** A client that has been seen to pass on what `sql` returns. */
async function composing(): Promise<Client> {
  const client = protect(new Client(), breaker)
  await client.sql('select', client.sql('1'))
  await client.batch([client.sql('2')])
  expect(sent.splice(0)).toEqual(['select 1', '2'])
  return client
}

async function halfOpen(): Promise<void> {
  breaker.trip()
  await clock.advance(RESET_TIMEOUT)
}

describe('a promise that is passed to another call of the client', () => {
  it.each([
    ['alone', ({ sql }: Client) => sql('select', sql('a'), sql('b')), 'select a b'],
    ['within another', ({ sql }: Client) => sql('select', sql('a', sql('b'))), 'select a b'],
    ['in an array', ({ sql, batch }: Client) => batch([sql('a'), sql('b')]), 'a; b'],
  ])('%s is a part of it, and takes no probe', async (_, use, text) => {
    const client = await composing()
    await halfOpen()
    await use(client)

    expect(breaker.state).toBe('closed')
    expect(sent).toEqual([text])
  })

  it('takes up no capacity', async () => {
    breaker.configure({ maxConcurrent: 1 })
    const { sql } = await composing()

    expect(await sql('select', sql('a'), sql('b'))).toBe('select a b')
    expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts: { rejected: { full: 0 } } })
  })

  it('is known as a part from then on, also if that was in a half-open circuit', async () => {
    const { sql } = protect(new Client(), breaker)
    await sql('first')
    await halfOpen()
    const use = () => sql('select', sql('a'), sql('b'))
    expect(await reasonOf(use())).toBeInstanceOf(CircuitOpenError)

    expect(await use()).toBe('select a b')
    expect(sent).toEqual(['first', 'select a b'])
  })

  it('rejects the other one where it has been rejected itself', async () => {
    const { sql, batch } = await composing()
    breaker.trip()
    const part = sql('a')
    await clock.advance(RESET_TIMEOUT)

    expect(await reasonOf(sql('select', part))).toBeInstanceOf(CircuitOpenError)
    expect(await reasonOf(batch([part]))).toBeInstanceOf(CircuitOpenError)
    expect(sent).toEqual([])
  })
})

describe('a promise of a method whose promises are passed on', () => {
  it('is a call when it is awaited or used by itself', async () => {
    const { sql } = await composing()
    const { success } = breaker.snapshot().counts
    expect(await sql('a')).toBe('a')
    expect(await sql('b').trimmed()).toBe('b')
    expect(await sql('c').each()).toBe('c')
    const late = sql('d')
    await turn()
    expect(await late).toBe('d')

    expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts: { success: success + 4 } })
  })

  it('is rejected when it is awaited or used while the circuit is open', async () => {
    const { sql } = await composing()
    const [awaited, used, chained] = [sql('a'), sql('b'), sql('c')]
    breaker.trip()

    expect(await reasonOf(awaited)).toBeInstanceOf(CircuitOpenError)
    expect(await reasonOf(used.each())).toBeInstanceOf(CircuitOpenError)
    expect(await reasonOf(chained.trimmed())).toBeInstanceOf(CircuitOpenError)
    expect(sent).toEqual([])
  })

  it('lets one of many pass while half-open', async () => {
    const { sql } = await composing()
    await halfOpen()
    const results = await Promise.allSettled(Array.from({ length: 10 }, (_, i) => sql(`${i}`)))

    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect(sent).toEqual(['0'])
  })

  it('is never rejected on a connection', async () => {
    const client = await composing()
    const { sql } = await client.connect()
    expect(await sql('a', sql('b'))).toBe('a b')
    const late = sql('c')
    breaker.trip()

    expect(await late).toBe('c')
    expect(await sql('d', sql('e')).each()).toBe('d e')
  })

  it('settles nothing when it is never used', async () => {
    const { sql } = await composing()
    void sql('a')
    await clock.advance(0)

    expect(breaker.snapshot().inFlight).toBe(0)
    expect(sent).toEqual([])
  })
})
