import { describe, expect, it } from 'vitest'
import {
  admit,
  callOnce,
  createMachine,
  RESET_TIMEOUT,
  revive,
  saveAt,
  settingsOf,
  stateAt,
} from '../../../test/helpers/core.ts'
import type { Machine } from '../machine.ts'
import { tripsOf } from '../machine-data.ts'
import { type Occasion, type OpenDuration, sameOpenDuration } from '../recovery/open-duration.ts'

const given = (): number => 0

function custom(ask: (occasion: Occasion) => number | undefined): OpenDuration {
  return { kind: 'custom', given, ask }
}

function machineWith(openDuration: OpenDuration): Machine {
  const machine = createMachine()
  machine.configure({ ...settingsOf({ maxFailures: 1 }), openDuration }, 0)
  return machine
}

/** A machine, and all that its function was asked. */
function asked(answers: readonly (number | undefined)[] = [100]) {
  const occasions: Occasion[] = []
  const ask = (occasion: Occasion): number | undefined => {
    occasions.push(occasion)
    return answers[Math.min(occasions.length, answers.length) - 1]
  }
  return { machine: machineWith(custom(ask)), occasions }
}

describe('an open time that a function decides', () => {
  it('is asked for with the attempt and the failure that opens', () => {
    const { machine, occasions } = asked([100, 200, 300])
    callOnce(machine, 'failure', 0, { error: 'a' })
    callOnce(machine, 'failure', 100, { error: 'b' })
    callOnce(machine, 'failure', 300, { error: 'c' })

    expect(occasions).toEqual([
      { attempt: 1, cause: 'a', generation: 1 },
      { attempt: 2, cause: 'b', generation: 3 },
      { attempt: 3, cause: 'c', generation: 5 },
    ])
    expect(tripsOf(machine)).toMatchObject([{ openFor: 300, reopened: 2 }])
    expect([599, 600].map((at) => stateAt(machine, at))).toEqual(['open', 'half-open'])
  })

  it('counts attempts from 1 again once the circuit was closed', () => {
    const { machine, occasions } = asked()
    callOnce(machine, 'failure', 0)
    callOnce(machine, 'failure', 100)
    callOnce(machine, 'success', 200)

    callOnce(machine, 'failure', 200)

    expect(occasions.map(({ attempt }) => attempt)).toEqual([1, 2, 1])
  })

  it('counts from 1 when it is tripped by hand, also while half-open', () => {
    const { machine, occasions } = asked()
    callOnce(machine, 'failure', 0, { error: 'a' })
    machine.wouldAdmit(100)
    admit(machine, 100)

    machine.trip(100)

    expect(occasions.at(-1)).toEqual({ attempt: 1, cause: undefined, generation: 3 })
    expect(machine.retryAfter(100)).toBe(100)
  })

  it('is asked for again when it is tripped once more while open: the attempt is the same', () => {
    const { machine, occasions } = asked([100, 700])
    callOnce(machine, 'failure', 0, { error: 'a' })

    machine.trip(50)

    expect(occasions.at(-1)).toEqual({ attempt: 1, cause: 'a', generation: 3 })
    expect(machine.retryAfter(50)).toBe(700)
  })

  it('is not asked for where the time is said by hand', () => {
    const { machine, occasions } = asked()
    machine.trip(0, { for: 5 })
    machine.trip(1, { for: 7 })
    machine.reset(2)
    machine.halfOpen(3)

    expect(occasions).toEqual([])
  })

  it('bows to Retry-After', () => {
    const { machine } = asked([100])

    callOnce(machine, 'failure', 0, { retryAfter: 5_000 })

    expect(machine.retryAfter(0)).toBe(5_000)
  })

  it('is automatic where the function has none', () => {
    const { machine } = asked([undefined])

    callOnce(machine, 'failure', 0)

    expect(machine.retryAfter(0)).toBe(1_000)
  })

  it('is applied to an open circuit when another function is configured', () => {
    const { machine } = asked([100])
    callOnce(machine, 'failure', 0, { error: 'a' })
    const occasions: Occasion[] = []
    const ask = (occasion: Occasion) => {
      occasions.push(occasion)
      return 900
    }

    const settings = settingsOf({ maxFailures: 1 })
    machine.configure({ ...settings, openDuration: custom(ask) }, 10)
    expect(machine.retryAfter(10)).toBe(90)

    machine.configure(
      { ...settings, openDuration: { ...custom(ask), given: () => 1 } as never },
      10,
    )
    expect(machine.retryAfter(10)).toBe(890)
    expect(occasions).toEqual([{ attempt: 1, cause: 'a', generation: 2 }])
  })

  it('is automatic after a change to another function that has none', () => {
    const { machine } = asked([100])
    callOnce(machine, 'failure', 0)

    const none = { ...custom(() => undefined), given: () => 1 } as never
    machine.configure({ ...settingsOf({ maxFailures: 1 }), openDuration: none }, 10)

    expect(machine.retryAfter(10)).toBe(990)
  })

  it.each([
    ['trips', (machine: Machine) => machine.trip(0), ['open']],
    ['resets', (machine: Machine) => machine.reset(0), []],
    ['makes half-open', (machine: Machine) => machine.halfOpen(0), ['open', 'half-open']],
  ] as const)('lets the newest move win when the function %s the breaker', (_, move, states) => {
    let nested = false
    const machine: Machine = machineWith(
      custom(() => {
        if (nested) return 5
        nested = true
        move(machine)
        return 100
      }),
    )

    callOnce(machine, 'failure', 0)

    expect(machine.changes.map((change) => 'to' in change && change.to)).toEqual(states)
    expect(machine.state.name).toBe(states.at(-1) ?? 'closed')
    expect(machine.state.generation).toBe(1 + Math.max(1, states.length))
  })

  it('lets the newest move win also when it is tripped while open', () => {
    let times = 0
    const machine: Machine = machineWith(
      custom(() => {
        times++
        if (times === 2) machine.reset(10)
        return 100
      }),
    )
    machine.trip(0)

    machine.trip(10)

    expect(machine.state).toMatchObject({ name: 'closed', generation: 3 })
  })
})

describe('sameOpenDuration', () => {
  const same = custom(() => 1)

  it.each([
    { a: same, b: custom(() => 2), is: true },
    { a: same, b: { ...same, given: () => 1 }, is: false },
    { a: same, b: { kind: 'auto' }, is: false },
    { a: { kind: 'auto' }, b: same, is: false },
    { a: { kind: 'fixed', ms: Infinity }, b: { kind: 'fixed', ms: Infinity }, is: true },
    { a: { kind: 'fixed', ms: Infinity }, b: { kind: 'fixed', ms: 5 }, is: false },
  ] as const)('goes by the function of the user: $is', ({ a, b, is }) => {
    expect(sameOpenDuration(a, b)).toBe(is)
  })
})

describe('an open time without end', () => {
  const forever: OpenDuration = { kind: 'fixed', ms: Infinity }
  const options = { maxFailures: 1, resetTimeout: Infinity }

  function opened(): Machine {
    const machine = machineWith(forever)
    callOnce(machine, 'failure', 0, { error: 'a', retryAfter: 100 })
    return machine
  }

  it('lets no call pass, and knows no time to try again', () => {
    const machine = opened()

    expect(machine.admit(Number.MAX_SAFE_INTEGER)).toBe('open')
    expect(machine.retryAfter(Number.MAX_SAFE_INTEGER)).toBeUndefined()
  })

  it.each([
    ['reset', (machine: Machine) => machine.reset(5), 'closed'],
    ['halfOpen', (machine: Machine) => machine.halfOpen(5), 'half-open'],
    ['trip', (machine: Machine) => machine.trip(5), 'open'],
  ] as const)('ends by hand: %s', (_, move, state) => {
    const machine = opened()

    move(machine)

    expect(machine.state.name).toBe(state)
  })

  it('is left after a time that is said by hand', () => {
    const machine = opened()

    machine.trip(5, { for: 20 })

    expect([24, 25].map((at) => stateAt(machine, at))).toEqual(['open', 'half-open'])
    expect(tripsOf(machine)).toMatchObject([{ openFor: 25 }])
  })

  it('is shortened by other settings', () => {
    const machine = opened()

    machine.configure(settingsOf({ maxFailures: 1 }), 5)

    expect(machine.retryAfter(5)).toBe(RESET_TIMEOUT - 5)
    expect(tripsOf(machine)).toMatchObject([{ openFor: RESET_TIMEOUT }])
  })

  it('is saved as null, and goes on for ever', () => {
    const saved = saveAt(opened(), 50)
    expect(saved.state).toMatchObject({ remaining: null, trip: { openFor: null } })
    expect(saved.trips).toMatchObject([{ openFor: null }])

    const continued = revive(opened(), 50, options)

    expect(saveAt(continued, 0).state).toEqual(saved.state)
    expect(tripsOf(continued)).toMatchObject([{ openFor: Infinity }])
    expect(continued.admit(1e12)).toBe('open')
  })

  it('may be reached by growing', () => {
    const growing: OpenDuration = {
      kind: 'growing',
      initial: 10,
      max: Infinity,
      factor: 1e308,
      jitter: 0.5,
    }
    const machine = machineWith(growing)
    callOnce(machine, 'failure', 0)
    expect(machine.retryAfter(0)).toBe(10)

    callOnce(machine, 'failure', 10)

    expect(machine.retryAfter(10)).toBeUndefined()
  })
})
