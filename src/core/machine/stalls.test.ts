import { describe, expect, it } from 'vitest'
import {
  admit,
  admitMany,
  createMachine,
  RESET_TIMEOUT,
  saveAt,
  settle,
  stateAt,
} from '../../../test/helpers/core.ts'
import { START, waiting } from '../../../test/helpers/overdue.ts'
import { GROWN_AT, grown } from '../../../test/helpers/slow-start.ts'
import type { Machine } from '../machine.ts'
import { SLOW_FAILURE_WEIGHT } from '../trip/evidence.ts'

/** Lets a machine ask for the events that may be waiting; returns when it did, by its own time. */
function listen(machine: Machine): number[] {
  const asked: number[] = []
  machine.time.listener = { onStall: (at) => asked.push(at) }
  return asked
}

function scoreAt(machine: Machine, reading: number): number | undefined {
  const { state } = saveAt(machine, reading)
  return state.name === 'closed' ? state.rules?.evidence?.score : undefined
}

/** All that was waiting has been handled. */
function hear(machine: Machine, asked: readonly number[]): void {
  machine.hear(asked.at(-1) ?? Number.NaN)
}

describe('a machine that is told when events have been handled', () => {
  it('opens by no calls that are late with the clock, but by those that are later still', () => {
    const { machine, permits } = waiting(5)
    const asked = listen(machine)

    for (const permit of permits.slice(3)) settle(machine, permit, 'success', START + 1_200)
    const before = machine.state.name
    hear(machine, asked)

    expect(asked).toHaveLength(1)
    expect([before, machine.state.name]).toEqual(['closed', 'open'])
  })

  it('charges nothing when all of them are answered', () => {
    const { machine, permits } = waiting(5)
    const asked = listen(machine)

    for (const permit of permits) {
      settle(machine, permit, 'success', START + 1_200)
      settle(machine, admit(machine, START + 1_201), 'success', START + 1_202)
    }
    hear(machine, asked)

    expect(machine.state.name).toBe('closed')
    expect(machine.changes.length).toBe(0)
  })

  it.each([
    { step: 499, asks: 0, state: 'open' },
    { step: 500, asks: 1, state: 'closed' },
  ])('waits after a step of at least 500 ms: $step', ({ step, asks, state }) => {
    const { machine } = waiting(5)
    const asked = listen(machine)
    settle(machine, admit(machine, START + 400), 'success', START + 400)

    machine.admit(START + 400 + step)

    expect(asked).toHaveLength(asks)
    expect(machine.state.name).toBe(state)
  })

  it('finds the same state when it is only read', () => {
    const { machine } = waiting(5)
    const asked = listen(machine)

    const read = stateAt(machine, START + 1_200)
    machine.admit(START + 1_200)

    expect([read, machine.state.name, asked.length]).toEqual(['closed', 'closed', 1])
    expect(stateAt(machine, START + 1_201)).toBe('closed')
  })

  it('asks again when there was another step before the events were handled', () => {
    const { machine } = waiting(5)
    const asked = listen(machine)
    machine.admit(START + 1_200)
    machine.admit(START + 2_400)

    machine.hear(asked[0] as number)
    const early = machine.state.name
    hear(machine, asked)

    expect(asked).toHaveLength(2)
    expect([early, machine.state.name]).toEqual(['closed', 'open'])
  })

  it('asks again when nothing answers, however small the steps', () => {
    const { machine } = waiting(5)
    const asked = listen(machine)
    for (let at = START + 1_200; at < START + 1_800; at += 100) machine.admit(at)

    expect(asked).toHaveLength(2)
  })

  it('charges one of the calls that were given up meanwhile, however many they are', () => {
    const { machine, permits } = waiting(40)
    const asked = listen(machine)

    for (const permit of permits) settle(machine, permit, 'cancelled', START + 1_200)
    hear(machine, asked)

    expect(asked).toHaveLength(1)
    expect(scoreAt(machine, START + 1_200)).toBe(SLOW_FAILURE_WEIGHT)
    expect(machine.state.name).toBe('closed')
  })

  it.each([
    { every: 500, what: 'a process with little to do' },
    { every: 700, what: 'one that is idle between them' },
    { every: 5_000, what: 'one that is nearly always idle' },
  ])('opens by hung calls that are given up one after another: $what', ({ every }) => {
    const { machine } = waiting(0)
    const asked = listen(machine)
    let calls = 0

    for (let at = START; machine.state.name === 'closed' && calls < 20; at += every, calls++) {
      const permit = admit(machine, at)
      hear(machine, asked)
      settle(machine, permit, 'cancelled', at + every)
      hear(machine, asked)
    }

    expect(machine.state.name).toBe('open')
    expect(calls).toBeLessThan(6)
  })

  it('leaves probes that are late to the time after', () => {
    const machine = grown()
    const asked = listen(machine)
    const probes = admitMany(machine, 8, GROWN_AT)
    const at = GROWN_AT + 2_000

    for (const probe of probes) settle(machine, probe, 'success', at)
    hear(machine, asked)

    expect(asked).toHaveLength(1)
    expect(machine.state.name).toBe('half-open')
    expect(machine.counters.rare.expired).toBe(0)
  })

  it('gives up probes that are still not there then', () => {
    const machine = createMachine({ probes: 8, probeTimeout: 1_000 })
    machine.trip(0)
    const asked = listen(machine)
    admitMany(machine, 8, RESET_TIMEOUT)

    machine.admit(RESET_TIMEOUT + 1_500)
    const before = machine.state.name
    hear(machine, asked)

    expect([before, machine.state.name]).toEqual(['half-open', 'open'])
  })
})
