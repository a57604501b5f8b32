import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { memoryStore, type ProcessReport, shared } from '../../../src/fleet/index.ts'
import type { Ask, FleetCommand, FleetStore, JournalEntry } from '../../../src/fleet/store.ts'
import { CircuitBreaker } from '../../../src/index.ts'
import { ManualClock } from '../../../src/testing/manual-clock.ts'
import { collectGarbage } from '../../conformance/collect-garbage.ts'

type Exchange = FleetStore['exchange']

const NAMES = ['users', 'orders', 'mail']
/** The longest pause between two attempts. */
const ATTEMPT = 1_500

const FAULTS: Readonly<Record<string, Exchange>> = {
  'can not be reached': () => Promise.reject(new Error('ECONNREFUSED')),
  hangs: () => new Promise(() => {}),
}

/** One process with some breakers, whose store can be broken, and what it says to it. */
class Process {
  readonly clock: ManualClock = new ManualClock(1_000_000)
  readonly store: FleetStore = memoryStore(() => this.clock.now())
  readonly breakers: readonly CircuitBreaker[]
  exchanges = 0
  /** What is done by hand that was asked of the store, but for what was asked while it was gone. */
  readonly commands: FleetCommand[] = []
  #last: { readonly asks: readonly Ask[]; readonly report: ProcessReport | undefined } | undefined
  #exchange: Exchange = this.store.exchange

  constructor() {
    const { clock } = this
    const exchange: Exchange = (asks, signal, report) => {
      this.exchanges++
      this.#last = { asks, report }
      if (this.#exchange !== this.store.exchange) return this.#exchange(asks, signal, report)
      this.commands.push(...asks.flatMap(({ command }) => command ?? []))
      return this.store.exchange(asks, signal, report)
    }
    const fleet = shared({ ...this.store, exchange }, { clock, random: () => 0.5 })
    const options = { clock, maxFailures: 5, resetTimeout: 1_000, shared: fleet }
    this.breakers = NAMES.map((name) => new CircuitBreaker({ ...options, name }))
    for (const breaker of this.breakers) void breaker.state
  }

  get users(): CircuitBreaker {
    return this.breakers[0] as CircuitBreaker
  }

  fail(fault: Exchange): void {
    this.#exchange = fault
  }

  /** The store works again, and gets what waits for it. */
  async mend(): Promise<void> {
    this.#exchange = this.store.exchange
    for (let i = 0; i < 40; i++) await this.clock.advance(100)
  }

  async nextExchange(): Promise<void> {
    for (const before = this.exchanges; this.exchanges === before; ) await this.clock.advance(50)
  }

  /** Everything that the process said in the last exchange, but for times and calls. */
  get last(): object {
    const asks = this.#last?.asks.map(({ report: _, ...ask }) => ({ ...ask, notAfter: 0 }))
    return { asks, report: { ...this.#last?.report, uptime: 0, degraded: 0 } }
  }

  async journal(): Promise<readonly JournalEntry[]> {
    return (await this.store.journal?.(1_000, new AbortController().signal)) ?? []
  }
}

type Operate = (
  breaker: CircuitBreaker,
  why: { fleet: true; by: string; reason: string },
) => unknown

const OPERATIONS: Readonly<Record<string, Operate>> = {
  trip: (breaker, why) => breaker.trip(why),
  halfOpen: (breaker, why) => breaker.halfOpen(why),
  reset: (breaker, why) => breaker.reset(why),
  forceOpen: (breaker, why) => breaker.forceOpen(why),
  forceClosed: (breaker, why) => breaker.forceClosed(why),
  disable: (breaker, why) => breaker.disable(why),
  release: (breaker, why) => breaker.release(why),
}
const KINDS = Object.keys(OPERATIONS)
const OVERRIDES = ['forceOpen', 'forceClosed', 'disable', 'release']

const operate = (breaker: CircuitBreaker, kind: string, n: number): unknown =>
  OPERATIONS[kind]?.(breaker, { fleet: true, by: 'ada', reason: `${n}` })

/** Bytes that measuring alone may differ by. An exchange that left 100 would have left 700 000. */
const NOISE = 500_000

describe.each(Object.entries(FAULTS))('a process whose store %s', (_, fault) => {
  it('says and holds after ten thousand calls and failed exchanges what it did after a hundred', async () => {
    const process = new Process()
    const { clock, breakers } = process
    await clock.advance(1_000)
    process.fail(fault)
    const goOn = async (exchanges: number): Promise<void> => {
      for (let n = process.exchanges; n < exchanges; n = process.exchanges) {
        const breaker = breakers[n % breakers.length] as CircuitBreaker
        await breaker
          .run(async () => {
            if (n % 5 > 0) throw new Error('down')
          })
          .catch(() => {})
        operate(breaker, KINDS[n % KINDS.length] as string, n)
        await clock.advance(ATTEMPT + 250)
      }
    }
    const measure = async () => {
      // The same before it each time.
      for (const breaker of breakers) {
        for (const kind of KINDS) operate(breaker, kind, 0)
        breaker.release()
        breaker.reset()
      }
      await process.nextExchange()
      const { timers } = clock
      const { last } = process
      await collectGarbage()
      return { held: { last, timers }, heap: globalThis.process.memoryUsage().heapUsed }
    }

    await goOn(100)
    const early = await measure()
    // By then the engine has compiled what runs.
    await goOn(3_000)
    const { heap } = await measure()
    await goOn(10_000)
    const late = await measure()

    expect(early.held.last).toMatchObject({ asks: NAMES.map((name) => ({ name })) })
    expect(late.held).toEqual(early.held)
    expect(late.heap - heap).toBeLessThan(NOISE)
  })

  it('has one command of each kind for the store when that is back, however often each was given', async () => {
    const process = new Process()
    const { clock, users } = process
    await clock.advance(1_000)
    process.fail(fault)
    for (let i = 0; i < 10_000; i++) {
      operate(users, KINDS[i % KINDS.length] as string, i)
      if (i % 1_000 === 0) await clock.advance(ATTEMPT)
    }

    await process.mend()

    const last = KINDS.map((_, i) => `${10_000 - KINDS.length + i}`)
    expect(process.commands.map(({ reason }) => reason)).toEqual(last)
    expect(await process.journal()).toHaveLength(KINDS.length)
  })

  it('does to the fleet afterwards what was done last, to its state and to its override', async () => {
    const kinds = fc.array(fc.constantFrom(...KINDS), { minLength: 1, maxLength: 12 })
    await fc.assert(
      fc.asyncProperty(kinds, async (operations) => {
        const process = new Process()
        const { clock, users } = process
        await clock.advance(1_000)
        process.fail(fault)
        for (const [i, kind] of operations.entries()) {
          operate(users, kind, i)
          if (i % 3 === 0) await clock.advance(ATTEMPT)
        }

        await process.mend()

        const { signal } = new AbortController()
        const found = await process.store.read?.(['users'], signal)
        const { automatic, override } = found?.breakers[0]?.registers ?? {}
        const moved = operations.findLastIndex((kind) => !OVERRIDES.includes(kind))
        const forced = operations.findLastIndex((kind) => OVERRIDES.includes(kind))
        expect(automatic?.reason).toBe(operations[moved] ?? 'none')
        expect(automatic?.note).toBe(moved === -1 ? '' : `${moved}`)
        expect(override?.reason).toBe(forced === -1 ? '' : `${forced}`)
        expect(override?.mode === null).toBe((operations[forced] ?? 'release') === 'release')
      }),
      { numRuns: 50 },
    )
  })
})

describe('what is done by hand', () => {
  it('is done once for each time while the store is there', async () => {
    const process = new Process()
    const { clock, users } = process
    await clock.advance(1_000)

    for (const reason of ['one', 'two']) {
      users.forceOpen({ fleet: true, reason })
      await process.nextExchange()
    }

    expect(process.commands.map(({ reason }) => reason)).toEqual(['one', 'two'])
  })

  it('is done though the same was done while the first was on its way', async () => {
    const process = new Process()
    const { clock, store, users } = process
    await clock.advance(1_000)
    process.fail(async (...args) => {
      const answers = await store.exchange(...args)
      await new Promise<void>((resolve) => clock.setTimer(100, resolve))
      return answers
    })

    users.trip({ fleet: true, reason: 'one' })
    await clock.advance(50)
    users.trip({ fleet: true, reason: 'two' })
    await clock.advance(100)
    await process.mend()

    expect((await process.journal()).map(({ reason }) => reason)).toEqual(['two', 'one'])
  })
})
