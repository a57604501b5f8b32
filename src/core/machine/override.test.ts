import { describe, expect, it } from 'vitest'
import {
  admit,
  createMachine,
  openMachine,
  probedMachine,
  RESET_TIMEOUT,
  settle,
  stateAt,
} from '../../../test/helpers/core.ts'
import type { Machine } from '../machine.ts'
import { tripsOf } from '../machine-data.ts'

const MODES = ['forced-open', 'forced-closed', 'disabled'] as const

const STATES: readonly { name: string; at: number; create: () => Machine }[] = [
  { name: 'closed', at: 0, create: () => createMachine() },
  { name: 'open', at: 0, create: () => openMachine() },
  { name: 'open with its time up', at: RESET_TIMEOUT, create: () => openMachine() },
  { name: 'half-open with no slot', at: RESET_TIMEOUT, create: () => probedMachine().machine },
]

describe('an override', () => {
  it.each(MODES)('carries who, why, since when and until when: %s', (mode) => {
    const machine = createMachine()

    const override = machine.force(mode, 40, { reason: 'deploy', by: 'ada', for: 60 })

    expect(override).toEqual({ mode, reason: 'deploy', by: 'ada', since: 40, until: 100 })
    expect(machine.override).toBe(override)
  })

  it('lasts until it is released by hand when nothing else was said', () => {
    const machine = createMachine()

    machine.force('forced-open', 0, {})

    expect(machine.override).toMatchObject({ reason: undefined, by: undefined, until: Infinity })
    expect(machine.admit(1e12)).toBe('forced-open')
  })

  it.each([
    { at: 99, answer: 'forced-open' },
    { at: 100, answer: 'a permit' },
    { at: 101, answer: 'a permit' },
  ])('set for 100 ms lifts itself: at $at a call gets $answer', ({ at, answer }) => {
    const machine = createMachine()
    machine.force('forced-open', 0, { for: 100 })

    const got = machine.admit(at)

    expect(typeof got === 'string' ? got : 'a permit').toBe(answer)
    expect(machine.override === undefined).toBe(answer === 'a permit')
  })

  it.each([
    { at: 99, lifted: false },
    { at: 100, lifted: true },
  ])('that lifts itself is shown so without a call: at $at, $lifted', ({ at, lifted }) => {
    const machine = createMachine()
    machine.force('disabled', 0, { for: 100 })

    expect(machine.peek(at).override === undefined).toBe(lifted)
  })

  it('takes the place of the one before: the newest wins', () => {
    const machine = createMachine()
    machine.force('forced-open', 0, { by: 'ada' })

    machine.force('forced-closed', 10, { by: 'bob' })

    expect(machine.override).toMatchObject({ mode: 'forced-closed', by: 'bob', since: 10 })
    expect(machine.admit(10)).toBeTypeOf('object')
  })

  it('leaves nothing behind of the one whose place it took', () => {
    const machine = createMachine()
    machine.force('forced-open', 0, { for: 100 })
    machine.force('forced-closed', 10, {})

    machine.release(20)

    expect(machine.override).toBeUndefined()
  })

  it('is released by hand once', () => {
    const machine = createMachine()
    machine.force('forced-open', 0, {})

    expect([machine.release(1), machine.release(1)]).toEqual([true, false])
    expect(admit(machine, 1)).toMatchObject({ open: true })
  })

  it('is left alone by the release of one before it', () => {
    const machine = createMachine()
    const first = machine.force('forced-open', 0, {})
    const second = machine.force('forced-open', 0, {})

    expect(machine.release(1, first)).toBe(false)
    expect(machine.override).toBe(second)

    expect(machine.release(1, second)).toBe(true)
    expect(machine.override).toBeUndefined()
  })

  it.each([
    { at: 99, released: true },
    { at: 100, released: false },
  ])('has nothing to release once its time is over: at $at, $released', ({ at, released }) => {
    const machine = createMachine()
    machine.force('forced-open', 0, { for: 100 })

    expect(machine.release(at)).toBe(released)
    expect(machine.override).toBeUndefined()
  })

  it.each(STATES)('says nothing of the state below it: $name stays as it is', (state) => {
    for (const mode of MODES) {
      const machine = state.create()
      const before = stateAt(machine, state.at)

      machine.force(mode, state.at, {})
      expect(stateAt(machine, state.at)).toBe(before)

      machine.release(state.at)
      expect(stateAt(machine, state.at)).toBe(before)
    }
  })
})

describe('a transition', () => {
  it('is enforced when a result brings it after an override has expired', () => {
    const machine = createMachine({ maxFailures: 1 })
    machine.force('forced-closed', 0, { for: 100 })
    const permit = admit(machine, 50)
    settle(machine, permit, 'failure', 150)

    expect(machine.changes.at(-1)).toMatchObject({ to: 'open', enforced: true })
    expect(tripsOf(machine)[0]?.enforced).toBe(true)
  })

  it('is enforced when it is a trip by hand after an override has expired', () => {
    const machine = createMachine({ maxFailures: 1 })
    machine.force('disabled', 0, { for: 100 })
    machine.trip(150)

    expect(machine.changes.at(-1)).toMatchObject({ to: 'open', enforced: true })
  })

  it('is not enforced when it was due while an override was in place', () => {
    const machine = openMachine()
    machine.force('forced-closed', 0, { for: 5_000 })
    machine.admit(6_000)

    expect(
      machine.changes.find((value) => 'to' in value && value.to === 'half-open'),
    ).toMatchObject({ enforced: false })
  })

  it('is not enforced when that override was released meanwhile', () => {
    const machine = openMachine()
    machine.force('forced-open', 0, {})
    machine.release(6_000)
    machine.admit(6_000)

    expect(
      machine.changes.find((value) => 'to' in value && value.to === 'half-open'),
    ).toMatchObject({ enforced: false })
  })

  it('is enforced when it was due before an override was set', () => {
    const machine = openMachine()
    machine.force('forced-closed', 2_000, {})
    machine.admit(2_000)

    expect(
      machine.changes.find((value) => 'to' in value && value.to === 'half-open'),
    ).toMatchObject({ enforced: true })
  })

  it('is enforced when it is due at the very moment at which an override expires', () => {
    const machine = openMachine()
    machine.force('forced-closed', 0, { for: RESET_TIMEOUT })

    machine.admit(RESET_TIMEOUT)

    expect(machine.changes.at(-1)).toMatchObject({ to: 'half-open', enforced: true })
  })
})
