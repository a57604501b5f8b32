import { afterAll, describe, expect, it } from 'vitest'
import { ask, never } from '../../test/helpers/fleet-asks.ts'
import { CircuitBreaker, type CircuitBreakerOptions } from '../index.ts'
import { ManualClock } from '../testing/index.ts'
import { memoryStore } from './memory-store.ts'
import { shared } from './shared.ts'
import type { SharedOptions } from './shared-options.ts'
import type { FleetStore } from './store.ts'

/** As time passes: what timers begin gets its answers before the next ones fire. */
async function pass(clock: ManualClock, ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 50) await clock.advance(Math.min(left, 50))
}

const failing = async (): Promise<never> => {
  throw new Error('down')
}

/** A breaker that the program drops is forgotten by its fleet. */
const kept = new Set<CircuitBreaker>()
afterAll(() => kept.clear())

function createFleet() {
  const clock = new ManualClock(1_000_000)
  const memory = memoryStore(() => clock.now())
  let isDown = false
  const store: FleetStore = {
    ...memory,
    exchange: async (...args) => {
      if (isDown) throw new Error('ECONNREFUSED')
      return memory.exchange(...args)
    },
  }
  const create = (
    process: string,
    { service, version }: SharedOptions = {},
    options: CircuitBreakerOptions = {},
  ) => {
    const fleet = shared(store, { clock, process, service, version, random: () => 0.5 })
    const breaker = new CircuitBreaker({ name: 'users', clock, shared: fleet, ...options })
    void breaker.state
    kept.add(breaker)
    return { fleet, breaker }
  }
  const read = async () => memory.read?.(undefined, never)
  const processes = async () => (await read())?.processes ?? []
  const processOf = async (name: string) =>
    (await processes()).find(({ process }) => process === name)
  const fall = (down: boolean) => {
    isDown = down
  }
  return { clock, memory, store, create, read, processes, processOf, fall }
}

describe('the list of processes', () => {
  it('has every process of the fleet, with what it says of itself', async () => {
    const { clock, create, processes } = createFleet()
    create('p1', { service: 'checkout', version: '1.8.2' })
    await pass(clock, 1_000)
    create('p2')
    await pass(clock, 100)

    expect(await processes()).toMatchObject([
      { process: 'p1', service: 'checkout', version: '1.8.2', breakers: 1, degraded: 0 },
      { process: 'p2', service: '', version: '', alone: [], policies: [] },
    ])
  })

  it('sees processes that have nothing to report, too, and forgets those that are gone', async () => {
    const { clock, create, processes } = createFleet()
    const { fleet } = create('p1')
    create('p2')
    await pass(clock, 120_000)
    expect((await processes()).map(({ process }) => process)).toEqual(['p1', 'p2'])

    await fleet.close()
    await pass(clock, 61_000)

    expect((await processes()).map(({ process }) => process)).toEqual(['p2'])
  })

  it('says which breakers a process has opened by itself, and why', async () => {
    const { clock, create, processOf } = createFleet()
    const { breaker } = create('p1', {}, { maxFailures: 3 })
    create('p2')
    await pass(clock, 100)

    const call = breaker(failing)
    for (let i = 0; i < 3; i++) await call().catch(() => {})
    await pass(clock, 100)

    const [alone] = (await processOf('p1'))?.alone ?? []
    expect(alone).toMatchObject({ name: 'users', reason: 'consecutiveFailures' })
    expect((await processOf('p2'))?.alone).toEqual([])
  })

  it('says how many of how many calls had failed', async () => {
    const { clock, create, processOf } = createFleet()
    const rule = { threshold: 0.5, minimumCalls: 4, window: { calls: 10 } }
    const { breaker } = create('p1', {}, { trip: { failureRate: rule } })
    create('p2')
    await pass(clock, 100)

    const call = breaker(failing)
    for (let i = 0; i < 4; i++) await call().catch(() => {})
    await pass(clock, 100)

    expect((await processOf('p1'))?.alone).toMatchObject([{ hits: 4, calls: 4 }])
  })

  it('says nothing more of a breaker that has closed again', async () => {
    const { clock, create, processOf } = createFleet()
    const { breaker } = create('p1', {}, { maxFailures: 1 })
    await breaker(failing)().catch(() => {})
    await pass(clock, 100)
    expect((await processOf('p1'))?.alone).toHaveLength(1)

    breaker.reset()
    await breaker(async () => 'answer')()
    await pass(clock, 2_000)

    expect((await processOf('p1'))?.alone).toEqual([])
  })

  it('says which policies differ, for a minute', async () => {
    const { clock, create, processes } = createFleet()
    create('p1', {}, { resetTimeout: 1_000 })
    await pass(clock, 200)
    const { fleet } = create('p2', {}, { resetTimeout: 2_000 })
    await pass(clock, 60_000)

    const policies = (await processes()).map((one) => one.policies)
    expect(policies.map((own) => own.map(({ name }) => name))).toEqual([['users'], ['users']])
    const [first, second] = policies.flat()
    expect(first?.policy).not.toBe(second?.policy)

    await fleet.close()
    await pass(clock, 130_000)
    expect((await processes()).map((one) => one.policies)).toEqual([[]])
  })

  it('says at first, after an outage, for how long a process was without the store', async () => {
    const { clock, create, processOf, fall } = createFleet()
    create('p1')
    await pass(clock, 100)

    fall(true)
    await pass(clock, 45_000)
    fall(false)
    await pass(clock, 2_000)

    expect((await processOf('p1'))?.degraded).toBeGreaterThan(1_000)
    await pass(clock, 60_000)
    expect((await processOf('p1'))?.degraded).toBe(0)
  })
})

describe('what a process has heard', () => {
  it('is known within a moment after something was done by hand, whether or not it has that breaker', async () => {
    const { clock, create, read } = createFleet()
    const { breaker } = create('p1')
    create('p2')
    create('p3', {}, { name: 'orders' })
    await pass(clock, 10_000)

    breaker.forceOpen({ fleet: true, by: 'ada', reason: 'a test' })
    await pass(clock, 200)

    const { processes, breakers } = (await read()) as NonNullable<Awaited<ReturnType<typeof read>>>
    const users = breakers.find(({ name }) => name === 'users')
    const stamp = users?.registers.override.stamp ?? Infinity
    expect(processes.map(({ heard }) => heard >= stamp)).toEqual([true, true, true])
  })

  it.each(['trip', 'reset', 'halfOpen'] as const)('is known after %s', async (operation) => {
    const { clock, create, read } = createFleet()
    const { breaker } = create('p1')
    create('p2')
    await pass(clock, 10_000)

    breaker[operation]({ fleet: true })
    await pass(clock, 200)

    const { processes, breakers } = (await read()) as NonNullable<Awaited<ReturnType<typeof read>>>
    const stamp = breakers[0]?.registers.automatic.stamp ?? Infinity
    expect(processes.every(({ heard }) => heard >= stamp)).toBe(true)
  })

  it('does not include what a process without the store has missed, until it is back', async () => {
    const { clock, create, memory, read, processOf, fall } = createFleet()
    create('p1')
    await pass(clock, 100)
    fall(true)
    await pass(clock, 45_000)
    const command = { kind: 'override', mode: 'disabled', for: 0, by: 'ada', reason: '' } as const
    const [answer] = await memory.exchange([ask({ name: 'users', process: 'ops', command })], never)
    const stamp = answer?.registers.override.stamp ?? Infinity

    expect((await processOf('p1'))?.heard).toBeLessThan(stamp)
    fall(false)
    await pass(clock, 2_000)

    expect((await processOf('p1'))?.heard).toBeGreaterThanOrEqual(stamp)
    expect((await read())?.processes.map(({ process }) => process)).toEqual(['p1'])
  })

  it('is nothing to a store that can not be read: it hears no more than before', async () => {
    const { clock, store, create } = createFleet()
    let exchanges = 0
    const plain: FleetStore = {
      exchange: (asks, signal, ...more) => {
        exchanges++
        expect([asks.length > 0, ...more]).toEqual([true, undefined])
        return store.exchange(asks, signal)
      },
      ...(store.watch && { watch: store.watch }),
      async [Symbol.asyncDispose]() {},
    }
    const { breaker } = create('p1')
    const fleet = shared(plain, { clock, process: 'p2' })
    const orders = new CircuitBreaker({ name: 'orders', clock, shared: fleet })
    void orders.state
    kept.add(orders)
    await pass(clock, 100)
    const before = exchanges

    breaker.forceOpen({ fleet: true })
    await pass(clock, 500)

    expect(exchanges).toBe(before)
  })
})
