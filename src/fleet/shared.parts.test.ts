import { describe, expect, it } from 'vitest'
import {
  createProcesses,
  EXCHANGE,
  OPEN,
  type Process,
  type Processes,
  pass,
  reasonOf,
} from '../../test/helpers/fleet-processes.ts'
import { CircuitBreaker } from '../index.ts'

/** Two processes with two breakers each; the part of the store that has `orders` can be lost. */
async function createParts() {
  const fleet = createProcesses(2)
  const { clock, processes } = fleet
  const orders = processes.map(
    ({ fleet: shared }) =>
      new CircuitBreaker({ name: 'orders', clock, maxFailures: 3, resetTimeout: OPEN, shared }),
  ) as [CircuitBreaker, CircuitBreaker]
  for (const breaker of orders) void breaker.state
  const users = processes.map(({ breaker }) => breaker) as [CircuitBreaker, CircuitBreaker]
  await pass(clock, EXCHANGE)
  return { ...fleet, orders, users }
}

const lose = ({ store }: Processes, hangs: boolean): void => {
  store.lostPart.add('orders')
  store.partHangs = hangs
}

const connected = (breaker: CircuitBreaker): boolean | undefined =>
  breaker.snapshot().fleet?.connected

describe.each([
  ['fails', false],
  ['hangs', true],
])('when a part of the store %s', (_, hangs) => {
  it('its breakers decide by themselves, and the others as the fleet', async () => {
    const parts = await createParts()
    const { clock, users, orders } = parts

    lose(parts, hangs)
    await reasonOf(orders[0].run(async () => 'answer'))
    await pass(clock, 2_000)
    users[1].trip({ fleet: true })
    await pass(clock, 1_000)

    expect(orders.map(connected)).toEqual([false, true])
    expect(users.map(connected)).toEqual([true, true])
    expect(users[0].state).toBe('open')
    for (let i = 0; i < 3; i++) {
      await reasonOf(orders[0].run(() => Promise.reject(new Error('down'))))
    }
    expect(orders[0].snapshot()).toMatchObject({ state: 'open', fleet: { decides: 'local' } })
  })

  it('it is told once, and again when all of it is there', async () => {
    const parts = await createParts()
    const [{ connections, fleet }] = parts.processes as [Process]

    lose(parts, hangs)
    await pass(parts.clock, 60_000)
    expect(connections).toEqual([true, true])
    expect(fleet.connected).toBe(true)
    parts.store.lostPart.clear()
    await pass(parts.clock, 5_000)

    expect(connections).toEqual([true, true, true])
    expect(parts.orders.map(connected)).toEqual([true, true])
  })

  it('it is asked for about once a second, though others say much', async () => {
    const parts = await createParts()
    const { clock, orders, store, processes } = parts
    const [a] = processes as [Process]
    await reasonOf(orders[0].run(async () => 'answer'))
    lose(parts, hangs)
    let asked = 0
    store.onAsk = ({ name, process }) => {
      if (name === 'orders' && process === 'p0') asked++
    }

    for (let i = 0; i < 100; i++) {
      await a.fail().catch(() => {})
      await a.call()
      a.breaker.reset()
      await pass(clock, 100)
    }

    expect(asked).toBeGreaterThanOrEqual(4)
    expect(asked).toBeLessThanOrEqual(16)
  })

  it('it follows the fleet again when it is back', async () => {
    const parts = await createParts()
    const { clock, orders, store } = parts
    lose(parts, hangs)
    await reasonOf(orders[0].run(async () => 'answer'))
    await pass(clock, 2_000)

    store.lostPart.clear()
    orders[1].trip({ fleet: true, for: 60_000 })
    await pass(clock, 5_000)

    expect(orders.map(({ state }) => state)).toEqual(['open', 'open'])
    expect(connected(orders[0])).toBe(true)
  })
})

describe('when all parts of the store fail', () => {
  it('that is told as for a store that is one', async () => {
    const parts = await createParts()
    const [{ connections }] = parts.processes as [Process]

    lose(parts, false)
    await pass(parts.clock, 60_000)
    parts.store.mode = 'down'
    await pass(parts.clock, 60_000)
    parts.store.mode = 'up'
    await pass(parts.clock, 5_000)

    expect(connections).toEqual([true, true, false, true, true])
  })
})
