import { describe, expect, it } from 'vitest'
import { createTable, PostgresStoreError, postgresStore } from './index.ts'

const pool = { query: async () => ({ rows: [] }) }

describe('postgresStore', () => {
  it.each([
    [undefined, { namespace: 'shop' }, 'postgresStore takes a Pool of pg, got undefined'],
    ['postgres://', { namespace: 'shop' }, 'postgresStore takes a Pool of pg, got string'],
    [pool, undefined, 'postgresStore takes an object of options, got undefined'],
    [pool, {}, "namespace must be 1 to 48 letters, digits, '.', '_' or '-', got undefined"],
    [
      pool,
      { namespace: 'a b' },
      "namespace must be 1 to 48 letters, digits, '.', '_' or '-', got a b",
    ],
    [pool, { namespace: 'x'.repeat(49) }, 'namespace must be 1 to 48 letters'],
    [pool, { namespace: 'shop', table: 1 }, 'table of postgresStore must be a string, got number'],
    [pool, { namespace: 'shop', table: 'a.b.c' }, 'table must be a name or schema.name'],
    [pool, { namespace: 'shop', table: 'x"; DROP TABLE y' }, 'table must be a name or schema.name'],
    [pool, { namespace: 'shop', tabel: 'x' }, 'unknown option "tabel" (of postgresStore)'],
  ])('says what is wrong: %s %o', (wrong, options, message) => {
    expect(() => postgresStore(wrong as typeof pool, options as { namespace: string })).toThrow(
      message,
    )
  })

  it('does not listen with a pool that does not tell how it connects', () => {
    expect(postgresStore(pool, { namespace: 'shop' }).watch).toBeUndefined()
  })

  it('goes on when the text of a failure says nothing of PostgreSQL', async () => {
    const broken = { query: () => Promise.reject('down') }
    const { signal } = new AbortController()
    const store = postgresStore(broken, { namespace: 'shop' })
    const ask = { name: 'api' } as Parameters<typeof store.exchange>[0][0]

    const reason: unknown = await store.exchange([ask], signal).catch((error: unknown) => error)

    expect(reason).toBeInstanceOf(PostgresStoreError)
    expect(reason).toMatchObject({ code: 'ERROR', message: 'down' })
  })
})

describe('createTable', () => {
  it('quotes the name of the table, and of its schema', () => {
    expect(createTable('ops.Circuits')).toContain('CREATE TABLE IF NOT EXISTS "ops"."Circuits" (')
  })

  it.each(['', '.', 'a.', '1a', 'a-b', 'a b', 'a"b', 'x'.repeat(64)])('refuses %o', (table) => {
    expect(() => createTable(table)).toThrow(TypeError)
  })
})
