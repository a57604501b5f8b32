import { describe, expect, it } from 'vitest'
import {
  admit,
  callOnce,
  callTimes,
  createMachine,
  openMachine,
  PROBE_TIMEOUT,
  probedMachine,
  RESET_TIMEOUT,
  revive,
  settingsOf,
  settle,
  stateAt,
} from '../../../test/helpers.ts'
import { Machine } from '../machine.ts'
import { MonotonicTime } from '../monotonic-time.ts'

describe('a machine at the edges', () => {
  it('enforces a transition that a result brings after an override has expired', () => {
    const machine = createMachine({ maxFailures: 1 })
    machine.force('forced-closed', 0, { for: 100 })
    const permit = admit(machine, 50)
    settle(machine, permit, 'failure', 150)
    expect(machine.changes.at(-1)).toMatchObject({ to: 'open', enforced: true })
    expect(machine.trips[0]?.enforced).toBe(true)
  })
  it('enforces a trip by hand after an override has expired', () => {
    const machine = createMachine({ maxFailures: 1 })
    machine.force('disabled', 0, { for: 100 })
    machine.trip(150)
    expect(machine.changes.at(-1)).toMatchObject({ to: 'open', enforced: true })
  })
  it('does not enforce a transition that was due while an override was in place', () => {
    const machine = openMachine()
    machine.force('forced-closed', 0, { for: 5_000 })
    machine.admit(6_000)
    expect(
      machine.changes.find((value) => 'to' in value && value.to === 'half-open'),
    ).toMatchObject({
      enforced: false,
    })
  })
  it('does not enforce it either when that override was released meanwhile', () => {
    const machine = openMachine()
    machine.force('forced-open', 0, {})
    machine.release(6_000)
    machine.admit(6_000)
    expect(
      machine.changes.find((value) => 'to' in value && value.to === 'half-open'),
    ).toMatchObject({
      enforced: false,
    })
  })
  it('enforces a transition that was due before an override was set', () => {
    const machine = openMachine()
    machine.force('forced-closed', 2_000, {})
    machine.admit(2_000)
    expect(
      machine.changes.find((value) => 'to' in value && value.to === 'half-open'),
    ).toMatchObject({
      enforced: true,
    })
  })
  it('names no wait while an override lets every call pass', () => {
    for (const mode of ['forced-closed', 'disabled'] as const) {
      const machine = openMachine()
      machine.force(mode, 0, { for: 500 })
      expect(machine.retryAfter(0)).toBeUndefined()
    }
  })
  it('takes a first reading of NaN for no reading', () => {
    expect(new MonotonicTime(NaN).advance(5_000)).toBe(0)
  })
  it('recovers at the largest reading there is', () => {
    const machine = openMachine()
    const permit = admit(machine, Number.MAX_VALUE)
    expect(settle(machine, permit, 'success', Number.MAX_VALUE)).toBe(true)
    expect(machine.state.name).toBe('closed')
  })
  it('keeps an override until released, however far the clock jumps', () => {
    const machine = createMachine({}, -Number.MAX_VALUE)
    machine.force('forced-open', -Number.MAX_VALUE, {})
    expect(machine.admit(Number.MAX_VALUE)).toBe('forced-open')
  })
  it('knows a probe for a probe, however far the clock jumps', () => {
    const machine = openMachine({}, -Number.MAX_VALUE)
    const permit = admit(machine, Number.MAX_VALUE)
    expect(permit.probe).toBe(true)
  })
  it('takes a retryAfter of NaN for no word', () => {
    const machine = createMachine({ maxFailures: 1 })
    callOnce(machine, 'failure', 0, { retryAfter: NaN })
    expect(stateAt(machine, 1e9)).toBe('half-open')
  })
  it('counts from the last trip by hand when the open time is configured', () => {
    const machine = openMachine()
    machine.trip(900)
    machine.configure(settingsOf({ resetTimeout: 1_100 }), 950)
    expect(stateAt(machine, 1_500)).toBe('open')
  })
  it("does not undercut the server's word by a trip by hand", () => {
    const machine = createMachine({ maxFailures: 1 })
    callOnce(machine, 'failure', 0, { retryAfter: 60_000 })
    machine.trip(1_000)
    expect(stateAt(machine, 59_999)).toBe('open')
  })
  it("keeps the server's word when it is restored open and configured", () => {
    const machine = createMachine({ maxFailures: 1 })
    callOnce(machine, 'failure', 0, { retryAfter: 60_000 })
    const restored = revive(machine, 0)
    restored.configure(settingsOf({ resetTimeout: 2_000 }), 0)
    expect(stateAt(restored, 59_999)).toBe('open')
  })
  it('expires the same probes whenever somebody looks', () => {
    const play = (looks: number[]) => {
      const machine = openMachine({ probes: 2 })
      const a = admit(machine, RESET_TIMEOUT)
      const b = admit(machine, RESET_TIMEOUT + 100)
      for (const at of looks) machine.admit(RESET_TIMEOUT + PROBE_TIMEOUT + at)
      settle(machine, a, 'success', RESET_TIMEOUT + PROBE_TIMEOUT + 200)
      settle(machine, b, 'success', RESET_TIMEOUT + PROBE_TIMEOUT + 200)
      const { expired, stale } = machine.counts
      return { expired, stale }
    }
    expect(play([50, 150])).toEqual(play([150]))
  })
  it('keeps no hung probe of an earlier generation in flight for ever', () => {
    const { machine, probes } = probedMachine({ probes: 2, maxConcurrent: 1 })
    settle(machine, probes[0] as never, 'failure', RESET_TIMEOUT)
    callTimes(machine, 2, 'success', 10_000)
    expect(machine.state.name).toBe('closed')
    expect(machine.admit(20_000)).not.toBe('full')
  })
  it('is not half-open since before it was configured to be', () => {
    const machine = openMachine({ resetTimeout: 10_000 })
    machine.configure(settingsOf({ resetTimeout: 1_000 }), 5_000)
    expect(machine.peek(5_000).state.since).toBeGreaterThanOrEqual(5_000)
  })
  it('peeks at the very open time that the next call finds, with jitter', () => {
    let n = 0
    const random = () => (n++ * 0.37) % 1
    const settings = {
      ...settingsOf({}),
      openDuration: { kind: 'growing' as const, initial: 100, max: 10_000, factor: 2, jitter: 0.5 },
    }
    const machine = new Machine(settings, 0, random)
    callTimes(machine, 3, 'failure')
    const until = (machine.state as { until: number }).until
    admit(machine, until)
    const at = until + PROBE_TIMEOUT
    const shown = machine.peek(at).state
    machine.admit(at)
    expect((machine.state as { until: number }).until).toBe((shown as { until: number }).until)
    // far later: several re-openings due? only one chance drawn ahead
  })
  it('stays finite with a huge growth factor', () => {
    const settings = {
      ...settingsOf({ maxFailures: 1 }),
      openDuration: { kind: 'growing' as const, initial: 100, max: 1_000, factor: 2, jitter: 0 },
    }
    const machine = new Machine(settings, 0, () => 0.5)
    let at = 0
    callTimes(machine, 1, 'failure')
    for (let i = 0; i < 3000; i++) {
      at += 1_000
      callOnce(machine, 'failure', at)
    }
    expect(machine.retryAfter(at)).toBe(1_000)
    callOnce(machine, 'success', at + 1000)
    callOnce(machine, 'failure', at + 1000 + 11_000)
    expect(machine.trips.at(-1)?.openFor).toBeLessThan(1_000)
  })
})
