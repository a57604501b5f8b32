import { describe, expect, it } from 'vitest'
import { ask, never } from '../../test/helpers/fleet-asks.ts'
import { memoryStore } from './memory-store.ts'
import { policyOfText, policyText } from './store.ts'

const said = { by: 'ada', reason: 'a test' }
const NOW = 1_700_000_000_000

function create() {
  let now = NOW
  const store = memoryStore(() => now)
  const tick = (ms: number): void => {
    now += ms
  }
  const read = async (names?: readonly string[]) => store.read?.(names, never)
  const journal = async (limit = 10) => store.journal?.(limit, never)
  return { store, tick, read, journal }
}

describe('memoryStore', () => {
  it('is read without being changed: all breakers, or those that are asked for', async () => {
    const { store, read } = create()
    const failed = { success: 3, failure: 1, slow: 0 }
    await store.exchange([ask({ report: failed }), ask({ name: 'db' })], never)

    const all = await read()

    expect(all?.breakers.map(({ name }) => name)).toEqual(['api', 'db'])
    expect(all?.breakers[0]).toMatchObject({
      calls: failed,
      reporters: ['p1'],
      leases: [],
      policy: policyText(ask().policy),
      registers: { automatic: { state: 'closed' } },
    })
    expect((await read(['db', 'other']))?.breakers.map(({ name }) => name)).toEqual(['db'])
    expect(await read()).toEqual(all)
  })

  it('tells calls and reporters of the window only, and leases that have not expired', async () => {
    const { store, read, tick } = create()
    const report = { success: 0, failure: 2, slow: 0 }
    await store.exchange([ask({ report })], never)
    tick(9_000)
    await store.exchange([ask({ process: 'p2', report })], never)
    tick(1_000)

    expect((await read())?.breakers).toMatchObject([{ calls: { failure: 2 }, reporters: ['p2'] }])

    const half = { kind: 'halfOpen', ...said } as const
    await store.exchange([ask({ command: half, lease: 'p1.1' })], never)
    expect((await read())?.breakers[0]?.leases).toEqual(['p1.1'])
    tick(5_000)
    expect((await read())?.breakers[0]?.leases).toEqual([])
  })

  it('keeps a journal of who has done what, and until when', async () => {
    const { store, tick, journal } = create()
    const force = { kind: 'override', mode: 'forced-open', for: 600_000, ...said } as const
    await store.exchange([ask({ command: force })], never)
    tick(1_000)
    await store.exchange([ask({ command: { kind: 'trip', for: 5_000, ...said } })], never)

    expect(await journal()).toMatchObject([
      {
        ...{ at: NOW + 1_000, name: 'api', register: 'automatic', from: 'closed', to: 'open' },
        ...{ cause: 'trip', until: NOW + 6_000, ...said },
      },
      {
        ...{ at: NOW, name: 'api', register: 'override', from: '', to: 'forced-open' },
        ...{ cause: '', until: NOW + 600_000, ...said },
      },
    ])
    expect(await journal(1)).toHaveLength(1)
  })

  it('keeps the last thousand entries', async () => {
    const { store, journal } = create()
    const reset = { kind: 'reset', ...said } as const
    for (let i = 0; i < 1_010; i++) await store.exchange([ask({ command: reset })], never)

    const entries = await journal(5_000)

    expect([entries?.length, entries?.[0]?.id, entries?.at(-1)?.id]).toEqual([1_000, '1010', '11'])
  })
})

describe('policyOfText', () => {
  it('is the inverse of policyText, and undefined for anything else', () => {
    const { policy } = ask()

    expect(policyOfText(policyText(policy))).toEqual(policy)
    for (const text of ['', '1 2 3', `${policyText(policy)} 1`, 'x '.repeat(12).trim()]) {
      expect(policyOfText(text)).toBeUndefined()
    }
  })
})
