import { describe, expect, it } from 'vitest'
import {
  admit,
  createMachine,
  type MachineOptions,
  machineAsText,
  openMachine,
  PROBE_TIMEOUT,
  probedMachine,
  RESET_TIMEOUT,
} from '../../../test/helpers/core.ts'
import type { Machine } from '../machine.ts'

function forced(mode: 'forced-open' | 'forced-closed' | 'disabled', machine: Machine): Machine {
  machine.force(mode, 0, { for: 5_000 })
  return machine
}

const open = (): Machine => openMachine()
const full = (options: MachineOptions = {}): Machine => {
  const machine = createMachine({ maxConcurrent: 1, ...options })
  admit(machine, 0)
  return machine
}

describe('whether a call would pass', () => {
  it.each<[string, () => Machine, number, boolean]>([
    ['closed', () => createMachine(), 0, true],
    ['closed with room for one more', () => createMachine({ maxConcurrent: 1 }), 0, true],
    ['full', full, 0, false],
    ['open', open, 0, false],
    ['open, just before its time is over', open, RESET_TIMEOUT - 1, false],
    ['open, when its time is over', open, RESET_TIMEOUT, true],
    ['half-open with every slot taken', () => probedMachine().machine, RESET_TIMEOUT, false],
    [
      'half-open with a probe that has just expired',
      () => probedMachine().machine,
      RESET_TIMEOUT + PROBE_TIMEOUT,
      false,
    ],
    ['forced open', () => forced('forced-open', createMachine()), 4_999, false],
    ['forced open until just now', () => forced('forced-open', createMachine()), 5_000, true],
    ['forced closed while open', () => forced('forced-closed', open()), 0, true],
    ['forced closed while full', () => forced('forced-closed', full()), 0, true],
    ['disabled while open', () => forced('disabled', open()), 0, true],
  ])('is told of a circuit that is %s, and changes nothing', (_, create, at, passes) => {
    const machine = create()
    const before = machineAsText(machine)

    expect(machine.wouldAdmit(at)).toBe(passes)

    expect(machineAsText(machine)).toBe(before)
    expect(typeof machine.admit(at) !== 'string').toBe(passes)
  })
})
