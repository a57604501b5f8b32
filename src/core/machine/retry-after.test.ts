import { describe, expect, it } from 'vitest'
import {
  admit,
  createMachine,
  openMachine,
  PROBE_TIMEOUT,
  probedMachine,
  RESET_TIMEOUT,
} from '../../../test/helpers/core.ts'

describe('retryAfter', () => {
  it('is not said while closed', () => {
    expect(createMachine().retryAfter(0)).toBeUndefined()
  })

  it.each([
    { at: 0, ms: RESET_TIMEOUT },
    { at: 1, ms: RESET_TIMEOUT - 1 },
    { at: RESET_TIMEOUT - 1, ms: 1 },
  ])('is the rest of the open time: $ms at $at', ({ at, ms }) => {
    expect(openMachine().retryAfter(at)).toBe(ms)
  })

  it.each([RESET_TIMEOUT, RESET_TIMEOUT + 1])(
    'is not said of what the next call finds at %d',
    (at) => {
      expect(openMachine().peek(at).retryAfter(at)).toBeUndefined()
    },
  )

  it('is not said while half-open with a slot free', () => {
    const machine = openMachine({ probes: 2 })
    admit(machine, RESET_TIMEOUT)

    expect(machine.retryAfter(RESET_TIMEOUT)).toBeUndefined()
  })

  it.each([
    { at: RESET_TIMEOUT, ms: PROBE_TIMEOUT },
    { at: RESET_TIMEOUT + PROBE_TIMEOUT - 1, ms: 1 },
  ])('is the rest of the deadline with every slot taken: $ms at $at', ({ at, ms }) => {
    expect(probedMachine().machine.retryAfter(at)).toBe(ms)
  })

  it('goes by the earliest of several deadlines', () => {
    const machine = openMachine({ probes: 2 })
    admit(machine, RESET_TIMEOUT, 300)
    admit(machine, RESET_TIMEOUT + 100)

    expect(machine.retryAfter(RESET_TIMEOUT + 100)).toBe(PROBE_TIMEOUT - 100)
  })

  it('is unknown while forced open until released by hand', () => {
    const machine = openMachine()
    machine.force('forced-open', 0, {})

    expect(machine.retryAfter(0)).toBeUndefined()
  })

  it.each([
    { create: createMachine, for: 300, ms: 200, what: 'closed' },
    {
      create: openMachine,
      for: RESET_TIMEOUT - 1,
      ms: RESET_TIMEOUT - 100,
      what: 'open for longer',
    },
    { create: openMachine, for: RESET_TIMEOUT, ms: RESET_TIMEOUT - 100, what: 'open as long' },
    {
      create: openMachine,
      for: RESET_TIMEOUT + 1,
      ms: RESET_TIMEOUT - 99,
      what: 'open, less long',
    },
  ])('is the longer wait of a forced-open circuit that is $what below', (row) => {
    const machine = row.create()
    machine.force('forced-open', 0, { for: row.for })

    expect(machine.retryAfter(100)).toBe(row.ms)
  })

  it('is not said while an override lets every call pass', () => {
    for (const mode of ['forced-closed', 'disabled'] as const) {
      const machine = openMachine()
      machine.force(mode, 0, { for: 500 })
      expect(machine.retryAfter(0)).toBeUndefined()
    }
  })
})
