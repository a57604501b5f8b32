import { describe, expect, it } from 'vitest'
import {
  callTimes,
  classificationOf,
  createMachine,
  type MachineOptions,
  openMachine,
  PROBE_TIMEOUT,
  probedMachine,
  RESET_TIMEOUT,
  settingsOf,
} from '../../../test/helpers/core.ts'
import type { Machine } from '../machine.ts'
import { OUTCOMES } from '../outcome.ts'
import type { Permit } from '../permit.ts'

/** A small generator of numbers in [0, 1), the same every time. */
function chances(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

/** Drives a machine by chance, with a clock that is mostly sane; looks after each step. */
class Walk {
  readonly machine: Machine
  readonly #options: MachineOptions
  readonly #limit: number
  readonly #chance: () => number
  readonly #permits: Permit[] = []
  #reading = 0
  #admitted = 0

  constructor(options: MachineOptions, seed: number) {
    this.machine = createMachine(options)
    this.#options = options
    this.#limit = options.concurrent ?? options.probes ?? 1
    this.#chance = chances(seed)
  }

  #pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.#chance() * items.length)] as T
  }

  #read(): number {
    this.#reading += this.#pick([0, 0, 1, 7, 100, PROBE_TIMEOUT, RESET_TIMEOUT, -300])
    return this.#chance() < 0.02 ? this.#pick([NaN, Infinity, -Infinity]) : this.#reading
  }

  step(): void {
    const { machine } = this
    const verb = this.#chance()
    if (verb < 0.5) {
      const permit = machine.admit(this.#read())
      if (typeof permit === 'object') {
        if (permit.open) this.#admitted++
        this.#permits.push(permit)
      }
    } else if (verb < 0.9 && this.#permits.length > 0) {
      const permit = this.#pick(this.#permits)
      const { open } = permit
      if (this.#chance() < 0.1) machine.deliver(permit, this.#read())
      const counted = machine.settle(permit, classificationOf(this.#pick(OUTCOMES)), this.#read())
      if (!open) expect(counted).toBe(false)
    } else if (verb < 0.92) machine.trip(this.#read())
    else if (verb < 0.94) machine.reset(this.#read())
    else if (verb < 0.96) machine.release(this.#read())
    else if (verb < 0.98) {
      const mode = this.#pick(['forced-open', 'forced-closed', 'disabled'] as const)
      machine.force(mode, this.#read(), { for: this.#pick([50, 500, 5_000]) })
    } else machine.configure(settingsOf(this.#options), this.#read())
  }

  look(): void {
    const { state, counters } = this.machine
    const counts = counters.read()
    const open = this.#permits.filter((permit) => permit.open)
    const { admitted, settled, expired, success, failure, neutral, cancelled, stale } = counts
    expect(admitted).toBe(this.#admitted)
    expect(admitted).toBe(settled + expired + open.length)
    expect(settled).toBe(success + failure + neutral + cancelled + stale)
    const probing = open.filter(
      (permit) => permit.probe && permit.state === state && !permit.delivered,
    )
    expect(probing.length).toBeLessThanOrEqual(this.#limit)
    expect(probing.every(({ deadline }) => Number.isFinite(deadline))).toBe(true)
  }
}

describe('at every instant', () => {
  it.each([
    { maxFailures: 1 },
    { maxFailures: 2, probes: 2 },
    { maxFailures: 3, probes: 2, concurrent: 4 },
    { maxFailures: 2, probes: 3, concurrent: 1, maxConcurrent: 3 },
  ])(
    'admitted is settled and expired and in flight, and probes keep their limit: %o',
    (options) => {
      for (let seed = 1; seed <= 20; seed++) {
        const walk = new Walk(options, seed)
        for (let i = 0; i < 300; i++) {
          walk.step()
          walk.look()
        }
      }
    },
  )

  it('generations only grow, by one with each transition', () => {
    const walk = new Walk({ maxFailures: 2, probes: 2 }, 7)
    for (let i = 0; i < 500; i++) walk.step()

    const generations = walk.machine.changes.flatMap((value) =>
      'to' in value ? [value.generation] : [],
    )
    const states = walk.machine.changes.flatMap((value) => ('to' in value ? [value] : []))

    expect(generations.length).toBeGreaterThan(20)
    expect(generations).toEqual([...new Set(generations)].sort((a, b) => a - b))
    states.slice(1).forEach(({ from }, i) => {
      expect(from).toBe(states[i]?.to)
    })
  })
})

describe('under demand', () => {
  it.each([1, 10, 99, 250, 1_000, 5_000])(
    'every %d ms, a probe is admitted within the open time and a deadline of the last',
    (pause) => {
      const machine = openMachine()
      let last = 0

      for (let at = pause; at < 60_000; at += pause) {
        if (typeof machine.admit(at) !== 'object') continue
        expect(at - last).toBeLessThanOrEqual(RESET_TIMEOUT + PROBE_TIMEOUT + pause)
        last = at
      }

      expect(last).toBeGreaterThan(50_000)
    },
  )

  it('a hundred calls after the open time are one probe and 99 rejected at once', () => {
    const machine = openMachine()

    const answers = Array.from({ length: 100 }, () => machine.admit(RESET_TIMEOUT))

    expect(answers.filter((answer) => answer === 'half-open')).toHaveLength(99)
    expect(machine.counters.inFlight).toBe(1)
  })

  it('hung calls of the closed circuit do not keep the way back shut', () => {
    const machine = createMachine({ maxFailures: 1, maxConcurrent: 2 })
    machine.admit(0)
    callTimes(machine, 1, 'failure')

    callTimes(machine, 1, 'success', RESET_TIMEOUT)

    expect(machine.state.name).toBe('closed')
  })

  it('a probe that hangs is not waited for a second time', () => {
    const { machine } = probedMachine()

    callTimes(machine, 1, 'success', RESET_TIMEOUT + PROBE_TIMEOUT + RESET_TIMEOUT)

    expect(machine.state.name).toBe('closed')
  })
})
