import { table } from '../markdown.ts'
import type { StoreCost } from './store.ts'
import { rounded } from './tables.ts'

const FLEETS = [
  [10, 10],
  [100, 100],
  [1_000, 1_000],
  [10_000, 1_000],
] as const

/** A processor of Redis is not to be busy for longer than this share of the time. */
const BUSY = 0.5
/** Breakers in one script. */
const BATCH = 50

/** What follows for larger fleets, if every process calls by each of its breakers in each second. */
export function arithmeticTable({ reports, connections, delivery }: StoreCost): string {
  const perReport = (reports.at(-1)?.cpu ?? Number.NaN) / 1e6
  return table(
    [
      'processes × breakers',
      'reports/s',
      'scripts/s',
      'processors',
      'shards',
      'connections of a node',
      'one push',
    ],
    FLEETS.map(([processes, breakers]) => {
      const perSecond = processes * breakers
      const processors = perSecond * perReport
      return [
        `${grouped(processes)} × ${grouped(breakers)}`,
        grouped(perSecond),
        grouped(processes * Math.ceil(breakers / BATCH)),
        rounded(processors),
        grouped(Math.max(1, Math.ceil(processors / BUSY))),
        `${grouped(2 * processes)}, ${Math.round((processes * connections) / 1024 ** 2)} MB`,
        `${rounded((processes * delivery) / 1e3)} ms`,
      ]
    }),
  )
}

function grouped(value: number): string {
  return String(value).replaceAll(/\B(?=(\d{3})+$)/g, ' ')
}
