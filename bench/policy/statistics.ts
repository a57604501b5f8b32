import { randomStream } from '../../src/testing/simulation/random.ts'
import { cost, type Outcome, type Weights } from './study.ts'

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

/** The mean of the largest 5 %. */
export function worst(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => b - a)
  return mean(sorted.slice(0, Math.ceil(values.length / 20)))
}

export interface Interval {
  readonly mean: number
  readonly low: number
  readonly high: number
}

/** Mean of paired differences with the 95 % interval of the bootstrap. */
export function interval(differences: readonly number[]): Interval {
  const random = randomStream(1, 'bootstrap')
  const { length } = differences
  const means = Array.from({ length: 2_000 }, () => {
    let sum = 0
    for (let i = 0; i < length; i++) sum += differences[Math.floor(random() * length)] as number
    return sum / length
  }).sort((a, b) => a - b)
  return { mean: mean(differences), low: means[49] as number, high: means[1_949] as number }
}

/** The cost of every policy beyond that of the oracle, by policy and seed. */
export class Costs {
  readonly #excess = new Map<string, Map<number, number>>()

  constructor(outcomes: readonly Outcome[], weights: Weights) {
    const bounds = new Map<number, number>()
    for (const value of outcomes)
      if (value.policy === 'oracle') bounds.set(value.seed, cost(value, weights))
    for (const value of outcomes) {
      const bySeed = this.#excess.get(value.policy) ?? new Map<number, number>()
      this.#excess.set(value.policy, bySeed)
      bySeed.set(value.seed, cost(value, weights) - (bounds.get(value.seed) ?? 0))
    }
  }

  of(policy: string, seeds: readonly number[]): number[] {
    const bySeed = this.#excess.get(policy)
    return seeds.map((seed) => bySeed?.get(seed) ?? Number.NaN)
  }

  mean(policy: string, seeds: readonly number[]): number {
    return mean(this.of(policy, seeds))
  }

  /** What `policy` costs more than `other`, seed by seed. */
  difference(policy: string, other: string, seeds: readonly number[]): number[] {
    const against = this.of(other, seeds)
    return this.of(policy, seeds).map((value, i) => value - (against[i] as number))
  }
}
