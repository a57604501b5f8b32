import { policies } from './policies.ts'
import { type FaultType, faultTypes } from './scenarios.ts'
import { Costs, type Interval, interval } from './statistics.ts'
import { MARGIN, type Outcome, WEIGHTS } from './study.ts'

export interface Comparison extends Interval {
  readonly fault: FaultType
  readonly policy: string
}

/** What the outcomes say, before it becomes text. */
export class Findings {
  readonly outcomes: readonly Outcome[]
  readonly seeds: readonly number[]
  readonly costs: Costs
  readonly names: readonly string[]
  readonly #seedsByFault = new Map<FaultType, number[]>()

  constructor(outcomes: readonly Outcome[]) {
    this.outcomes = outcomes
    this.costs = new Costs(outcomes, WEIGHTS)
    const faults = new Map(outcomes.map(({ seed, fault }) => [seed, fault]))
    this.seeds = [...faults.keys()]
    for (const [seed, fault] of faults) {
      this.#seedsByFault.set(fault, [...(this.#seedsByFault.get(fault) ?? []), seed])
    }
    const ran = new Set(outcomes.map(({ policy }) => policy))
    this.names = policies
      .filter(({ name }) => ran.has(name))
      .map(({ name }) => name)
      .sort((a, b) => this.costs.mean(a, this.seeds) - this.costs.mean(b, this.seeds))
  }

  /** What went wrong in the scenarios, the control aside. */
  get faults(): readonly FaultType[] {
    return faultTypes.filter((fault) => fault !== 'healthy' && this.#seedsByFault.has(fault))
  }

  seedsOf(fault: FaultType): readonly number[] {
    return this.#seedsByFault.get(fault) ?? []
  }

  of(policy: string): Outcome[] {
    return this.outcomes.filter((outcome) => outcome.policy === policy)
  }

  /** What `auto` costs more than another policy with one fault, everywhere. */
  comparisons(names: readonly string[]): Comparison[] {
    return this.faults.flatMap((fault) =>
      names.map((policy) => ({
        fault,
        policy,
        ...interval(this.costs.difference('auto', policy, this.seedsOf(fault))),
      })),
    )
  }
}

export const SHIPPED: readonly string[] = policies
  .filter(({ shipped }) => shipped)
  .map(({ name }) => name)

export interface Statement {
  readonly claim: string
  readonly found: string
  readonly holds: boolean
}

/** The registered statements about the random scenarios; `before` is the build that this one follows. */
export function statements(findings: Findings, before: string): Statement[] {
  const { costs, seeds } = findings
  const auto = costs.mean('auto', seeds)
  const overall = SHIPPED.map((name) => ({ name, mean: costs.mean(name, seeds) }))
  const best = overall.reduce((a, b) => (a.mean < b.mean ? a : b))
  const comparisons = findings.comparisons(SHIPPED)
  const good = findings.faults.filter((fault) =>
    comparisons.every((value) => value.fault !== fault || value.mean <= MARGIN),
  )
  const gain = interval(costs.difference(before, 'auto', seeds))
  const changes = findings.comparisons([before]).sort((a, b) => b.mean - a.mean)
  const worst = changes[0] as Comparison
  const healthy = findings.of('auto').filter(({ fault }) => fault === 'healthy')
  const falseTrips = healthy.reduce((sum, { trips }) => sum + trips, 0)
  return [
    {
      claim: `it costs at least 1 J less than the build before (${before})`,
      found: `${gain.mean.toFixed(1)} J less, 95 % interval ${gain.low.toFixed(1)} to ${gain.high.toFixed(1)}`,
      holds: gain.mean >= 1,
    },
    {
      claim: `it is worse with no fault type than that build by more than ${MARGIN} J`,
      found: `at most ${worst.mean.toFixed(1)} J, with ${worst.fault}`,
      holds: worst.mean <= MARGIN,
    },
    {
      claim: '`auto` costs less than every shipped default overall',
      found: `${auto.toFixed(1)} J; the best of the others is ${best.name} with ${best.mean.toFixed(1)} J`,
      holds: auto < best.mean,
    },
    {
      claim: `it is worse than none of them by more than ${MARGIN} J on all fault types but three`,
      found: `${good.length} of ${findings.faults.length}`,
      holds: good.length >= findings.faults.length - 3,
    },
    {
      claim: 'it never trips in the healthy scenarios',
      found: `${falseTrips} trips in ${healthy.length} scenarios`,
      holds: falseTrips === 0,
    },
  ]
}
