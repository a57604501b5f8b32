import { describe, expect, it } from 'vitest'
import {
  admit,
  admitMany,
  callOnce,
  type MachineOptions,
  openMachine,
  PROBE_TIMEOUT,
  RESET_TIMEOUT,
  revive,
  saveAt,
  settingsOf,
  settle,
} from '../../../test/helpers/core.ts'
import type { Machine } from '../machine.ts'
import type { Outcome } from '../outcome.ts'

const OUTCOMES: Readonly<Record<string, Outcome>> = {
  S: 'success',
  F: 'failure',
  N: 'neutral',
  C: 'cancelled',
}

/** Probes one after the other, by their first letters. */
function probe(machine: Machine, outcomes: string, at = RESET_TIMEOUT): void {
  for (const outcome of outcomes) callOnce(machine, OUTCOMES[outcome] as Outcome, at)
}

function states(options: MachineOptions, outcomes: string): string[] {
  const machine = openMachine(options)
  return [...outcomes].map((outcome) => {
    probe(machine, outcome)
    return machine.state.name
  })
}

describe('recovery by some of several probes', () => {
  it.each([
    { successes: 2, probes: 3, outcomes: 'SS', ends: 'closed' },
    { successes: 2, probes: 3, outcomes: 'SFS', ends: 'closed' },
    { successes: 2, probes: 3, outcomes: 'FSS', ends: 'closed' },
    { successes: 2, probes: 3, outcomes: 'FF', ends: 'open' },
    { successes: 2, probes: 3, outcomes: 'FSF', ends: 'open' },
    { successes: 2, probes: 3, outcomes: 'SFF', ends: 'open' },
    { successes: 2, probes: 3, outcomes: 'FNCCCCN', ends: 'closed' },
    { successes: 1, probes: 3, outcomes: 'FFS', ends: 'closed' },
    { successes: 1, probes: 3, outcomes: 'FFF', ends: 'open' },
    { successes: 1, probes: 1, outcomes: 'F', ends: 'open' },
    { successes: 3, probes: 3, outcomes: 'SSS', ends: 'closed' },
    { successes: 3, probes: 3, outcomes: 'SSF', ends: 'open' },
    { successes: 7, probes: 10, outcomes: 'SSSSSSS', ends: 'closed' },
    { successes: 7, probes: 10, outcomes: 'FFFSSSSSSS', ends: 'closed' },
    { successes: 7, probes: 10, outcomes: 'SSSSSSFFFF', ends: 'open' },
    { successes: 7, probes: 10, outcomes: 'FFFF', ends: 'open' },
  ])(
    'is decided by the last of $outcomes, no earlier and no later: $ends with $successes of $probes',
    (row) => {
      const { ends, outcomes, ...options } = row

      const undecided = Array.from(outcomes).fill('half-open').slice(1)
      expect(states(options, outcomes)).toEqual([...undecided, ends])
    },
  )

  it('re-opens by the failure that makes it impossible, which it then names', () => {
    const machine = openMachine({ probes: 3, successes: 2 })
    const [first, second] = admitMany(machine, 2, RESET_TIMEOUT)
    settle(machine, first as never, 'failure', RESET_TIMEOUT, { error: 'one' })

    settle(machine, second as never, 'failure', RESET_TIMEOUT, { error: 'two' })

    expect(machine.changes.at(-1)).toMatchObject({ to: 'open', reason: 'probeFailed' })
    expect(machine.state).toMatchObject({ cause: 'two', trip: { reopened: 1 } })
  })

  it('bears as many probes that expire', () => {
    const machine = openMachine({ probes: 3, successes: 2 })
    admitMany(machine, 1, RESET_TIMEOUT)
    machine.admit(RESET_TIMEOUT + PROBE_TIMEOUT)
    expect(machine.state.name).toBe('half-open')

    machine.admit(RESET_TIMEOUT + 2 * PROBE_TIMEOUT)

    expect(machine.state.name).toBe('open')
    expect(machine.changes.at(-1)).toMatchObject({ reason: 'probeExpired' })
  })

  it('lets out as many probes at once as are needed to decide', () => {
    const machine = openMachine({ probes: 3, successes: 2 })
    admitMany(machine, 3, RESET_TIMEOUT)

    expect(machine.admit(RESET_TIMEOUT)).toBe('half-open')
    expect(machine.state).toMatchObject({ recovery: { needed: 2, limit: 3 } })
  })

  it('asks the server for no more patience than its failures did', () => {
    const machine = openMachine({ probes: 3, successes: 2 })
    callOnce(machine, 'failure', RESET_TIMEOUT, { retryAfter: 7_000 })

    probe(machine, 'F')

    expect(machine.retryAfter(RESET_TIMEOUT)).toBe(7_000)
  })
})

describe('recovery by some of several probes, saved or copied', () => {
  const options = { probes: 3, successes: 2 }

  it.each([
    { outcomes: 'F', next: 'F', state: 'open' },
    { outcomes: 'F', next: 'SS', state: 'closed' },
    { outcomes: 'S', next: 'S', state: 'closed' },
    { outcomes: 'SF', next: 'F', state: 'open' },
  ])('goes on after $outcomes and is $state after $next', ({ outcomes, next, state }) => {
    const machine = openMachine(options)
    probe(machine, outcomes)

    const continued = revive(machine, RESET_TIMEOUT, options)
    probe(continued, next, 0)

    expect(continued.state.name).toBe(state)
  })

  it('is copied with what has failed', () => {
    const machine = openMachine(options)
    probe(machine, 'F')
    expect(saveAt(machine, RESET_TIMEOUT).state).toMatchObject({ succeeded: 0, failed: 1 })

    const copy = machine.clone()
    probe(copy, 'F')

    expect([machine.state.name, copy.state.name]).toEqual(['half-open', 'open'])
  })
})

describe('recovery by some of several probes, configured', () => {
  const configure = (machine: Machine, options: MachineOptions) =>
    machine.configure(settingsOf(options), RESET_TIMEOUT)

  it.each([
    { before: 'SS', to: { probes: 3, successes: 2 }, next: 'S', state: 'closed' },
    { before: 'F', to: { probes: 3, successes: 3 }, next: 'S', state: 'open' },
    { before: 'SSF', to: { probes: 2, successes: 2 }, next: 'S', state: 'open' },
    { before: 'SSF', to: { probes: 2, successes: 2 }, next: 'C', state: 'half-open' },
    { before: 'FS', to: { probes: 5, successes: 4 }, next: 'SS', state: 'half-open' },
    { before: 'FS', to: { probes: 5, successes: 4 }, next: 'SSS', state: 'closed' },
  ])('keeps what probes have shown: $state with $to after $before and $next', (row) => {
    const machine = openMachine({ probes: 9, successes: 5 })
    probe(machine, row.before)

    expect(configure(machine, row.to)).toEqual([])
    probe(machine, row.next)

    expect(machine.state.name).toBe(row.state)
  })
})

describe('a slow probe', () => {
  const slowCallRate = { threshold: 1, minimumCalls: 5, window: { calls: 5 }, slowerThan: 100 }
  const options: MachineOptions = { trip: { slowCallRate }, probes: 2, successes: 2 }

  it.each([
    { took: 99.9, outcome: 'success', state: 'closed' },
    { took: 100, outcome: 'success', state: 'open' },
    { took: 400, outcome: 'success', state: 'open' },
    { took: 400, outcome: 'neutral', state: 'closed' },
    { took: 400, outcome: 'cancelled', state: 'half-open' },
  ] as const)('counts as failed where slow calls open: $state after $took ms, $outcome', (row) => {
    const machine = openMachine(options)
    probe(machine, 'S')

    settle(machine, admit(machine, RESET_TIMEOUT), row.outcome, RESET_TIMEOUT + row.took)

    expect(machine.state.name).toBe(row.state)
  })

  it('counts as succeeded where no rule goes by slow calls', () => {
    const machine = openMachine({ probes: 1 })

    settle(machine, admit(machine, RESET_TIMEOUT), 'success', RESET_TIMEOUT + 400)

    expect(machine.state.name).toBe('closed')
  })

  it('is a success in the counts all the same, and keeps the cause of the trip', () => {
    const machine = openMachine({ ...options, maxFailures: 1 })
    machine.reset(0)
    callOnce(machine, 'failure', 0, { error: 'first' })
    const before = machine.counters.success

    settle(machine, admit(machine, RESET_TIMEOUT), 'success', RESET_TIMEOUT + 100)

    expect(machine.counters.success).toBe(before + 1)
    expect(machine.changes.at(-1)).toMatchObject({ to: 'open', reason: 'probeSlow' })
    expect(machine.state).toMatchObject({
      cause: 'first',
      trip: { reopenedBy: 'probeSlow', probeFailure: null },
    })
  })

  it('may be one of those that need not succeed', () => {
    const machine = openMachine({ ...options, probes: 3 })
    settle(machine, admit(machine, RESET_TIMEOUT), 'success', RESET_TIMEOUT + 100)
    expect(machine.state.name).toBe('half-open')

    probe(machine, 'SS', RESET_TIMEOUT + 100)

    expect(machine.state.name).toBe('closed')
  })

  it('is told from one that failed when it failed late', () => {
    const machine = openMachine(options)

    settle(machine, admit(machine, RESET_TIMEOUT), 'failure', RESET_TIMEOUT + 400, { error: 'e' })

    expect(machine.changes.at(-1)).toMatchObject({ reason: 'probeFailed' })
    expect(machine.state).toMatchObject({ cause: 'e' })
  })

  it.each([
    { deliveredAt: 99, state: 'closed', reason: 'recovered' },
    { deliveredAt: 100, state: 'open', reason: 'probeSlow' },
  ])(
    'is judged by its first part when it reaches its deadline: $state after $deliveredAt ms',
    (row) => {
      const machine = openMachine({ ...options, probes: 1, successes: 1 })
      const stream = admit(machine, RESET_TIMEOUT)
      machine.deliver(stream, RESET_TIMEOUT + row.deliveredAt)

      machine.wouldAdmit(RESET_TIMEOUT + PROBE_TIMEOUT)
      machine.admit(RESET_TIMEOUT + PROBE_TIMEOUT)

      expect(machine.state.name).toBe(row.state)
      expect(machine.changes.at(-1)).toMatchObject({ reason: row.reason })
    },
  )

  it('does not close a circuit again and again whose target always takes longer', () => {
    const rule = { ...slowCallRate, minimumCalls: 2 }
    const machine = openMachine({ ...options, trip: { slowCallRate: rule } })
    for (let at = RESET_TIMEOUT; at < 300_000; at += 400) {
      const permit = machine.admit(at)
      if (typeof permit === 'object') settle(machine, permit, 'success', at + 300)
    }

    expect(machine.changes.filter((change) => 'to' in change && change.to === 'closed')).toEqual([])
  })

  it('does not widen a slow start, nor close by one', () => {
    const settings = settingsOf(options)
    const slowStart = { successes: 1, quietFor: 0, timeout: 500, slowerThan: 800 }
    const machine = openMachine(options)
    machine.configure({ ...settings, recovery: { kind: 'slowStart', ...slowStart } }, 0)

    settle(machine, admit(machine, RESET_TIMEOUT), 'success', RESET_TIMEOUT + 100)

    expect(machine.changes.at(-1)).toMatchObject({ to: 'open', reason: 'probeSlow' })
  })
})
