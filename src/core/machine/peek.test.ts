import { describe, expect, it } from 'vitest'
import {
  admit,
  callOnce,
  callTimes,
  createMachine,
  machineAsText,
  openMachine,
  PROBE_TIMEOUT,
  probedMachine,
  RESET_TIMEOUT,
  settingsOf,
  settle,
} from '../../../test/helpers/core.ts'
import { watchful } from '../../../test/helpers/overdue.ts'
import { Machine } from '../machine.ts'
import { tripsOf } from '../machine-data.ts'
import type { Permit } from '../permit.ts'

function withStreak(): Machine {
  const machine = createMachine()
  callTimes(machine, 2, 'failure')
  return machine
}

function forced(create: () => Machine): Machine {
  const machine = create()
  machine.force('forced-open', 0, { for: RESET_TIMEOUT })
  return machine
}

function delivered(): Machine {
  const { machine, probes } = probedMachine({ probes: 3 })
  machine.deliver(probes[1] as Permit, RESET_TIMEOUT)
  return machine
}

const MACHINES: readonly { name: string; create: () => Machine }[] = [
  { name: 'closed', create: () => createMachine() },
  { name: 'closed with failures in a row', create: withStreak },
  { name: 'open', create: () => openMachine() },
  { name: 'open without history', create: () => openMachine({ history: 0 }) },
  { name: 'half-open', create: () => probedMachine().machine },
  { name: 'half-open with several probes', create: delivered },
  { name: 'closed and overridden', create: () => forced(withStreak) },
  { name: 'open and overridden', create: () => forced(openMachine) },
]
const READINGS = [0, RESET_TIMEOUT, RESET_TIMEOUT + PROBE_TIMEOUT, 1e9, -1e9, NaN, Infinity]

/** Everything that can happen to a machine, in one go. */
function live(machine: Machine): void {
  machine.release(0)
  machine.reset(0)
  callOnce(machine, 'neutral', 5)
  callTimes(machine, 3, 'failure', 10)
  machine.admit(20)
  callOnce(machine, 'failure', 20 + RESET_TIMEOUT)
  machine.force('disabled', 30 + RESET_TIMEOUT, {})
  machine.admit(9_000)
}

describe.each(MACHINES)('a machine that is $name', ({ create }) => {
  it.each(READINGS)('is left exactly as it is by reading it at %d', (clockTime) => {
    const machine = create()
    const before = machineAsText(machine)

    machine.peek(clockTime)
    machine.retryAfter(clockTime)
    machine.now(clockTime)
    machine.clone()

    expect(machineAsText(machine)).toBe(before)
  })

  it.each(READINGS)('shows at %d what the next call finds', (clockTime) => {
    const machine = create()
    const shown = machine.peek(clockTime)

    const other = machine.clone()
    const mode = machine.override?.mode
    const answer = other.admit(clockTime)

    expect(shown.override).toEqual(other.override)
    if (mode === undefined || other.override === undefined) {
      expect(shown.state.name).toBe(other.state.name)
      expect(shown.state.generation).toBe(other.state.generation)
      expect(shown.retryAfter(clockTime) === undefined).toBe(typeof answer === 'object')
    }
  })

  it('has a clone that holds the same', () => {
    const machine = create()

    expect(machineAsText(machine.clone())).toBe(machineAsText(machine))
  })

  it('is left alone by what happens to its clone', () => {
    const machine = create()
    const before = machineAsText(machine)

    live(machine.clone())

    expect(machineAsText(machine)).toBe(before)
  })

  it('leaves its clone alone by what happens to it', () => {
    const machine = create()
    const copy = machine.clone()
    const before = machineAsText(copy)

    live(machine)

    expect(machineAsText(copy)).toBe(before)
  })

  it('has a clone that behaves as it does', () => {
    const machine = create()
    const copy = machine.clone()

    live(machine)
    live(copy)

    expect(machineAsText(copy)).toBe(machineAsText(machine))
  })
})

describe('peek', () => {
  it.each([0, RESET_TIMEOUT - 1])(
    'returns the machine itself while nothing is due: at %d',
    (at) => {
      const machine = openMachine()

      expect(machine.peek(at)).toBe(machine)
    },
  )

  it('returns another one with the time taken when something is due', () => {
    const machine = openMachine()

    const shown = machine.peek(RESET_TIMEOUT + 5)

    expect(shown).not.toBe(machine)
    expect(shown.now(0)).toBe(RESET_TIMEOUT + 5)
  })

  it('does everything that is due, each as of its own moment', () => {
    const { machine } = probedMachine()

    const shown = machine.peek(1e6)

    expect(shown.state).toMatchObject({
      name: 'half-open',
      since: RESET_TIMEOUT + PROBE_TIMEOUT + RESET_TIMEOUT,
      generation: 5,
    })
    expect(shown.counters.read().expired).toBe(1)
  })

  it('returns the machine itself where nothing can ever be due', () => {
    const machine = createMachine()
    expect(machine.peek(1e6)).toBe(machine)

    machine.force('forced-open', 0, {})
    expect(machine.peek(1e6)).toBe(machine)
  })

  it('returns the machine itself while its calls in flight are not overdue', () => {
    const machine = watchful()
    for (let i = 0; i < 4; i++) admit(machine, 200)

    expect(machine.peek(699)).toBe(machine)
    expect(machine.peek(700).state.name).toBe('open')
  })

  it('shows the very open time that the next call finds, with jitter', () => {
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
  })

  it('shows the very open time that the next call finds, when it is automatic', () => {
    const settings = { ...settingsOf({}), openDuration: { kind: 'auto' as const } }
    const machine = new Machine(settings, 0, () => 0.5)
    callTimes(machine, 3, 'failure')
    let at = 0
    for (let i = 0; i < 50; i++) {
      at += 900
      const p = machine.admit(at)
      if (typeof p === 'object') settle(machine, p, 'failure', at)
    }
    while (typeof machine.admit(at) !== 'object') at += 500
    const due = at + 5_000
    const shown = machine.peek(due).state as { until: number }
    machine.admit(due)

    expect((machine.state as { until: number }).until).toBe(shown.until)
  })
})

describe('clone', () => {
  it('has probes of its own: settling one does not settle the other', () => {
    const { machine, probes } = probedMachine()
    const copy = machine.clone()

    settle(machine, probes[0] as never, 'success', RESET_TIMEOUT)

    expect([machine.state.name, copy.state.name]).toEqual(['closed', 'half-open'])
    expect(copy.admit(RESET_TIMEOUT)).toBe('half-open')
  })

  it('keeps the failures that it has seen to itself', () => {
    const machine = withStreak()
    const copy = machine.clone()

    callOnce(machine, 'failure', 0)
    callOnce(copy, 'failure', 0)

    expect([machine, copy].map((value) => tripsOf(value)[0]?.failures.length)).toEqual([3, 3])
  })

  it('gives up its probe by itself', () => {
    const { machine, probes } = probedMachine()

    machine.clone().admit(RESET_TIMEOUT + PROBE_TIMEOUT)

    expect(probes[0]?.open).toBe(true)
  })

  it('fills in the record that it shows, in the state and in the history alike', () => {
    const machine = openMachine()
    const copy = machine.clone()

    copy.admit(0)

    expect(copy.state).toMatchObject({ trip: { rejected: 1 } })
    expect([tripsOf(copy)[0]?.rejected, tripsOf(machine)[0]?.rejected]).toEqual([1, 0])
  })

  it('knows the override that it was cloned with, to release it', () => {
    const machine = createMachine()
    const override = machine.force('forced-open', 0, {})

    const copy = machine.clone()

    expect(copy.release(0, override)).toBe(true)
    expect(admit(copy, 0)).toMatchObject({ open: true })
    expect(machine.override).toBe(override)
  })
})
