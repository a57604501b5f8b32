import { describe, expect, it } from 'vitest'
import {
  admit,
  admitMany,
  callOnce,
  callTimes,
  createMachine,
  openMachine,
  PROBE_TIMEOUT,
  probedMachine,
  RESET_TIMEOUT,
  settle,
  stateAt,
} from '../../../test/helpers/core.ts'
import { START, waiting } from '../../../test/helpers/overdue.ts'
import { flood, GROWN_AT, grown } from '../../../test/helpers/slow-start.ts'
import type { Machine } from '../machine.ts'
import { OUTCOMES, type Outcome } from '../outcome.ts'
import type { Permit } from '../permit.ts'
import type { OverrideMode } from '../state/override.ts'

function conserves({ counters }: Machine): void {
  const { admitted, settled, expired, ...counts } = counters.read()
  const { success, failure, neutral, cancelled, stale } = counts
  expect(admitted).toBe(settled + expired + counters.inFlight)
  expect(settled).toBe(success + failure + neutral + cancelled + stale)
}

describe('a machine that is disabled while calls are in flight', () => {
  it.each(OUTCOMES)('records nothing of one that ends as %s, but that it ended', (outcome) => {
    const machine = createMachine({ maxFailures: 1, statistics: true })
    const permit = admit(machine, 0)
    machine.force('disabled', 0, {})

    expect(settle(machine, permit, outcome, 5, { timedOut: true })).toBe(false)

    expect(machine.counters.read()).toMatchObject({
      admitted: 1,
      settled: 1,
      stale: 1,
      [outcome]: 0,
      timeout: 0,
    })
    expect(machine.statistics?.latency.count).toBe(0)
    machine.release(5)
    expect(machine.state).toMatchObject({ name: 'closed', consecutiveFailures: 0 })
  })

  it('neither ends nor goes on with a streak of failures', () => {
    const machine = createMachine({ maxFailures: 3 })
    callTimes(machine, 2, 'failure')
    const [a, b] = admitMany(machine, 2, 0)
    machine.force('disabled', 0, {})
    settle(machine, a as Permit, 'success', 0)
    settle(machine, b as Permit, 'failure', 0)
    machine.release(0)

    expect(machine.state).toMatchObject({ name: 'closed', consecutiveFailures: 2 })
    callOnce(machine, 'failure', 0)
    expect(machine.state.name).toBe('open')
  })

  it.each([
    { outcome: 'success' },
    { outcome: 'failure' },
    { outcome: 'neutral' },
    { outcome: 'cancelled' },
  ] as const)('has the slot of a probe back that ends as $outcome, and decides nothing', (row) => {
    const { machine, probes } = probedMachine()
    machine.force('disabled', RESET_TIMEOUT, {})

    settle(machine, probes[0] as Permit, row.outcome, RESET_TIMEOUT + 1)

    expect(machine.state.name).toBe('half-open')
    machine.release(RESET_TIMEOUT + 1)
    expect(admit(machine, RESET_TIMEOUT + 1).probe).toBe(true)
    conserves(machine)
  })

  it('has the slot of a probe back at its deadline, and decides nothing', () => {
    const { machine, probes } = probedMachine()
    machine.force('disabled', RESET_TIMEOUT, {})

    machine.release(RESET_TIMEOUT + PROBE_TIMEOUT)

    expect(probes[0]?.open).toBe(false)
    expect(machine.counters.read()).toMatchObject({ expired: 1 })
    expect(machine.state.name).toBe('half-open')
    conserves(machine)
  })

  it.each([
    { until: PROBE_TIMEOUT - 1, state: 'open' },
    { until: PROBE_TIMEOUT, state: 'open' },
    { until: PROBE_TIMEOUT + 1, state: 'half-open' },
  ])('decides by the moment of the deadline: $state when it lifts at $until', (row) => {
    const { machine } = probedMachine()
    machine.force('disabled', RESET_TIMEOUT, { for: row.until })

    expect(stateAt(machine, RESET_TIMEOUT + PROBE_TIMEOUT + 1)).toBe(row.state)
  })

  it('charges no call that becomes overdue, until it is released', () => {
    const { machine } = waiting(3)
    machine.force('disabled', START, {})

    machine.admit(START + 10_000)
    expect(machine.peek(START + 10_000).state.name).toBe('closed')

    machine.release(START + 10_000)
    expect(stateAt(machine, START + 10_000)).toBe('open')
  })

  it('does not take a charge back from calls that were overdue before', () => {
    const { machine, permits } = waiting(3)
    for (const permit of permits.splice(1)) settle(machine, permit, 'cancelled', START)
    machine.admit(START + 600)
    machine.force('disabled', START + 600, {})
    settle(machine, permits[0] as Permit, 'success', START + 700)
    machine.release(START + 700)

    expect(machine.baseline?.floor).toBe(0)
    conserves(machine)
  })

  it('charges no probe that becomes overdue', () => {
    const machine = grown()
    const probes = flood(machine, GROWN_AT)
    machine.force('disabled', GROWN_AT, {})

    machine.admit(GROWN_AT + 5_000)

    expect(machine.state).toMatchObject({ name: 'half-open', recovery: { limit: 8 } })
    expect(probes.some(({ overdue }) => overdue)).toBe(false)
  })

  it('does not cancel a trip by a late success', () => {
    const { machine, permits } = waiting(3)
    machine.admit(START + 600)
    expect(machine.state.name).toBe('open')
    machine.force('disabled', START + 600, {})

    settle(machine, permits[0] as Permit, 'success', START + 700)

    expect(machine.state.name).toBe('open')
  })

  it('goes from open to half-open by time, as always', () => {
    const machine = openMachine()
    machine.force('disabled', 0, {})

    expect(stateAt(machine, RESET_TIMEOUT)).toBe('half-open')
  })
})

describe('a call that is admitted under one override and ends under another', () => {
  const modes: readonly (OverrideMode | undefined)[] = [
    undefined,
    'forced-open',
    'forced-closed',
    'disabled',
  ]
  const pairs = modes.flatMap((from) => modes.map((to) => ({ from, to })))

  function put(machine: Machine, mode: OverrideMode | undefined, at: number): void {
    if (mode === undefined) machine.release(at)
    else machine.force(mode, at, {})
  }

  function counted(from: OverrideMode | undefined, to: OverrideMode | undefined): boolean {
    return from !== 'disabled' && from !== 'forced-open' && to !== 'disabled'
  }

  it.each(pairs)('counts unless it was disabled at either end: $from, then $to', ({ from, to }) => {
    for (const outcome of OUTCOMES) {
      const machine = createMachine({ maxFailures: 1 })
      put(machine, from, 0)
      const permit = machine.admit(0)
      put(machine, to, 1)
      if (typeof permit !== 'string') settle(machine, permit, outcome as Outcome, 2)

      conserves(machine)
      expect(machine.counters.read()[outcome]).toBe(counted(from, to) ? 1 : 0)
      const opened = counted(from, to) && outcome === 'failure'
      expect(machine.state.name).toBe(opened ? 'open' : 'closed')
      expect(machine.counters.inFlight).toBe(0)
    }
  })

  it.each(pairs)(
    'is no evidence when an open circuit let it run: $from, then $to',
    ({ from, to }) => {
      const machine = openMachine()
      put(machine, from, 0)
      const permit = machine.admit(0)
      put(machine, to, 1)
      if (typeof permit !== 'string') settle(machine, permit, 'success', 2)

      conserves(machine)
      expect(machine.state.name).toBe('open')
      expect(machine.counters.read().success).toBe(0)
    },
  )
})
