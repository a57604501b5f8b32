import { table } from '../markdown.ts'
import { quantile } from '../performance/statistics.ts'
import type { CallCost } from './calls.ts'
import type { CommandCount } from './commands.ts'
import type { Trial } from './opening.ts'
import type { StoreCost } from './store.ts'

const labels = {
  success: 'a call that succeeds, `auto`',
  failure: 'a call that fails, `maxFailures`',
  rejection: 'a rejected call',
}

export function callTable(costs: readonly CallCost[]): string {
  return table(
    ['', 'this process alone', 'shared', 'ratio', 'of two alone'],
    costs.map(({ shape, local, shared, ratio, noise }) => [
      labels[shape],
      `${local.toFixed(0)} ns`,
      `${shared.toFixed(0)} ns`,
      ratio.toFixed(2),
      noise.toFixed(2),
    ]),
  )
}

export function commandTable(counts: readonly CommandCount[]): string {
  return table(
    ['processes', 'calls a second of each', 'scripts for 1 000 calls', 'Redis is busy for'],
    counts.map(({ processes, perSecond, calls, scripts, busy }) => [
      String(processes),
      String(perSecond),
      rounded((scripts / calls) * 1_000),
      `${(busy * 100).toFixed(1)} %`,
    ]),
  )
}

/** The trials of one fleet. */
export interface Openings {
  readonly name: string
  readonly perSecond: number
  readonly trials: readonly Trial[]
}

export function openingTable(openings: readonly Openings[]): string {
  return table(
    ['opens', 'calls a second of each', 'first open', 'then all', 'of 8, by themselves'],
    openings.map(({ name, perSecond, trials }) => {
      const both = (of: (trial: Trial) => number, digits: number) => {
        const [p50, p99] = [0.5, 0.99].map((q) => quantile(trials.map(of), q).toFixed(digits))
        return `${p50} / ${p99} ms`
      }
      const alone = quantile(
        trials.map(({ alone }) => alone),
        0.5,
      )
      return [
        name,
        String(perSecond),
        both(({ first }) => first, 0),
        both(({ all }) => all, 1),
        String(alone),
      ]
    }),
  )
}

export function storeTable({ reports, fresh, full, connections, delivery }: StoreCost): string {
  const kilobytes = (bytes: number) => `${(bytes / 1024).toFixed(1)} KB`
  return table(
    ['in Redis', ''],
    [
      ...reports.map(({ batch, cpu }) => [
        `processor time of a report, ${batch} in an exchange`,
        `${cpu.toFixed(1)} µs`,
      ]),
      ['processor time of a push, for each process that hears it', `${delivery.toFixed(2)} µs`],
      ['memory of a breaker, known for the first time', `${Math.round(fresh)} B`],
      ['memory of a breaker, with a full window', `${Math.round(full)} B`],
      ['memory of the two connections of a process', kilobytes(connections)],
    ],
  )
}

/** With two digits, or all before the point. */
export function rounded(value: number): string {
  return value < 10 ? value.toPrecision(2) : String(Math.round(value))
}
