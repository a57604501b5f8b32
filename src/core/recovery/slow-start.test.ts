import { describe, expect, it } from 'vitest'
import { admit, createMachine, RESET_TIMEOUT, settingsOf, settle } from '../../../test/helpers.ts'
import type { Machine } from '../machine.ts'
import type { Permit } from '../permit.ts'
import type { SlowStartSettings } from './recovery.ts'

const slowStart: SlowStartSettings = {
  kind: 'slowStart',
  successes: 5,
  quietFor: 0,
  timeout: 3_000,
  slowerThan: 2_000,
}

const START = RESET_TIMEOUT

function configure(machine: Machine, about: Partial<SlowStartSettings>, clockTime = 0): string[] {
  return machine.configure({ ...settingsOf(), recovery: { ...slowStart, ...about } }, clockTime)
}

/** A machine whose open time is up at `START`. */
function tripped(about: Partial<SlowStartSettings> = {}): Machine {
  const machine = createMachine()
  configure(machine, about)
  machine.trip(0)
  return machine
}

/** As many probes as the window has room for, at once. */
function flood(machine: Machine, at: number): Permit[] {
  const permits: Permit[] = []
  for (;;) {
    const permit = machine.admit(at)
    if (typeof permit === 'string') return permits
    permits.push(permit)
    if (permits.length > 1_000) throw new Error('no end of permits')
  }
}

function settleAll(
  machine: Machine,
  permits: readonly Permit[],
  outcome: 'success' | 'failure' | 'neutral' | 'cancelled',
  at: number,
): void {
  for (const permit of permits) settle(machine, permit, outcome, at)
}

/** The sizes of the window, round by round, while everything succeeds after 10 ms. */
function rounds(machine: Machine, count: number): number[] {
  return Array.from({ length: count }, (_, i) => {
    const permits = flood(machine, START + i * 10)
    settleAll(machine, permits, 'success', START + i * 10 + 10)
    return permits.length
  })
}

describe('a slow start', () => {
  it('doubles its window with each round that succeeds', () => {
    expect(rounds(tripped({ successes: 1_000 }), 6)).toEqual([1, 2, 4, 8, 16, 32])
  })

  it('begins with one probe, and rejects the rest at once', () => {
    const machine = tripped()

    expect(flood(machine, START)).toHaveLength(1)
    expect(machine.admit(START)).toBe('half-open')
  })

  it.each(['success', 'neutral'] as const)(
    'closes after enough calls that end as %s',
    (outcome) => {
      const machine = tripped({ successes: 3 })

      for (let i = 0; i < 2; i++) settle(machine, admit(machine, START), outcome, START)
      expect(machine.state.name).toBe('half-open')

      settle(machine, admit(machine, START), outcome, START)
      expect(machine.state.name).toBe('closed')
    },
  )

  it('learns nothing from a cancelled call but that its slot is free', () => {
    const machine = tripped({ successes: 1 })

    settleAll(machine, flood(machine, START), 'cancelled', START)

    expect(machine.state.name).toBe('half-open')
    expect(flood(machine, START)).toHaveLength(1)
  })

  it.each([
    { pause: 99, state: 'half-open' },
    { pause: 100, state: 'closed' },
    { pause: 101, state: 'closed' },
  ])('closes when nothing was refused for 100 ms: $state after $pause', ({ pause, state }) => {
    const machine = tripped({ successes: 1, quietFor: 100 })
    const [probe] = flood(machine, START)

    settle(machine, probe as Permit, 'success', START + pause)

    expect(machine.state.name).toBe(state)
  })

  it('counts the quiet from its beginning when nothing was refused at all', () => {
    const machine = tripped({ successes: 1, quietFor: 100 })

    settle(machine, admit(machine, START + 20), 'success', START + 99)
    expect(machine.state.name).toBe('half-open')

    settle(machine, admit(machine, START + 99), 'success', START + 100)
    expect(machine.state.name).toBe('closed')
  })

  it('re-opens at the first failure when nothing has succeeded yet', () => {
    const machine = tripped()

    settle(machine, admit(machine, START), 'failure', START + 5)

    expect(machine.state).toMatchObject({ name: 'open', since: START + 5 })
    expect(machine.changes.at(-1)).toMatchObject({ reason: 'probeFailed' })
  })

  it('bears single failures, and cuts its window at three more than successes make good', () => {
    const machine = tripped({ successes: 1_000 })
    rounds(machine, 3)
    const probes = flood(machine, START + 100)
    expect(probes).toHaveLength(8)

    settleAll(machine, probes.slice(0, 2), 'failure', START + 100)
    expect(flood(machine, START + 100)).toHaveLength(2)

    settleAll(machine, probes.slice(2, 3), 'failure', START + 100)
    settleAll(machine, probes.slice(3), 'cancelled', START + 100)
    expect(flood(machine, START + 100)).toHaveLength(5 - 2)
    expect(machine.state.name).toBe('half-open')
  })

  it.each([
    { duration: 1_999, room: 8 },
    { duration: 2_000, room: 5 },
  ])('is cut by one slow failure: room for $room after $duration ms', ({ duration, room }) => {
    const machine = tripped({ successes: 1_000 })
    rounds(machine, 3)
    const probes = flood(machine, START + 100)

    settle(machine, probes[0] as Permit, 'failure', START + 100 + duration)
    settleAll(machine, probes.slice(1), 'cancelled', START + 100 + duration)

    expect(flood(machine, START + 100 + duration)).toHaveLength(room)
  })

  it('is not cut again by calls from before the cut', () => {
    const machine = tripped({ successes: 1_000 })
    rounds(machine, 4)
    const probes = flood(machine, START + 100)

    settleAll(machine, probes, 'failure', START + 200)

    expect(machine.state.name).toBe('half-open')
    expect(flood(machine, START + 200)).toHaveLength(11)
  })

  it('re-opens when nothing has succeeded between one cut and the next', () => {
    const machine = tripped({ successes: 1_000 })
    rounds(machine, 3)
    settleAll(machine, flood(machine, START + 100), 'failure', START + 200)

    settleAll(machine, flood(machine, START + 201).slice(0, 3), 'failure', START + 210)

    expect(machine.state).toMatchObject({ name: 'open', since: START + 210 })
  })

  it('goes on when something has succeeded between one cut and the next', () => {
    const machine = tripped({ successes: 1_000 })
    rounds(machine, 3)
    settleAll(machine, flood(machine, START + 100), 'failure', START + 200)
    settle(machine, admit(machine, START + 200), 'success', START + 201)

    settleAll(machine, flood(machine, START + 201).slice(0, 4), 'failure', START + 210)

    expect(machine.state.name).toBe('half-open')
  })

  it('grows slowly after a cut: by one a round', () => {
    const machine = tripped({ successes: 1_000 })
    rounds(machine, 4)
    settleAll(machine, flood(machine, START + 100), 'failure', START + 105)

    const sizes = [0, 1, 2, 3].map((round) => {
      const permits = flood(machine, START + 110 + round * 10)
      settleAll(machine, permits, 'success', START + 120 + round * 10)
      return permits.length
    })

    expect(sizes).toEqual([11, 12, 13, 14])
  })

  it.each([
    { duration: 30, room: 3 },
    { duration: 31, room: 2 },
  ])('does not grow by strained successes: room for $room after $duration ms', (row) => {
    const machine = tripped({ successes: 1_000 })
    settle(machine, admit(machine, START), 'success', START + 10)

    settle(machine, admit(machine, START + 10), 'success', START + 10 + row.duration)

    expect(flood(machine, START + 50)).toHaveLength(row.room)
  })

  it('never has less than one slot', () => {
    const machine = tripped({ successes: 1_000 })
    settle(machine, admit(machine, START), 'success', START)
    for (let i = 1; i < 20; i++) {
      settle(machine, admit(machine, START + i), 'failure', START + i)
      settle(machine, admit(machine, START + i), 'success', START + i)
    }

    expect(flood(machine, START + 30).length).toBeGreaterThanOrEqual(1)
    expect(machine.state.name).toBe('half-open')
  })

  it('gives up a probe at its deadline: before any success it re-opens', () => {
    const machine = tripped()
    admit(machine, START)

    expect(machine.peek(START + 2_999).state.name).toBe('half-open')
    expect(machine.peek(START + 3_000).state).toMatchObject({ name: 'open', since: START + 3_000 })
  })

  it('gives up a probe at its deadline: after successes its slot is free again', () => {
    const machine = tripped({ successes: 1_000 })
    settle(machine, admit(machine, START), 'success', START)
    const [hung] = flood(machine, START)
    settle(machine, admit(machine, START + 3_000), 'cancelled', START + 3_000)

    expect(hung?.open).toBe(false)
    expect(machine.counts.expired).toBe(2)
    expect(machine.state.name).toBe('half-open')
  })

  it('says that a slot is free by the deadline while nothing is known of the target', () => {
    const machine = tripped()
    flood(machine, START)

    expect(machine.retryAfter(START + 100)).toBe(2_900)
  })

  it.each([
    { at: 0, ms: 40 },
    { at: 39, ms: 1 },
    { at: 39.5, ms: 1 },
    { at: 2_999.5, ms: 0.5 },
  ])('says when a slot is free by the usual latency: in $ms after $at ms', ({ at, ms }) => {
    const machine = createMachine()
    configure(machine, {})
    for (let end = 40; end <= 800; end += 40) {
      settle(machine, admit(machine, end - 40), 'success', end)
    }
    machine.trip(800)
    flood(machine, 800 + RESET_TIMEOUT)

    expect(machine.retryAfter(800 + RESET_TIMEOUT + at)).toBeCloseTo(ms)
  })

  it('has a clone that goes on in the same way, apart', () => {
    const machine = tripped({ successes: 1_000 })
    rounds(machine, 3)
    settleAll(machine, flood(machine, START + 100), 'failure', START + 105)
    const copy = machine.clone()

    const sizes = [copy, machine].map((value) => flood(value, START + 110).length)

    expect(sizes).toEqual([5, 5])
  })

  it.each([
    { to: { ...slowStart, successes: 2 }, lost: [] },
    { to: settingsOf().recovery, lost: ['successful probes'] },
  ])('is configured with what it has seen, or says that it is lost: $lost', ({ to, lost }) => {
    const machine = tripped({ successes: 9 })
    settle(machine, admit(machine, START), 'success', START)
    const probe = admit(machine, START)

    expect(machine.configure({ ...settingsOf(), recovery: to }, START)).toEqual(lost)

    settle(machine, probe, 'success', START)
    expect(machine.state.name).toBe('closed')
  })

  it('loses nothing when it takes the place of probes that have not succeeded', () => {
    const machine = createMachine()
    machine.trip(0)
    const probe = admit(machine, START)

    expect(configure(machine, { successes: 1 }, START)).toEqual([])

    expect(settle(machine, probe, 'success', START)).toBe(true)
    expect(machine.state.name).toBe('closed')
  })
})
