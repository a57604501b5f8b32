import { describe, expect, it } from 'vitest'
import { type DependencySettings, SimulatedDependency } from './dependency.ts'
import { exponential, randomStream } from './random.ts'
import { Schedule } from './schedule.ts'
import { readScript, type Script } from './script.ts'

function dependency(script: Script, settings: Partial<DependencySettings> = {}) {
  const defaults = { latency: 100, spread: 0, capacity: 1, queue: 10, shards: 1, errorRate: 0 }
  return new SimulatedDependency(
    { ...defaults, warmCalls: 10, roundTrip: 1, ...settings },
    new Schedule(readScript(script)),
  )
}

const CALL = [0, 0, 0, 0.5] as const

describe('SimulatedDependency', () => {
  it('serves first come, first served, and refuses when its queue is full', () => {
    const target = dependency('ok', { queue: 2 })

    const ends = [0, 10, 20, 30].map((now) => ({ ...target.send(now, CALL) }))

    expect(ends.map(({ at }) => at)).toEqual([100, 200, 300, 31])
    expect(ends.map(({ ok }) => ok)).toEqual([true, true, true, false])
  })

  it('serves as many calls at once as its capacity', () => {
    const target = dependency('ok', { capacity: 2 })

    expect([0, 0, 0, 0].map((now) => target.send(now, CALL).at)).toEqual([100, 100, 200, 200])
  })

  it('is never busy with unlimited capacity', () => {
    const target = dependency('ok', { capacity: Infinity })

    expect([0, 0, 0].map((now) => target.send(now, CALL).at)).toEqual([100, 100, 100])
  })

  it('foresees without taking a place', () => {
    const target = dependency('ok')

    expect([0, 0].map((now) => target.foresee(now, CALL).at)).toEqual([100, 100])
  })

  it('never answers what hangs, and forgets it afterwards', () => {
    const target = dependency('ok 50 ms, hang 1 s, ok')

    const ends = [0, 60, 1_049, 1_050].map((now) => target.send(now, CALL).at)

    expect(ends).toEqual([Infinity, Infinity, Infinity, 1_150])
  })

  it('drops what is in flight when it begins to refuse', () => {
    const target = dependency('ok 50 ms, refuse 1 s, ok')

    const ends = [0, 60, 1_050].map((now) => ({ ...target.send(now, CALL) }))

    expect(ends).toEqual([
      { at: 50, ok: false, error: 'ECONNRESET' },
      { at: 61, ok: false, error: 'ECONNREFUSED' },
      { at: 1_150, ok: true, error: '' },
    ])
  })

  it('drops what is in flight at a reset and serves what comes then', () => {
    const target = dependency('ok 50 ms, reset 1 s')

    const ends = [0, 50].map((now) => ({ ...target.send(now, CALL) }))

    expect(ends).toMatchObject([
      { at: 50, ok: false },
      { at: 150, ok: true },
    ])
  })

  it('spends room on work, but not on latency', () => {
    const busy = dependency('work x3')
    const far = dependency('latency x3')

    expect([0, 0].map((now) => busy.send(now, CALL).at)).toEqual([300, 600])
    expect([0, 0].map((now) => far.send(now, CALL).at)).toEqual([300, 400])
  })

  it('delays answers without doing less', () => {
    const target = dependency('latency +1 s')

    expect([0, 0].map((now) => target.send(now, CALL).at)).toEqual([1_100, 1_200])
  })

  it('fails the share of calls that the script says, at least its own', () => {
    const target = dependency('ok 1 s, 60 % errors 1 s', { errorRate: 0.2, capacity: 100 })
    const at = (now: number, draw: number) => target.send(now, [0, 0, 0, draw]).ok

    expect([at(0, 0.19), at(0, 0.2), at(1_000, 0.59), at(1_000, 0.6)]).toEqual([
      false,
      true,
      false,
      true,
    ])
  })

  it('warms up with the calls it serves', () => {
    const target = dependency('cold x11', { capacity: Infinity })

    const times = Array.from({ length: 40 }, () => target.send(0, CALL).at)

    expect(times[0]).toBe(1_100)
    expect(times[10]).toBeCloseTo(100 * (1 + 10 / Math.E))
    expect(times[39]).toBeLessThan(130)
  })

  it('keeps a fault to the shards that have it', () => {
    const target = dependency('hang on 1 shard', { shards: 2 })

    expect(target.send(0, [0.49, 0, 0, 0]).at).toBe(Infinity)
    expect(target.send(0, [0.5, 0, 0, 0]).at).toBe(100)
  })

  it('waits as long as Pollaczek and Khinchine say for one server', () => {
    const spread = 0.5
    const target = dependency('ok', { spread, queue: Infinity })
    const random = randomStream(1, 'queue')
    const mean = 100 * Math.exp(spread ** 2 / 2)
    const load = 0.7
    let now = 0
    let total = 0
    const calls = 400_000
    for (let i = 0; i < calls; i++) {
      now += (exponential(random) * mean) / load
      total += target.send(now, [0, random(), random(), 1]).at - now
    }

    const secondMoment = 100 ** 2 * Math.exp(2 * spread ** 2)
    const expected = mean + ((load / mean) * secondMoment) / (2 * (1 - load))
    expect(total / calls / expected).toBeGreaterThan(0.98)
    expect(total / calls / expected).toBeLessThan(1.02)
  })

  it('refuses the share that Erlang says for several servers without a queue', () => {
    const target = dependency('ok', { spread: 0.5, capacity: 5, queue: 0 })
    const random = randomStream(1, 'queue')
    const offered = 4
    const mean = 100 * Math.exp(0.5 ** 2 / 2)
    let now = 0
    let refused = 0
    const calls = 400_000
    for (let i = 0; i < calls; i++) {
      now += (exponential(random) * mean) / offered
      if (!target.send(now, [0, random(), random(), 1]).ok) refused++
    }

    let erlang = 1
    for (let servers = 1; servers <= 5; servers++) {
      erlang = (offered * erlang) / (servers + offered * erlang)
    }
    expect(refused / calls / erlang).toBeGreaterThan(0.98)
    expect(refused / calls / erlang).toBeLessThan(1.02)
  })
})
