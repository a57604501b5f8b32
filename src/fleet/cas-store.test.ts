import { describe, expect, it } from 'vitest'
import { createFleet } from '../../test/helpers/fleet.ts'
import { type CasStore, casStore } from './cas-store.ts'
import type { Registers } from './register.ts'

const { signal } = new AbortController()
const ONE = { success: 1, failure: 0, slow: 0 }
const fleet = createFleet()

/** An engine that holds bytes with a revision; `busy` times another process saves in between. */
function createEngine(busy = 0) {
  const rows = new Map<string, { bytes: Uint8Array; rev: string }>()
  const lifetimes: number[] = []
  let [left, attempts] = [busy, 0]
  const engine: CasStore = {
    async load(name) {
      const { bytes = null, rev = '0' } = rows.get(name) ?? {}
      return { bytes, rev, nowMs: 1_000.7 }
    },
    async save(name, bytes, rev, ttlMs) {
      attempts++
      if (left-- > 0 || (rows.get(name)?.rev ?? '0') !== rev) return false
      rows.set(name, { bytes, rev: String(Number(rev) + 1) })
      lifetimes.push(ttlMs)
      return true
    },
  }
  return { engine, rows, lifetimes, attempts: () => attempts }
}

describe('casStore', () => {
  it('counts every one of a hundred reports that race', async () => {
    const { engine } = createEngine()
    const stores = [casStore(engine), casStore(engine)]

    const ask = fleet.ask('a', { report: ONE })
    for (const store of stores) await store.exchange(Array(50).fill(ask), signal)

    const [answer] = await casStore(engine).exchange([fleet.ask('b')], signal)
    expect(answer?.fleet.success).toBe(100)
  })

  it('decides again when another process has saved in between', async () => {
    const { engine, attempts } = createEngine(3)

    const [answer] = await casStore(engine).exchange([fleet.ask('a', { report: ONE })], signal)

    expect(attempts()).toBe(4)
    expect(answer?.fleet.success).toBe(1)
  })

  it('gives up when that happens again and again', async () => {
    const { engine } = createEngine(Infinity)

    await expect(casStore(engine).exchange([fleet.ask('a')], signal)).rejects.toThrow(
      'the record of api was changed by others 32 times',
    )
  })

  it('goes by the clock of the engine, in whole ms', async () => {
    const { engine } = createEngine()

    const [answer] = await casStore(engine).exchange([fleet.ask('a')], signal)

    expect(answer?.nowMs).toBe(1_000)
  })

  it('does not begin when it is too late', async () => {
    const { engine, attempts } = createEngine()
    const aborted = AbortSignal.abort(new Error('too late'))

    await expect(casStore(engine).exchange([fleet.ask('a')], aborted)).rejects.toThrow('too late')

    expect(attempts()).toBe(0)
  })

  it('does not save what has had no effect', async () => {
    const { engine, attempts } = createEngine()

    const late = fleet.ask('a', { notAfter: 1 })
    const [answer] = await casStore(engine).exchange([late], signal)

    expect(answer?.refused).toBe('late')
    expect(attempts()).toBe(1)
  })

  it('keeps a record for ever while there is an override', async () => {
    const { engine, lifetimes } = createEngine()
    const command = { kind: 'override', mode: 'disabled', for: 0, by: '', reason: '' } as const

    await casStore(engine).exchange([fleet.ask('a'), fleet.ask('a', { command })], signal)

    expect(lifetimes).toEqual([3_600_000, Infinity])
  })

  it('hands on what the engine says has changed', async () => {
    const { engine, rows } = createEngine()
    let change = (_: string, __: Uint8Array, ___: number): void => {}
    const watching: CasStore = {
      ...engine,
      watch(onChange) {
        change = onChange
        return { [Symbol.asyncDispose]: async () => {} }
      },
    }
    const heard: Registers[] = []
    const store = casStore(watching)
    store.watch?.(
      ({ registers }) => heard.push(registers),
      () => {},
    )
    const command = { kind: 'trip', for: 0, by: 'ada', reason: '' } as const
    const [answer] = await store.exchange([fleet.ask('a', { command })], signal)

    change('api', rows.get('api')?.bytes as Uint8Array, 1_000)

    expect(heard).toEqual([answer?.registers])
  })
})
