import fc from 'fast-check'
import { Machine } from '../../src/core/machine.ts'
import { Permit } from '../../src/core/permit.ts'
import type { MachineSettings } from '../../src/core/settings.ts'
import { classificationOf } from '../helpers/core.ts'
import { type Operation, type Step, settings } from '../model/operations.ts'
import { machineSettings } from '../model/pair.ts'

const evidence = fc.record({
  threshold: fc.constantFrom(1, 4, 10),
  slowerThan: fc.constantFrom(50, 800),
  minimumSpan: fc.constantFrom(0, 250),
  overdue: fc.boolean(),
})
const slowStart = fc.record({
  kind: fc.constant('slowStart' as const),
  successes: fc.integer({ min: 1, max: 5 }),
  quietFor: fc.constantFrom(0, 100, 2_000),
  timeout: fc.constantFrom(10, 500),
  slowerThan: fc.constantFrom(50, 800),
})

/** Every rule, open time and way back there is, in any combination. */
export const everySetting: fc.Arbitrary<MachineSettings> = fc
  .record({
    settings,
    evidence: fc.option(evidence, { nil: undefined }),
    slowStart: fc.option(slowStart, { nil: undefined }),
    auto: fc.boolean(),
  })
  .map(({ settings, evidence, slowStart, auto }) => {
    const known = machineSettings(settings)
    return {
      ...known,
      trip: { ...known.trip, evidence },
      recovery: slowStart ?? known.recovery,
      // For ever is longer than any wait.
      openDuration: auto || settings.openTime === Infinity ? { kind: 'auto' } : known.openDuration,
    }
  })

/** Numbers from a seed, the same ones every time. */
export function drawsOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

/** A machine under operations, with the permits that its callers hold. */
export class Drive {
  readonly machine: Machine
  readonly permits: Permit[] = []
  reading: number = 0

  constructor(settings: MachineSettings, seed: number = 1) {
    this.machine = new Machine(settings, 0, drawsOf(seed))
  }

  /** Does it, as far as it can be done to a machine without a model; gives what came of it. */
  run(operation: Operation): unknown {
    const { machine, reading, permits } = this
    switch (operation.do) {
      case 'admit':
        return this.admit(operation.backstop)
      case 'call':
        return this.admit() && this.settle(permits.length - 1, operation.heard)
      case 'settle':
        return permits.length > 0 && this.settle(operation.which % permits.length, operation.heard)
      case 'deliver': {
        const permit = permits[operation.which % Math.max(1, permits.length)]
        return permit && machine.deliver(permit, reading)
      }
      case 'clock':
        this.reading += this.#distance(operation.step)
        return undefined
      case 'trip':
        return machine.trip(reading)
      case 'reset':
        return machine.reset(reading)
      case 'force':
        return void machine.force(operation.mode, reading, { for: operation.lasts })
      case 'release':
        return machine.release(reading)
      default:
        return undefined
    }
  }

  /** True when the call was let through. */
  admit(backstop?: number): boolean {
    const permit = this.machine.admit(this.reading, backstop)
    if (!(permit instanceof Permit)) return false
    this.permits.push(permit)
    return true
  }

  settle(
    index: number,
    { outcome, ...about }: Extract<Operation, { do: 'call' }>['heard'],
  ): boolean {
    const [permit] = this.permits.splice(index, 1) as [Permit]
    return this.machine.settle(permit, classificationOf(outcome, about), this.reading)
  }

  #distance(step: Step): number {
    if ('by' in step) return step.by
    const wait = this.machine.peek(this.reading).retryAfter(this.reading) ?? 0
    return Math.max(0, wait) + ('toDue' in step ? step.toDue : step.plus)
  }

  /** Permits that were recorded and have not ended. */
  get inFlight(): number {
    return this.permits.filter((value) => value.open).length
  }
}

/** Of the model's settings, ms. */
const LONGEST_LISTED = 1_000

/** The longest that a call may have to wait, whatever has happened: open time and probe deadline. */
export function longestWait({ openDuration, recovery }: MachineSettings): number {
  const serversWord = 60_000
  const backstop = 50
  const open =
    openDuration.kind === 'fixed'
      ? openDuration.ms
      : openDuration.kind === 'auto'
        ? 60_000 * 1.25
        : openDuration.kind === 'custom'
          ? LONGEST_LISTED
          : openDuration.max * (1 + openDuration.jitter)
  return Math.max(open, serversWord) + recovery.timeout + backstop
}
