import { table } from '../markdown.ts'
import { type Findings, SHIPPED } from './findings.ts'
import type { FalseTrips } from './markov.ts'
import type { NamedResults } from './named.ts'
import { policies, policyNamed } from './policies.ts'
import { Costs, interval, mean, worst } from './statistics.ts'
import { MARGIN } from './study.ts'
import { WEIGHTINGS } from './study-settings.ts'

function title(name: string): string {
  return name === 'auto' ? '**auto**' : name
}

function how(name: string): string {
  const { kind } = policyNamed(name)
  return kind === 'bound' ? '' : kind
}

function shown(findings: Findings): string[] {
  return findings.names.filter((name) => !policyNamed(name).ablation)
}

/** Every policy by every fault. */
export function costTable(findings: Findings): string {
  const { costs, seeds } = findings
  const faults = [...findings.faults, 'healthy'] as const
  const rows = shown(findings).map((name) => [
    title(name),
    how(name),
    `**${costs.mean(name, seeds).toFixed(1)}**`,
    worst(costs.of(name, seeds)).toFixed(0),
    ...faults.map((fault) => costs.mean(name, findings.seedsOf(fault)).toFixed(1)),
  ])
  return table(['policy', '', 'all', 'worst 5 %', ...faults], rows)
}

export function differenceTable(findings: Findings): string {
  const { costs, seeds } = findings
  const rows = shown(findings)
    .filter((name) => name !== 'auto' && name !== 'oracle')
    .map((name) => {
      const value = interval(costs.difference(name, 'auto', seeds))
      const by = findings.faults.map((fault) =>
        costs.difference(name, 'auto', findings.seedsOf(fault)),
      )
      const better = by.filter((values) => mean(values) > MARGIN).length
      const worse = by.filter((values) => mean(values) < -MARGIN).length
      return [
        title(name),
        signed(value.mean),
        `${signed(value.low)} to ${signed(value.high)}`,
        better,
        worse,
      ]
    })
  return table(
    [
      'policy',
      'costs more than auto by',
      '95 % interval',
      `fault types where auto is better by more than ${MARGIN}`,
      'worse',
    ],
    rows,
  )
}

/** What the last change of `auto` has changed, fault by fault, the worst first. */
export function changeTable(findings: Findings, before: string): string {
  const { costs } = findings
  const rows = [...findings.comparisons([before])]
    .sort((a, b) => b.mean - a.mean)
    .map(({ fault, mean: by, low, high }) => [
      fault,
      costs.mean(before, findings.seedsOf(fault)).toFixed(1),
      costs.mean('auto', findings.seedsOf(fault)).toFixed(1),
      signed(by),
      `${signed(low)} to ${signed(high)}`,
    ])
  return table(['fault', 'before', 'auto', 'more', '95 % interval'], rows)
}

/** Where `auto` loses, with the policies that are better there. */
export function lossTable(findings: Findings): string {
  const others = shown(findings).filter((name) => name !== 'auto' && name !== 'oracle')
  const rows = findings
    .comparisons(others)
    .filter((value) => value.mean > 1)
    .sort((a, b) => b.mean - a.mean)
    .map(({ fault, policy, mean: by, low, high }) => [
      fault,
      policy,
      SHIPPED.includes(policy) ? 'yes' : '',
      signed(by),
      `${signed(low)} to ${signed(high)}`,
    ])
  return table(['fault', 'better than auto', 'shipped', 'by', '95 % interval'], rows)
}

export function partsTable(findings: Findings): string {
  const rows = shown(findings).map((name) => {
    const outcomes = findings.of(name)
    const peaks = outcomes.map(({ peakInFlight }) => peakInFlight).sort((a, b) => a - b)
    return [
      title(name),
      mean(outcomes.map(({ lost }) => lost)).toFixed(1),
      mean(outcomes.map(({ failed }) => failed)).toFixed(0),
      mean(outcomes.map(({ waited }) => waited)).toFixed(0),
      peaks[Math.floor(peaks.length * 0.9)] as number,
    ]
  })
  return table(
    ['policy', 'lost', 'failed attempts', 'seconds waited', 'most in flight, 90th percentile'],
    rows,
  )
}

export function weightsTable(findings: Findings): string {
  const byWeights = WEIGHTINGS.map((weights) => new Costs(findings.outcomes, weights))
  const rows = shown(findings)
    .filter((name) => name !== 'oracle')
    .map((name) => [
      title(name),
      ...byWeights.map((costs) => costs.mean(name, findings.seeds).toFixed(1)),
    ])
  return table(['policy', ...WEIGHTINGS.map(({ failed, waited }) => `${failed}, ${waited}`)], rows)
}

export function ablationTable(findings: Findings): string {
  const { costs, seeds } = findings
  const rows = policies
    .filter(({ ablation }) => ablation)
    .map(({ name, configuration }) => {
      const value = interval(costs.difference(name, 'auto', seeds))
      return [
        configuration,
        costs.mean(name, seeds).toFixed(1),
        signed(value.mean),
        `${signed(value.low)} to ${signed(value.high)}`,
      ]
    })
  const auto = ['auto as it is', costs.mean('auto', seeds).toFixed(1), '', '']
  return table(['one part changed', 'cost', 'more than auto', '95 % interval'], [auto, ...rows])
}

export function policyTable(): string {
  const kinds = { ours: 'this library', real: 'installed', emulated: 'emulated', bound: 'bound' }
  const rows = policies
    .filter(({ ablation }) => !ablation)
    .map(({ name, kind, configuration }) => [title(name), kinds[kind], configuration])
  return table(['policy', 'what runs', 'configuration'], rows).replaceAll('--:', '---')
}

export function hangTable({ hang }: NamedResults): string {
  const seconds = (ms: number | null): string => (ms === null ? 'never' : (ms / 1_000).toFixed(1))
  const rows = hang.map(({ policy, toTrip, secondsWaited, peakInFlight }) => [
    title(policy),
    seconds(toTrip),
    secondsWaited.toFixed(0),
    peakInFlight,
  ])
  return table(['policy', 's until it trips, mean', 's waited in all', 'most in flight'], rows)
}

export function lateTable({ late }: NamedResults): string {
  const rows = late
    .filter(({ kept, trips }) => kept < 1 || trips > 0)
    .map(({ policy, kept, trips }) => [title(policy), `${(kept * 100).toFixed(1)} %`, trips])
  return table(['policy', 'of the goodput kept', 'trips'], rows)
}

export function falseTripTable(found: readonly FalseTrips[]): string {
  const rows = found.map(({ failures, share, computed, measured }) => [
    `${(share * 100).toFixed(0)} % ${failures} failures`,
    computed.toFixed(1),
    measured.toFixed(1),
    `${signed((measured / computed - 1) * 100)} %`,
  ])
  return table(['steady', 'calls to a trip, computed', 'measured', 'difference'], rows)
}

function signed(value: number): string {
  const text = Math.abs(value).toFixed(1)
  return text === '0.0' ? '0.0' : `${value < 0 ? '−' : '+'}${text}`
}
