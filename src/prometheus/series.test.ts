import { AggregatorRegistry, Registry } from 'prom-client'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { fail, hang, open, RESET_TIMEOUT, reasonOf, succeed } from '../../test/helpers/public.ts'
import { CircuitRegistry, type Snapshot } from '../index.ts'
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
afterEach(() => vi.restoreAllMocks())

/** Every value that is scraped, by its name and labels in alphabetical order. */
async function scraped(): Promise<ReadonlyMap<string, number>> {
  const families = await register.getMetricsAsJSON()
  const all = families.flatMap(({ name, values }) =>
    values.map(({ labels, value, ...rest }) => {
      const { metricName = name } = rest as { metricName?: string }
      const text = Object.entries(labels)
        .toSorted()
        .map(([key, of]) => `${key}=${of}`)
      return [`${metricName}{${text.join()}}`.replaceAll('circuit_breaker_', ''), value] as const
    }),
  )
  return new Map(all)
}

/** What a snapshot shows, as it should be scraped. */
function expected({ name, ...shown }: Snapshot): [string, number][] {
  const { counts, timeInState, transitions, state, inFlight, override, window } = shown
  const outcomes = ['success', 'failure', 'neutral', 'cancelled', 'stale', 'expired'] as const
  return [
    ...(['closed', 'open', 'half-open'] as const).flatMap((of): [string, number][] => [
      [`state{name=${name},state=${of}}`, of === state ? 1 : 0],
      [`time_seconds_total{name=${name},state=${of}}`, timeInState[of] / 1_000],
      ...Object.entries(transitions[of]).map(([reason, n]): [string, number] => [
        `transitions_total{name=${name},state=${of},transition_reason=${reason}}`,
        n,
      ]),
    ]),
    ...outcomes.map((outcome): [string, number] => [
      `calls_total{name=${name},outcome=${outcome}}`,
      counts[outcome],
    ]),
    ...Object.entries(counts.rejected).map(([reason, n]): [string, number] => [
      `rejections_total{name=${name},rejection_reason=${reason}}`,
      n,
    ]),
    ...(['forced-open', 'forced-closed', 'disabled'] as const).map((mode): [string, number] => [
      `override{name=${name},override_mode=${mode}}`,
      override?.mode === mode ? 1 : 0,
    ]),
    ...window.map(({ rule, observed, threshold }): [string, number] => [
      `evidence_ratio{name=${name},rule=${rule}}`,
      observed / threshold,
    ]),
    [`call_active{name=${name}}`, inFlight],
  ]
}

describe('the numbers that are scraped', () => {
  it('are those of snapshots, whatever has happened', async () => {
    prometheus(registry, { register })
    const users = registry.breaker('users')
    const orders = registry.breaker('orders')
    const mail = registry.breaker('mail')
    const unused = registry.breaker('unused')
    for (let round = 0; round < 3; round++) {
      await succeed(users)
      await clock.advance(70)
      await (round < 2 ? open(orders) : orders.trip())
      await reasonOf(orders.run(() => 1))
      await clock.advance(RESET_TIMEOUT + 20)
      await (round === 1 ? fail : succeed)(orders)
      void hang(users)
      const names = await scraped()
      const snapshots = [users, orders, mail, unused].map((one) => one.snapshot())
      for (const [name, value] of snapshots.flatMap(expected)) {
        expect([name, names.get(name) ?? 0]).toEqual([name, expect.closeTo(value, 9)])
      }
      if (round === 1) mail.forceClosed()
      await clock.advance(RESET_TIMEOUT)
    }
  })

  it('show how far a rule is from opening, 0 while nothing is collected', async () => {
    prometheus(registry, { register })
    const breaker = registry.breaker('users', {
      trip: {
        consecutiveFailures: 3,
        failureRate: { threshold: 0.5, minimumCalls: 4, window: { calls: 10 } },
      },
    })
    const shown = async () => {
      const all = await scraped()
      return ['consecutiveFailures', 'failureRate'].map((rule) =>
        all.get(`evidence_ratio{name=users,rule=${rule}}`),
      )
    }
    const fresh = await shown()
    await fail(breaker)
    const once = await shown()
    await open(breaker)

    expect(fresh).toEqual([0, 0])
    // One call of four that it takes, though all of them failed.
    expect(once).toEqual([1 / 3, 0.25])
    expect(await shown()).toEqual([0, 0])
  })

  it('are there from 0 on, but for what is rare', async () => {
    prometheus(registry, { register })
    const breaker = registry.breaker('users')
    const names = async (metric: string) =>
      [...(await scraped()).keys()].filter((name) => name.startsWith(metric)).length
    const metrics = ['state', 'calls', 'rejections', 'time', 'override']
    const before = await Promise.all(metrics.map(names))
    breaker.acquire().neutral()
    breaker.forceOpen()
    await reasonOf(breaker.run(() => 1))
    await scraped()
    breaker.release()

    expect(before).toEqual([3, 2, 2, 3, 0])
    expect(await Promise.all(metrics.map(names))).toEqual([3, 3, 3, 3, 1])
    expect((await scraped()).get('override{name=users,override_mode=forced-open}')).toBe(0)
  })

  it('begin with 0 for trips, so that the first one is an increase', async () => {
    prometheus(registry, { register })
    const breaker = registry.breaker('users')
    const trips = 'transitions_total{name=users,state=open,transition_reason=consecutiveFailures}'
    const before = (await scraped()).get(trips)
    await open(breaker)

    expect([before, (await scraped()).get(trips)]).toEqual([0, 1])
  })

  it('have no text of an error in any label', async () => {
    prometheus(registry, { register, resilience4j: true })
    const breaker = registry.breaker('users', { classify: () => 'trip' })
    await fail(breaker, new Error('secret'))
    breaker.forceOpen({ reason: 'secret', by: 'secret' })

    expect(breaker.snapshot().trips).toHaveLength(1)
    expect(await register.metrics()).not.toContain('secret')
  })
})

describe('counters of breakers with one label', () => {
  it('do not go down when one of them is removed, or begins anew', async () => {
    prometheus(registry, { register, label: () => 'all' })
    const calls = async () => (await scraped()).get('calls_total{name=all,outcome=success}')
    const seen: unknown[] = []
    for (const name of ['a', 'a', 'b']) await succeed(registry.breaker(name))
    seen.push(await calls())
    registry.delete('a')
    seen.push(await calls())
    await succeed(registry.breaker('b'))
    await succeed(registry.breaker('a'))
    seen.push(await calls())
    registry.delete('a')
    registry.delete('b')
    await succeed(registry.breaker('b'))
    seen.push(await calls())

    expect(seen).toEqual([3, 3, 5, 6])
  })

  it('count all of a breaker that began anew, also what it has more of than before', async () => {
    prometheus(registry, { register })
    for (let i = 0; i < 3; i++) {
      await succeed(registry.breaker('a'))
      await fail(registry.breaker('a'))
    }
    await clock.advance(100)
    await scraped()
    registry.delete('a')
    for (let i = 0; i < 7; i++) await succeed(registry.breaker('a'))
    const all = await scraped()

    expect(all.get('calls_total{name=a,outcome=failure}')).toBe(3)
    expect(all.get('calls_total{name=a,outcome=success}')).toBe(10)
  })

  it.each([
    [3, 5],
    [5, 5],
    [9, 4],
  ])('have buckets that add up when durations begin anew: %s, %s', async (quick, slow) => {
    prometheus(registry, { register })
    const take = async (ms: number, calls: number) => {
      const breaker = registry.breaker('a', { statistics: true })
      for (let i = 0; i < calls; i++) {
        let end = () => {}
        const call = breaker.run(() => new Promise<void>((resolve) => (end = resolve)))
        await clock.advance(ms)
        end()
        await call
      }
      const all = await scraped()
      const lines = ['bucket{name=a,le=0.005}', 'bucket{name=a,le=0.25}', 'bucket{name=a,le=+Inf}']
      return [...lines, 'count{name=a}'].map((line) => all.get(`call_duration_seconds_${line}`))
    }
    const before = await take(1, quick)
    registry.delete('a')
    const all = quick + slow

    expect(before).toEqual([quick, quick, quick, quick])
    expect(await take(200, slow)).toEqual([quick, all, all, all])
  })

  it('are with those of the same label, where there is no room for one more', async () => {
    const label = (name: string) => name.split(':')[0] as string
    prometheus(registry, { register, limit: 1, label })
    for (const name of ['a:1', 'x:1', 'x:2', 'y:1']) await succeed(registry.breaker(name))
    await scraped()
    registry.delete('a:1')
    await scraped()
    const all = await scraped()

    expect(all.get('state{name=x,state=closed}')).toBe(2)
    expect(all.get('calls_total{name=x,outcome=success}')).toBe(2)
    expect(all.get('omitted{}')).toBe(1)
  })

  it('go on for the others when one gets a label of its own', async () => {
    prometheus(registry, { register, limit: 1 })
    for (const name of ['a', 'b', 'c']) await succeed(registry.breaker(name))
    await scraped()
    registry.delete('a')
    await scraped()
    const all = await scraped()

    expect(all.get('calls_total{name=b,outcome=success}')).toBe(1)
    expect(all.get('calls_total{name=other,outcome=success}')).toBe(2)
    expect(all.get('state{name=other,state=closed}')).toBe(1)
    expect(all.get('omitted{}')).toBe(1)
  })
})

describe('a label', () => {
  it('that throws is reported once, and its breakers are under "other"', async () => {
    const reported = vi.spyOn(console, 'error').mockImplementation(() => {})
    const error = new Error('mine')
    prometheus(registry, {
      register,
      label(name) {
        if (name === 'bad') throw error
        return name
      },
    })
    for (const name of ['good', 'bad']) registry.breaker(name)
    await scraped()
    const all = await scraped()

    expect(all.get('state{name=good,state=closed}')).toBe(1)
    expect(all.get('state{name=other,state=closed}')).toBe(1)
    expect(all.get('omitted{}')).toBe(1)
    expect(reported.mock.calls).toEqual([['short-circuit: label of prometheus threw', error]])
  })

  it.each([undefined, 7, Promise.resolve('x')])(
    'that is no string is the same: %s',
    async (bad) => {
      const reported = vi.spyOn(console, 'error').mockImplementation(() => {})
      prometheus(registry, { register, label: () => bad as never })
      registry.breaker('a')

      expect((await scraped()).get('state{name=other,state=closed}')).toBe(1)
      expect(reported).toHaveBeenCalledTimes(1)
    },
  )

  it('that is "other" is one of its own', async () => {
    prometheus(registry, { register })
    registry.breaker('other')

    expect((await scraped()).get('omitted{}')).toBe(0)
  })

  it('is asked for once for each breaker', async () => {
    const label = vi.fn((name: string) => name)
    prometheus(registry, { register, label })
    registry.breaker('a')
    for (let i = 0; i < 3; i++) await scraped()

    expect(label.mock.calls).toEqual([['a']])
  })
})

describe('the workers of a cluster', () => {
  it('are added up, but for the evidence, of which the largest is taken', async () => {
    const workers = []
    for (const failures of [0, 1]) {
      const own = new CircuitRegistry({ defaults: { maxFailures: 2, clock, statistics: true } })
      const worker = new Registry()
      prometheus(own, { register: worker })
      const users = own.breaker('users')
      await succeed(users)
      for (let i = 0; i < failures; i++) await fail(users)
      workers.push(await worker.getMetricsAsJSON())
    }
    const text = await AggregatorRegistry.aggregate(workers).metrics()
    const users = '{circuit_breaker_name="users"'

    for (const line of [
      `circuit_breaker_state${users},circuit_breaker_state="closed"} 2`,
      `circuit_breaker_calls_total${users},circuit_breaker_outcome="success"} 2`,
      `circuit_breaker_evidence_ratio${users},circuit_breaker_rule="consecutiveFailures"} 0.5`,
      `circuit_breaker_call_duration_seconds_count${users}} 3`,
    ]) {
      expect(text.split('\n')).toContain(line)
    }
  })
})

describe('the names of resilience4j', () => {
  const shown = async () =>
    [...(await scraped())].filter(([name, value]) => name.startsWith('resilience4j') && value !== 0)

  it('are not there unless they are asked for', async () => {
    prometheus(registry, { register })
    registry.breaker('users')

    expect(await shown()).toEqual([])
  })

  it('have its values for states, calls, calls not permitted and rates', async () => {
    prometheus(registry, { register, resilience4j: true })
    const users = registry.breaker('users', {
      trip: { failureRate: { threshold: 0.75, minimumCalls: 2, window: { calls: 10 } } },
      classify: ({ status }) => (status === 'fulfilled' ? undefined : 'failure'),
    })
    await succeed(users)
    const early = await shown()
    await fail(users)
    users.acquire().neutral()
    const orders = registry.breaker('orders')
    await open(orders)
    await reasonOf(orders.run(() => 1))

    const prefix = 'resilience4j_circuitbreaker'
    expect(early).toContainEqual([`${prefix}_failure_rate{name=users}`, -1])
    expect(await shown()).toEqual([
      [`${prefix}_state{name=users,state=closed}`, 1],
      [`${prefix}_state{name=orders,state=open}`, 1],
      [`${prefix}_calls_seconds_count{kind=successful,name=users}`, 1],
      [`${prefix}_calls_seconds_count{kind=failed,name=users}`, 1],
      [`${prefix}_calls_seconds_count{kind=ignored,name=users}`, 1],
      [`${prefix}_calls_seconds_count{kind=failed,name=orders}`, 2],
      [`${prefix}_not_permitted_calls_total{kind=not_permitted,name=orders}`, 1],
      [`${prefix}_failure_rate{name=users}`, 50],
      [`${prefix}_failure_rate{name=orders}`, -1],
      [`${prefix}_slow_call_rate{name=users}`, -1],
      [`${prefix}_slow_call_rate{name=orders}`, -1],
    ])
  })

  it('show an override as the state, alone', async () => {
    prometheus(registry, { register, resilience4j: true })
    registry.breaker('a').forceOpen()
    registry.breaker('b').forceClosed()
    registry.breaker('c').disable()
    const states = (await shown()).filter(([name]) => name.includes('_state'))

    expect(states).toEqual(
      ['forced_open', 'metrics_only', 'disabled'].map((state, i) => [
        `resilience4j_circuitbreaker_state{name=${'abc'[i]},state=${state}}`,
        1,
      ]),
    )
  })

  it('are taken out again with the others', async () => {
    const stop = prometheus(registry, { register, resilience4j: true })
    stop()

    expect(register.getMetricsAsArray()).toEqual([])
  })
})
