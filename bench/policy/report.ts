import { table } from '../markdown.ts'
import { type Findings, type Statement, statements } from './findings.ts'
import type { FalseTrips } from './markov.ts'
import type { NamedResults } from './named.ts'
import {
  ablationTable,
  changeTable,
  costTable,
  differenceTable,
  falseTripTable,
  hangTable,
  lateTable,
  lossTable,
  partsTable,
  policyTable,
  weightsTable,
} from './tables.ts'

export interface Results {
  readonly findings: Findings
  readonly named: NamedResults
  readonly falseTrips: readonly FalseTrips[]
  readonly versions: Readonly<Record<string, string>>
  /** The build that this one follows, by its policy's name. */
  readonly before: string
}

const BEGIN = '<!-- from here on written by npm run bench:policy -->'

/** The page with everything below the mark replaced. */
export function page(before: string, results: Results): string {
  const [byHand] = before.split(BEGIN)
  if (byHand === undefined || !before.includes(BEGIN)) throw new Error(`no line ${BEGIN}`)
  return `${byHand}${BEGIN}\n\n${generated(results)}\n`
}

/** All registered statements, with what was found. */
export function verdicts({ findings, named, falseTrips, before }: Results): Statement[] {
  const hang = named.hang.find(({ policy }) => policy === 'auto')?.toTrip ?? Infinity
  const kept = named.late.find(({ policy }) => policy === 'auto')?.kept ?? 0
  const off = Math.max(...falseTrips.map((value) => Math.abs(value.measured / value.computed - 1)))
  return [
    ...statements(findings, before),
    {
      claim: 'a hang with a call timeout of 5 s is tripped in about a second',
      found: `${(hang / 1_000).toFixed(2)} s`,
      holds: hang < 1_500,
    },
    {
      claim: 'a dependency that is 60 times later but healthy keeps more than 98 % of its goodput',
      found: `${(kept * 100).toFixed(2)} %`,
      holds: kept > 0.98,
    },
    {
      claim: 'false trips of `evidence` agree with the Markov chain within 5 %',
      found: `at most ${(off * 100).toFixed(1)} % off`,
      holds: off < 0.05,
    },
  ]
}

function generated(results: Results): string {
  const { findings, named, falseTrips, versions, before } = results
  const { seeds } = findings
  const installed = Object.entries(versions).map(([name, version]) => `${name} ${version}`)
  return `## Results

${seeds.length} scenarios, seeds ${seeds[0]} to ${seeds.at(-1)}. ${installed.join(', ')}.

### What was to be shown

${table(
  ['registered beforehand', 'found', 'holds'],
  verdicts(results).map(({ claim, found, holds }) => [claim, found, holds ? 'yes' : '**no**']),
).replaceAll('--:', '---')}

### Cost by fault

In J beyond the oracle's, per 1000 calls; less is better. Negative numbers are those where the greedy oracle is not best.

${costTable(findings)}

![Stacked bars: what each policy costs, and what of](policy.svg)

The dashed line is the oracle.

### Against auto

${differenceTable(findings)}

### Against auto before its last change

The build of commit ${before}, driven in the same run; the faults that got worse come first.

${changeTable(findings, before)}

### Where auto loses

Every policy that is better than \`auto\` by more than 1 J in the mean of a fault type.

${lossTable(findings)}

### What the cost is made of

Per 1000 calls, without weights.

${partsTable(findings)}

### Other weights

The cost beyond the oracle's when a failed attempt and a second of waiting for it weigh that much. \`0, 0\` is goodput alone.

${weightsTable(findings)}

### What each part of auto is good for

${ablationTable(findings)}

### A hang

20 clients, 10 calls a second each, call timeout 5 s, no answer for 30 s.

${hangTable(named)}

### Late, but healthy

100 calls a second, call timeout 10 s, answers 60 times later for a minute. What is not listed kept everything and did not trip.

${lateTable(named)}

### False trips of evidence

Mean number of calls until the score opens a circuit whose calls fail at a steady share, ten of them ending each second.

${falseTripTable(falseTrips)}

## The policies

${policyTable()}`
}
