import { createHash } from 'node:crypto'
import type { Phase } from '../../src/testing/simulation/phase.ts'
import { randomStream } from '../../src/testing/simulation/random.ts'
import type { SimulationOptions, TrafficOptions } from '../../src/testing/simulation/setup.ts'

/** What can go wrong in the scenarios that were registered first, and a control in which nothing does. */
export const firstFaultTypes = [
  'refuse',
  'hang',
  'errors ≤ 50 %',
  'errors > 55 %',
  'slow, less room',
  'late, same room',
  'one shard',
  'flapping',
  'blips',
  'overload',
  'cold cache',
  'resets',
  'healthy',
] as const

/** All that can go wrong; those that were registered later come before the control. */
export const faultTypes = [
  ...firstFaultTypes.slice(0, -1),
  'abandoned',
  'low traffic',
  'weak recovery',
  'healthy',
] as const as readonly FaultType[]

/** From this seed on, scenarios have all faults. */
export const LATER_SEEDS = 100_000

export type FaultType =
  | (typeof firstFaultTypes)[number]
  | 'abandoned'
  | 'low traffic'
  | 'weak recovery'

export interface Scenario extends Omit<SimulationOptions, 'policy'> {
  readonly fault: FaultType
  readonly traffic: Required<Omit<TrafficOptions, 'aborts'>> & Pick<TrafficOptions, 'aborts'>
}

/** Chance in the shapes that the scenarios need. */
class Dice {
  readonly #random: () => number

  constructor(seed: number) {
    this.#random = randomStream(seed, 'scenario')
  }

  chance(share: number): boolean {
    return this.#random() < share
  }

  between(low: number, high: number): number {
    return low + (high - low) * this.#random()
  }

  /** Every factor is as likely as every other: 1 to 10 as often as 10 to 100. */
  scale(low: number, high: number): number {
    return low * (high / low) ** this.#random()
  }

  whole(low: number, high: number): number {
    return Math.floor(this.between(low, high + 1))
  }

  pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.#random() * from.length)] as T
  }
}

/** No scenario has more calls, so that the study ends; the number of clients gives way. */
const MOST_CALLS = 40_000
/** Of a log-normal distribution with the default spread: mean by median. */
const MEAN_BY_MEDIAN = Math.exp(0.5 ** 2 / 2)

/** The scenario of a seed: seeds take turns in the types of fault. */
export function scenarioOf(seed: number): Scenario {
  const dice = new Dice(seed)
  const types = seed < LATER_SEEDS ? firstFaultTypes : faultTypes
  const fault = types[seed % types.length] as FaultType
  const seldom = fault === 'low traffic'
  const callsPerSecond = seldom ? dice.scale(1 / 60, 10 / 60) : dice.scale(0.3, 60)
  const timeout = dice.scale(1_000, 10_000)
  const latency = dice.scale(5, 200)
  const outage = dice.scale(2_000, 200_000)
  const wanted = dice.whole(1, 16)
  const busy = dice.between(0.1, 0.6)
  const errorRate = dice.chance(0.5) ? 0 : dice.between(0, 0.06)
  const prone = fault === 'overload' || fault === 'cold cache'
  const retries = dice.chance(prone ? 0.5 : 0.2) ? dice.whole(1, 2) : 0
  const shards = fault === 'one shard' ? dice.whole(2, 16) : 1
  const waitingByTimeout = dice.scale(0.2, 2)

  // The same in calls where they are seldom: what is usual must have been seen.
  const slower = seldom ? 30 : 1
  const lead = slower * dice.between(20_000, 40_000)
  const tail = slower * dice.between(40_000, 80_000)
  const faults = faultPhases(fault, dice, { outage, latency, timeout, busy })
  const script = [{ for: lead }, ...faults, { for: tail }]
  const duration = script.reduce((sum, phase) => sum + phase.for * (phase.loadFactor ?? 1), 0)
  const most = Math.floor(MOST_CALLS / ((callsPerSecond * duration) / 1_000))
  const clients = Math.max(1, Math.min(wanted, most))

  const work = (clients * callsPerSecond * latency * MEAN_BY_MEDIAN) / 1_000 / shards
  const capacity = Math.max(2, Math.ceil(work / busy))
  const queue = Math.ceil((capacity * waitingByTimeout * timeout) / (latency * MEAN_BY_MEDIAN))
  const warmFor = fault === 'weak recovery' ? dice.scale(60, 300) : dice.scale(5, 60)
  const warmCalls = Math.max(1, (clients * callsPerSecond * warmFor) / shards)
  const aborts = fault === 'abandoned' ? { aborts: true } : {}
  return {
    fault,
    seed,
    traffic: {
      clients,
      callsPerSecond,
      timeout,
      retries,
      retryDelay: 200,
      shared: false,
      ...aborts,
    },
    dependency: { script, latency, capacity, queue, shards, errorRate, warmCalls },
  }
}

interface Circumstances {
  readonly outage: number
  readonly latency: number
  readonly timeout: number
  readonly busy: number
}

function faultPhases(
  fault: FaultType,
  dice: Dice,
  { outage, latency, timeout, busy }: Circumstances,
): Phase[] {
  switch (fault) {
    case 'refuse':
      return [{ for: outage, refuse: true }]
    case 'hang':
      return [{ for: outage, hang: true }]
    case 'errors ≤ 50 %':
      return [{ for: outage, errorRate: dice.between(0.1, 0.5) }]
    case 'errors > 55 %':
      return [{ for: outage, errorRate: dice.between(0.55, 0.95) }]
    case 'slow, less room':
      return [{ for: outage, workFactor: dice.scale(3, 50) }]
    case 'late, same room': {
      // Later than ever, and yet in time.
      const latencyFactor = Math.min(dice.scale(3, 60), timeout / latency / 5)
      return [{ for: outage, latencyFactor: Math.max(2, latencyFactor) }]
    }
    case 'one shard':
      return [
        {
          for: outage,
          ...dice.pick([{ hang: true }, { hang: true }, { refuse: true }]),
          shards: 1,
        },
      ]
    case 'flapping':
      return flapping(dice, outage)
    case 'blips':
      return repeat(dice.whole(1, 5), () => [
        { for: dice.scale(100, 2_000), ...dice.pick([{ hang: true }, { refuse: true }]) },
        { for: dice.between(10_000, 30_000) },
      ])
    case 'overload':
      return [{ for: dice.scale(5_000, 60_000), loadFactor: dice.between(1.2, 3) / busy }]
    case 'cold cache':
      return [
        { for: outage, refuse: true },
        { for: 120_000, coldFactor: dice.scale(4, 20) },
      ]
    case 'resets': {
      const every = dice.scale(3_000, 30_000)
      return repeat(Math.ceil(90_000 / every), () => [{ for: every, reset: true }])
    }
    case 'abandoned':
      return [{ for: outage, hang: true }]
    case 'low traffic':
      return [{ for: 1_800_000, ...dice.pick([{ hang: true }, { refuse: true }]) }]
    case 'weak recovery': {
      // Slower by so much that few calls at once succeed, and all of them at once do not.
      const coldFactor = Math.max(3, Math.min(dice.scale(8, 40), timeout / latency / 2))
      return [
        { for: outage, refuse: true },
        { for: 400_000, coldFactor },
      ]
    }
    case 'healthy':
      return [{ for: 120_000 }]
    default:
      throw new Error(`no such fault: ${fault satisfies never}`)
  }
}

function flapping(dice: Dice, outage: number): Phase[] {
  const down = dice.between(1_000, 15_000)
  const up = dice.between(1_000, 15_000)
  const fault = dice.pick([{ hang: true }, { refuse: true }, { errorRate: 0.9 }])
  const times = Math.max(2, Math.ceil(outage / (down + up)))
  return repeat(times, () => [{ for: down, ...fault }, { for: up }])
}

function repeat(times: number, phases: () => Phase[]): Phase[] {
  return Array.from({ length: times }, phases).flat()
}

/** What the scenarios of a range of seeds are, in 16 digits; it runs no policy. */
export function scenariosHash(seeds: readonly number[]): string {
  const hash = createHash('sha256')
  for (const seed of seeds) hash.update(JSON.stringify(scenarioOf(seed)))
  return hash.digest('hex').slice(0, 16)
}

export function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i)
}
