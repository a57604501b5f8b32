import { describe, expect, it } from 'vitest'
import {
  admit,
  createMachine,
  RESET_TIMEOUT,
  settingsOf,
  settle,
} from '../../../test/helpers/core.ts'
import {
  configure,
  flood,
  GROWN_AT,
  grown,
  rounds,
  START,
  settleAll,
  tripped,
} from '../../../test/helpers/slow-start.ts'
import type { Permit } from '../permit.ts'

describe('a slow start', () => {
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

  it('counts the probes that failed, and so does a copy', () => {
    const machine = tripped({ successes: 10 })
    for (const outcome of ['success', 'failure', 'neutral', 'failure', 'cancelled'] as const) {
      settle(machine, admit(machine, START), outcome, START)
    }

    for (const { state } of [machine, machine.clone()]) {
      expect(state).toMatchObject({ recovery: { successes: 2, failures: 2 } })
    }
  })

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
  ])('closes when nothing was rejected for 100 ms: $state after $pause', ({ pause, state }) => {
    const machine = tripped({ successes: 1, quietFor: 100 })
    const [probe] = flood(machine, START)

    settle(machine, probe as Permit, 'success', START + pause)

    expect(machine.state.name).toBe(state)
  })

  it('counts the quiet from its beginning when nothing was rejected at all', () => {
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
    expect(machine.counters.read().expired).toBe(2)
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
    { at: 2_999.5, ms: 2 },
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

  it('stays half-open for the quiet time after each call that was rejected', () => {
    const machine = grown({ successes: 8, quietFor: 100 })
    const [probe] = flood(machine, GROWN_AT + 50)

    settle(machine, probe as Permit, 'success', GROWN_AT + 149)
    expect(machine.state.name).toBe('half-open')

    settle(machine, admit(machine, GROWN_AT + 149), 'success', GROWN_AT + 150)
    expect(machine.state.name).toBe('closed')
  })
})

it('goes by how long calls usually take, whatever the rules need', () => {
  const machine = createMachine()
  const recovery = {
    kind: 'slowStart',
    successes: 1,
    quietFor: 0,
    timeout: 500,
    slowerThan: 800,
  } as const
  machine.configure({ ...settingsOf(), recovery }, 0)
  for (let at = 0; at < 200; at += 10) settle(machine, admit(machine, at), 'success', at + 10)

  expect(machine.shared).toBe(null)
  expect(machine.baseline?.typical).toBeCloseTo(10)
})
