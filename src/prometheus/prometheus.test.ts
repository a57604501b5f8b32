import { Gauge, Registry } from 'prom-client'
import { beforeEach, describe, expect, it } from 'vitest'
import { fail, hang, RESET_TIMEOUT, reasonOf, succeed } from '../../test/helpers/public.ts'
import { CircuitRegistry } from '../index.ts'
import { ManualClock } from '../testing/manual-clock.ts'
import { prometheus } from './index.ts'

let clock: ManualClock
let registry: CircuitRegistry
let register: Registry
beforeEach(() => {
  clock = new ManualClock()
  registry = new CircuitRegistry({
    defaults: { maxFailures: 2, resetTimeout: RESET_TIMEOUT, clock },
  })
  register = new Registry()
})

/** The lines of a scrape that are not comments and whose value is not 0. */
async function scraped(): Promise<string[]> {
  const lines = (await register.metrics()).split('\n')
  return lines.filter((line) => line !== '' && !line.startsWith('#') && !line.endsWith(' 0'))
}

describe('prometheus', () => {
  it('shows states, calls, rejections, transitions and calls in flight', async () => {
    prometheus(registry, { register })
    const users = registry.breaker('users')
    const orders = registry.breaker('orders')
    await succeed(users)
    const call = hang(users)
    await fail(orders)
    await fail(orders)
    await reasonOf(orders.run(() => 1))

    expect(await scraped()).toEqual([
      'circuit_breaker_state{circuit_breaker_name="users",circuit_breaker_state="closed"} 1',
      'circuit_breaker_state{circuit_breaker_name="orders",circuit_breaker_state="open"} 1',
      'circuit_breaker_calls_total{circuit_breaker_name="users",circuit_breaker_outcome="success"} 1',
      'circuit_breaker_calls_total{circuit_breaker_name="orders",circuit_breaker_outcome="failure"} 2',
      'circuit_breaker_rejections_total{circuit_breaker_name="orders",circuit_breaker_rejection_reason="open"} 1',
      'circuit_breaker_transitions_total{circuit_breaker_name="orders",circuit_breaker_state="open",circuit_breaker_transition_reason="consecutiveFailures"} 1',
      'circuit_breaker_call_active{circuit_breaker_name="users"} 1',
      'circuit_breaker_breakers 2',
    ])
    await call.release()
  })

  it('exports the states that a breaker is not in as 0', async () => {
    prometheus(registry, { register })
    registry.breaker('users')

    expect(await register.metrics()).toContain(
      'circuit_breaker_state{circuit_breaker_name="users",circuit_breaker_state="open"} 0',
    )
  })

  it('shows what snapshots show, and a state as calls meet it', async () => {
    prometheus(registry, { register })
    const users = registry.breaker('users')
    users.trip()
    await clock.advance(RESET_TIMEOUT)
    registry.breaker('orders').forceOpen()

    expect(users.snapshot().state).toBe('half-open')
    expect(await scraped()).toEqual(
      expect.arrayContaining([
        'circuit_breaker_state{circuit_breaker_name="users",circuit_breaker_state="half-open"} 1',
        'circuit_breaker_state{circuit_breaker_name="orders",circuit_breaker_state="open"} 1',
        'circuit_breaker_override{circuit_breaker_name="orders",circuit_breaker_override_mode="forced-open"} 1',
      ]),
    )
  })

  it('shows durations in seconds where statistics are kept', async () => {
    prometheus(registry, { register })
    const users = registry.breaker('users', { statistics: true })
    for (const ms of [4, 90, 700]) {
      const permit = users.acquire()
      await clock.advance(ms)
      permit.success()
    }
    registry.breaker('orders')
    const lines = (await register.metrics()).split('\n').filter((line) => line.includes('duration'))

    expect(lines).toEqual(
      expect.arrayContaining([
        'circuit_breaker_call_duration_seconds_bucket{circuit_breaker_name="users",le="0.005"} 1',
        'circuit_breaker_call_duration_seconds_bucket{circuit_breaker_name="users",le="0.1"} 2',
        'circuit_breaker_call_duration_seconds_bucket{circuit_breaker_name="users",le="0.5"} 2',
        'circuit_breaker_call_duration_seconds_bucket{circuit_breaker_name="users",le="1"} 3',
        'circuit_breaker_call_duration_seconds_bucket{circuit_breaker_name="users",le="+Inf"} 3',
        'circuit_breaker_call_duration_seconds_sum{circuit_breaker_name="users"} 0.794',
        'circuit_breaker_call_duration_seconds_count{circuit_breaker_name="users"} 3',
      ]),
    )
    expect(lines.join()).not.toContain('orders')
  })

  it('drops a breaker that was removed, with its transitions', async () => {
    prometheus(registry, { register })
    registry.breaker('users').trip()
    registry.delete('users')

    expect(await scraped()).toEqual([])
    expect(await register.metrics()).not.toContain('users')
  })

  it('adds up breakers with the same label', async () => {
    prometheus(registry, { register, label: (name) => name.split(':')[0] as string })
    for (const host of ['a', 'b', 'c']) await succeed(registry.breaker(`fetch:${host}`))
    registry.breaker('fetch:c').trip()

    expect(await scraped()).toEqual([
      'circuit_breaker_state{circuit_breaker_name="fetch",circuit_breaker_state="closed"} 2',
      'circuit_breaker_state{circuit_breaker_name="fetch",circuit_breaker_state="open"} 1',
      'circuit_breaker_calls_total{circuit_breaker_name="fetch",circuit_breaker_outcome="success"} 3',
      'circuit_breaker_transitions_total{circuit_breaker_name="fetch",circuit_breaker_state="open",circuit_breaker_transition_reason="manual"} 1',
      'circuit_breaker_breakers 3',
    ])
  })

  it('has one label for what is beyond the limit, and tells how many', async () => {
    prometheus(registry, { register, limit: 2 })
    for (const name of ['a', 'b', 'c', 'd']) registry.breaker(name)

    expect(await scraped()).toEqual([
      'circuit_breaker_state{circuit_breaker_name="a",circuit_breaker_state="closed"} 1',
      'circuit_breaker_state{circuit_breaker_name="b",circuit_breaker_state="closed"} 1',
      'circuit_breaker_state{circuit_breaker_name="other",circuit_breaker_state="closed"} 2',
      'circuit_breaker_breakers 4',
      'circuit_breaker_omitted 2',
    ])
  })

  it('gives the label of a breaker that was removed to another one', async () => {
    prometheus(registry, { register, limit: 1 })
    registry.breaker('a')
    const before = await scraped()
    registry.delete('a')
    await register.metrics()
    registry.breaker('b')

    expect(before[0]).toBe(
      'circuit_breaker_state{circuit_breaker_name="a",circuit_breaker_state="closed"} 1',
    )
    expect((await scraped())[0]).toBe(
      'circuit_breaker_state{circuit_breaker_name="b",circuit_breaker_state="closed"} 1',
    )
  })

  it('listens to nothing that calls publish', async () => {
    prometheus(registry, { register })
    const users = registry.breaker('users')
    let reads = 0
    const read = registry.read.bind(registry)
    registry.read = (visit) => {
      reads++
      read(visit)
    }
    await succeed(users)
    await register.metrics()

    expect(reads).toBe(1)
  })

  it('names counters in OpenMetrics as everywhere, and is taken out again there, too', async () => {
    const openMetrics = new Registry()
    openMetrics.setContentType(Registry.OPENMETRICS_CONTENT_TYPE as never)
    const stop = prometheus(registry, { register: openMetrics })
    await succeed(registry.breaker('users'))
    registry.breaker('users').trip()

    for (let scrape = 0; scrape < 2; scrape++) {
      const lines = (await openMetrics.metrics()).split('\n')
      expect(lines).toContain('# TYPE circuit_breaker_calls counter')
      expect(lines).toContain(
        'circuit_breaker_calls_total{circuit_breaker_name="users",circuit_breaker_outcome="success"} 1',
      )
      expect(lines.filter((line) => line.includes('_total_total'))).toEqual([])
    }
    stop()
    expect(openMetrics.getMetricsAsArray()).toEqual([])
  })

  it('adds nothing where one of its names is taken', () => {
    const taken = { name: 'circuit_breaker_omitted', help: 'mine', registers: [register] }
    const mine = new Gauge(taken)

    expect(() => prometheus(registry, { register, resilience4j: true })).toThrow(taken.name)
    expect(register.getMetricsAsArray()).toEqual([mine])
  })

  it('is taken out once, though it is stopped twice', () => {
    const stop = prometheus(registry, { register })
    stop()
    prometheus(registry, { register })
    const { length } = register.getMetricsAsArray()
    stop()

    expect([register.getMetricsAsArray().length, length > 0]).toEqual([length, true])
  })

  it('is taken out again', async () => {
    const stop = prometheus(registry, { register })
    registry.breaker('users')
    stop()

    expect(await register.metrics()).toBe('\n')
    prometheus(registry, { register })
    expect(await register.metrics()).toContain('users')
  })

  it.each([
    [() => prometheus({} as never, { register }), 'prometheus takes a CircuitRegistry first'],
    [() => prometheus(registry, {} as never), 'register must be a Registry of prom-client'],
    [() => prometheus(registry, undefined as never), 'prometheus takes an object of options'],
    [() => prometheus(registry, { register, limit: 0 }), 'limit must be an integer of at least 1'],
    [
      () => prometheus(registry, { register, label: 'x' as never }),
      'label of prometheus must be a function',
    ],
  ])('says what is wrong: %s', (start, message) => {
    expect(start).toThrow(message)
  })
})
