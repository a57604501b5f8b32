import { describe, expect, it } from 'vitest'
import { admit, callOnce, callTimes, saveAt, settingsOf, settle } from '../../test/helpers/core.ts'
import { watchful } from '../../test/helpers/overdue.ts'
import { Machine } from './machine.ts'
import { tripsOf } from './machine-data.ts'
import { restore, type Saved } from './save.ts'
import type { MachineSettings } from './settings.ts'

const settings: MachineSettings = {
  ...settingsOf({ statistics: true, maxFailures: 3 }),
  openDuration: { kind: 'auto' },
}

const failureRate = { threshold: 0.5, minimumCalls: 4, window: { calls: 10 } }

/** Through JSON, on a clock of its own. */
function revived(machine: Machine, at: number, about: Partial<MachineSettings> = {}): Machine {
  const saved: Saved = JSON.parse(JSON.stringify(saveAt(machine, at)))
  const own = { ...settings, ...about }
  return new Machine(own, 0, () => 0.5, restore(own, saved))
}

/** It has seen twenty calls of 40 ms, an outage and a recovery; it is now 20 000. */
function experienced(about: Partial<MachineSettings> = {}): Machine {
  const machine = new Machine({ ...settings, ...about }, 0, () => 0.5)
  for (let at = 100; at <= 2_000; at += 100) {
    settle(machine, admit(machine, at), 'success', at + 40)
  }
  callTimes(machine, 3, 'failure', 4_000)
  machine.admit(4_500)
  callOnce(machine, 'success', 10_000)
  callTimes(machine, 2, 'success', 20_000)
  return machine
}

describe('a machine that goes on from what another one has learned', () => {
  it('knows what is normal, how much traffic there is and how long it was in each state', () => {
    // What is usual is learned where calls may be overdue.
    const evidence = { threshold: 1e9, slowerThan: 5_000, minimumSpan: 0, overdue: true }
    const machine = experienced({ trip: { ...settings.trip, evidence } })
    const restored = revived(machine, 20_000)

    expect(restored.baseline).toEqual(machine.baseline)
    expect(restored.baseline?.isReady).toBe(true)
    expect(restored.rate?.perMs).toBeGreaterThan(0)
    expect(restored.rate?.perMs).toBe(machine.rate?.perMs)
    expect(restored.history?.timeInState).toEqual({
      closed: 4_000,
      open: 1_000,
      'half-open': 5_000,
    })
  })

  it('goes on with the statistics, or without them where the option is off', () => {
    const machine = experienced()

    expect(revived(machine, 20_000).statistics?.latency).toEqual(machine.statistics?.latency)
    expect(revived(machine, 20_000, { statistics: false }).statistics).toBeNull()
  })

  it('starts statistics where the other one kept none', () => {
    const machine = new Machine({ ...settings, statistics: false }, 0, () => 0.5)

    expect(revived(machine, 0).statistics?.latency.count).toBe(0)
  })

  it('shares nothing with what was saved', () => {
    const saved = saveAt(experienced(), 20_000)
    const before = structuredClone(saved)

    const restored = new Machine(settings, 0, () => 0.5, restore(settings, saved))
    callTimes(restored, 3, 'failure', 5)
    restored.admit(6)
    callOnce(restored, 'failure', 50_000)

    expect(saved).toEqual(before)
  })

  it('shares nothing with the machine that was saved', () => {
    const machine = experienced()
    const saved = saveAt(machine, 20_000)
    const before = structuredClone(saved)

    callTimes(machine, 3, 'failure', 20_005)
    callOnce(machine, 'success', 90_000)

    expect(saved).toEqual(before)
  })

  it('asks a rule of ones own with what came since the circuit closed', () => {
    const seen: unknown[] = []
    const when = (view: unknown) => seen.push(view) < 0
    const restored = revived(experienced(), 20_000, { trip: { ...settings.trip, when } })

    callOnce(restored, 'failure', 7)

    expect(seen).toMatchObject([{ successes: 2, failures: 1, closedFor: 10_007 }])
  })

  it('takes the traffic that comes from then on as coming from then on', () => {
    const restored = revived(experienced(), 20_000)
    const before = restored.rate?.perMs ?? 0

    callTimes(restored, 2_000, 'success', 1)
    restored.admit(2_000)

    expect(restored.rate?.perMs).toBeGreaterThan(10 * before)
    expect(restored.rate?.perMs).toBeLessThan(1)
  })

  it('has the findings and readings of each trip, and the codes of its failures', () => {
    const trip = { ...settings.trip, failureRate }
    const machine = new Machine({ ...settings, trip }, 0, () => 0.5)
    const failure = { name: 'Error', code: 'ECONNRESET', message: 'gone' }
    callTimes(machine, 2, 'success')
    for (let i = 0; i < 2; i++) callOnce(machine, 'failure', 0, { failure })
    const saved = saveAt(machine, 100)
    const finding = { rule: 'failureRate', observed: 0.5, threshold: 0.5, calls: 4, hits: 2 }

    expect(saved.trips).toMatchObject([
      { finding, ruleStatuses: tripsOf(machine)[0]?.ruleStatuses },
    ])
    expect(tripsOf(revived(machine, 100))).toMatchObject([
      { finding, ruleStatuses: [{}, { calls: 4, minimumCalls: 4 }], failures: [failure, failure] },
    ])
  })

  it('goes on filling in the newest of several trips', () => {
    const machine = new Machine(settings, 0, () => 0.5)
    machine.trip(0)
    machine.reset(0)
    machine.trip(0)
    const restored = revived(machine, 100)

    restored.admit(0)

    expect(tripsOf(restored).map(({ rejected }) => rejected)).toEqual([0, 1])
  })

  it('counts a probe that was given up among the calls admitted', () => {
    const machine = new Machine(settings, 0, () => 0.5)
    machine.trip(0)
    machine.admit(5_000)
    const saved = saveAt(machine, 5_100)
    expect(saved.state.name).toBe('half-open')
    expect(saved.counts).toMatchObject({ admitted: 0, settled: 0, expired: 0 })

    const later = saveAt(machine, 50_000)
    expect(later.counts).toMatchObject({ admitted: 1, settled: 0, expired: 1 })
  })

  it('has the failure of the last probe, and the reasons given for tripping or overriding it', () => {
    const machine = new Machine(settings, 0, () => 0.5)
    callTimes(machine, 3, 'failure', 0)
    callOnce(machine, 'failure', 1_500)
    machine.trip(20_000, { reason: 'maintenance' })
    machine.force('forced-open', 20_000, { by: 'ada', reason: 'deploy', for: 500 })

    const restored = revived(machine, 20_100)

    expect(tripsOf(restored)).toMatchObject([
      { note: null, reopened: 1, probeFailure: { message: 'no answer', at: -18_600 } },
      { note: 'maintenance', finding: null, probeFailure: null, endedAt: null },
    ])
    expect(restored.override).toEqual({
      mode: 'forced-open',
      by: 'ada',
      reason: 'deploy',
      since: -100,
      until: 400,
    })
  })

  it('has no charge for overdue calls, which are in flight', () => {
    const machine = watchful()
    admit(machine, 200)
    admit(machine, 1_000)
    const rules = (
      saveAt(machine, 1_000).state as never as { rules: { evidence: { score: number } } }
    ).rules

    expect(rules.evidence.score).toBe(0)
  })
})
