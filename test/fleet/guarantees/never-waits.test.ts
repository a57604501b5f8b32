import { describe, expect, it } from 'vitest'
import { memoryStore } from '../../../src/fleet/memory-store.ts'
import { shared } from '../../../src/fleet/shared.ts'
import type { FleetStore } from '../../../src/fleet/store.ts'
import {
  type CircuitBreaker,
  CircuitOpenError,
  CircuitRegistry,
  protect,
} from '../../../src/index.ts'
import { ManualClock } from '../../../src/testing/manual-clock.ts'
import { turn } from '../../helpers/public.ts'

const DEADLINE = 250
const OPEN = 5_000

type Exchange = FleetStore['exchange']

/** What may be wrong with a store. */
const FAULTS: Readonly<Record<string, (clock: ManualClock, right: Exchange) => Exchange>> = {
  hangs: () => () => new Promise(() => {}),
  rejects: () => () => Promise.reject(new Error('ECONNREFUSED')),
  throws: () => () => {
    throw new Error('not a function')
  },
  'answers too late':
    (clock, right) =>
    (...args) =>
      new Promise((resolve) => clock.setTimer(DEADLINE + 1, () => resolve(right(...args)))),
  'answers nothing': () => async () => [],
  'answers nonsense': () => async () => 'OK' as never,
}

/** One process with a store that works until it is broken, and breakers of a registry. */
class Bed {
  readonly clock: ManualClock = new ManualClock(1_000_000)
  readonly registry: CircuitRegistry
  readonly breaker: CircuitBreaker
  readonly other: CircuitBreaker
  readonly keyed: () => Promise<string>
  /** Exchanges that were begun, and have neither ended nor been told to. */
  readonly #inFlight = new Set<object>()
  mostInFlight = 0
  exchanges = 0
  #exchange: Exchange
  readonly #right: Exchange

  constructor() {
    const { clock } = this
    const store = memoryStore(() => clock.now())
    this.#right = this.#exchange = store.exchange
    const exchange: Exchange = (...args) => this.#watched(args)
    const fleet = shared({ ...store, exchange }, { clock, random: () => 0.5, deadline: DEADLINE })
    const defaults = { clock, maxFailures: 3, resetTimeout: OPEN, recovery: { probes: 1 } }
    this.registry = new CircuitRegistry({ shared: fleet, defaults })
    this.keyed = this.registry.keyed(async () => 'answer', { name: 'users', key: () => 1 })
    this.other = this.registry.breaker('orders')
    void this.keyed()
    this.breaker = [...this.registry].find(({ name }) => name !== 'orders') as CircuitBreaker
  }

  async #watched(args: Parameters<Exchange>): ReturnType<Exchange> {
    const one = {}
    const [, signal] = args
    const end = (): void => void this.#inFlight.delete(one)
    this.exchanges++
    this.#inFlight.add(one)
    this.mostInFlight = Math.max(this.mostInFlight, this.#inFlight.size)
    signal.addEventListener('abort', end)
    try {
      return await this.#exchange(...args)
    } finally {
      end()
    }
  }

  get isAsking(): boolean {
    return this.#inFlight.size > 0
  }

  fail(fault: string): void {
    this.#exchange = (FAULTS[fault] as (typeof FAULTS)[string])(this.clock, this.#right)
  }

  /** The next exchange is answered after so many ms, and those after it meet the fault. */
  failAfter(ms: number, fault: string): void {
    this.#exchange = (...args) => {
      this.fail(fault)
      return new Promise((resolve) => this.clock.setTimer(ms, () => resolve(this.#right(...args))))
    }
  }

  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 50) await this.clock.advance(Math.min(left, 50))
  }

  /** Connected, with the fleet open until `OPEN` has passed. */
  async open(): Promise<void> {
    await this.pass(100)
    this.breaker.trip({ fleet: true })
    await this.pass(100)
    expect(this.breaker.snapshot().fleet).toMatchObject({ decides: 'fleet', state: 'open' })
  }

  /** Where the next call has to ask for the lease of a probe. */
  async halfOpen(): Promise<void> {
    await this.open()
    await this.pass(OPEN)
    expect(this.breaker.state).toBe('half-open')
    expect(this.isAsking).toBe(false)
  }
}

type Call = (bed: Bed) => unknown

const answer = async (): Promise<string> => 'answer'

/** Calls that can wait for a lease. */
const PATIENT: Readonly<Record<string, Call>> = {
  'a wrapped function': ({ breaker }) => breaker(answer)(),
  run: ({ breaker }) => breaker.run(answer),
  'run that fails, with a fallback': ({ breaker }) =>
    breaker.run(() => Promise.reject(new Error('down')), { fallback: () => 'instead' }),
  withSignal: ({ breaker }) => breaker.withSignal(async (_: AbortSignal) => 'answer')(),
  'a keyed function': ({ keyed }) => keyed(),
  'a method of a protected client': ({ breaker }) => protect({ find: answer }, breaker).find(),
}

/** Calls whose admission is decided at once. */
const PROMPT: Readonly<Record<string, Call>> = {
  sync: ({ breaker }) => breaker.sync(() => 'answer')(),
  acquire: ({ breaker }) => breaker.acquire().success(),
  tryAcquire: ({ breaker }) => breaker.tryAcquire()?.failure(new Error('down')),
  stream: async ({ breaker }) => {
    const items = breaker.stream(async function* () {
      yield 'item'
    })
    for await (const _ of items()) break
  },
}

/** Whether a call ends though no time passes. */
async function endsNow(call: () => unknown): Promise<boolean> {
  let ended = false
  const end = (): void => {
    ended = true
  }
  new Promise((resolve) => resolve(call())).then(end, end)
  for (let i = 0; i < 20 && !ended; i++) await turn()
  return ended
}

/** From where a call needs no lease. */
const BEGINNINGS: Readonly<Record<string, (bed: Bed, fault: string) => Promise<void>>> = {
  'before the store has answered once': async (bed, fault) => bed.fail(fault),
  'while the fleet is closed': async (bed, fault) => {
    await bed.pass(100)
    bed.fail(fault)
  },
  'when it is known that the store has failed': async (bed, fault) => {
    await bed.pass(100)
    bed.fail(fault)
    await bed.breaker.run(answer)
    await bed.pass(5_000)
    expect(bed.breaker.snapshot().fleet?.connected).toBe(false)
  },
  'while the fleet is open': async (bed, fault) => {
    await bed.open()
    bed.fail(fault)
  },
  'while a report is under way': async (bed, fault) => {
    await bed.pass(100)
    bed.fail(fault)
    await bed.breaker.run(() => Promise.reject(new Error('down'))).catch(() => {})
    await bed.clock.advance(30)
  },
  'after an open time that ended while the store was gone': async (bed, fault) => {
    await bed.open()
    bed.fail(fault)
    await endsNow(() => bed.breaker.run(answer))
    await bed.pass(OPEN)
    expect(bed.breaker.state).toBe('half-open')
  },
}

describe.each(Object.keys(FAULTS))('a call whose store %s', (fault) => {
  it.each(Object.entries({ ...PATIENT, ...PROMPT }))(
    'ends without a wait for it: %s',
    async (_, call) => {
      for (const [when, begin] of Object.entries(BEGINNINGS)) {
        const bed = new Bed()
        await begin(bed, fault)
        const now = bed.clock.now()

        for (let i = 0; i < 5; i++) expect(await endsNow(() => call(bed)), when).toBe(true)

        expect(bed.clock.now()).toBe(now)
        await bed.pass(10_000)
        expect(bed.exchanges).toBeGreaterThan(0)
        expect(bed.mostInFlight, when).toBe(1)
      }
    },
  )

  it.each(Object.entries(PROMPT))(
    'ends without a wait for it where the lease of a probe is due: %s',
    async (_, call) => {
      const bed = new Bed()
      await bed.halfOpen()
      bed.fail(fault)

      for (let i = 0; i < 5; i++) expect(await endsNow(() => call(bed))).toBe(true)
    },
  )

  it.each(Object.entries(PATIENT))(
    'waits for the deadline at most where it asks for the lease of a probe, and alone: %s',
    async (_, call) => {
      const bed = new Bed()
      await bed.halfOpen()
      bed.fail(fault)

      const waited = await timeOf(bed, call)

      expect(waited).toBeLessThanOrEqual(DEADLINE)
      expect(bed.mostInFlight).toBe(1)
    },
  )

  it.each([
    // One that fails is the answer to all that wait for the next.
    ['fails', DEADLINE, (bed: Bed) => bed.fail(fault)],
    ['is answered late', 2 * DEADLINE, (bed: Bed) => bed.failAfter(DEADLINE - 1, fault)],
  ])(
    'waits for the end of an exchange before its own, where that %s: no more than %d ms',
    async (_, most, fail) => {
      const bed = new Bed()
      await bed.halfOpen()
      fail(bed)
      bed.other.trip({ fleet: true })
      for (let i = 0; i < 20 && !bed.isAsking; i++) await turn()

      expect(await timeOf(bed, ({ breaker }) => breaker.run(answer))).toBeLessThanOrEqual(most)
      expect(bed.mostInFlight).toBe(1)
    },
  )
})

/** How long one call takes that has to ask; meanwhile the others are rejected at once. */
async function timeOf(bed: Bed, call: Call): Promise<number> {
  const from = bed.clock.now()
  const ended = { at: Infinity }
  const end = (): void => {
    ended.at = bed.clock.now()
  }
  new Promise((resolve) => resolve(call(bed))).then(end, end)
  const other: unknown[] = []
  const isOver = await endsNow(() => bed.breaker.run(answer).catch((error) => other.push(error)))
  expect(isOver).toBe(true)
  expect(other).toEqual([expect.any(CircuitOpenError)])
  for (let ms = 0; ms < 10 * DEADLINE && ended.at === Infinity; ms += 10) {
    await bed.clock.advance(10)
  }
  return ended.at - from
}
