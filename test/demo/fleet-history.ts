import type { FleetHistory } from '../../demo/fleet/history.ts'
import { Historian } from '../../demo/fleet/history.ts'
import { processes } from '../../demo/fleet/settings.ts'
import type { Result } from '../../demo/traffic.ts'
import type { StateName } from '../../src/index.ts'

type Change = readonly [at: number, state: StateName, byFleet: boolean]

const shared: Change[] = [
  [4_000, 'open', true],
  [5_000, 'half-open', false],
  [5_001, 'open', true],
  [7_000, 'half-open', false],
  [7_030, 'closed', true],
]
const alone: Change[] = [
  [14_000, 'open', false],
  [16_000, 'half-open', false],
  [16_030, 'closed', false],
]
const again = shared.map(([at, ...rest]): Change => [at + 20_000, ...rest])

/** A run in which all went as it is meant to, each process a little later than the one before. */
export function goodRun(): FleetHistory {
  const { history } = new Historian(processes)
  const down = (from: number, until: number) => ({ kind: 'killed' as const, from, until })
  history.changes = Array.from({ length: processes }, (_, process) =>
    [...shared, ...alone, ...again].map(([at, state, byFleet]) => {
      return { at: at + process / 10, state, byFleet }
    }),
  )
  history.connections = history.changes.map(() => [
    { at: 9_000, connected: false },
    { at: 19_000, connected: true },
  ])
  history.calls = [
    ...answered(0, 3_000, 'ok'),
    ...answered(3_000, 7_000, 'failed'),
    ...answered(7_000, 12_000, 'ok'),
  ]
  history.probes = [5_000, 7_000, 25_000, 27_000].map((startedAt, process) => {
    return { startedAt, endedAt: startedAt + 20, result: 'ok', process }
  })
  history.upstream = [down(3_000, 6_500), down(12_000, 15_500), down(23_000, 26_500)]
  history.redis = [down(9_000, 18_000)]
  return history
}

function answered(from: number, to: number, result: Result) {
  return Array.from({ length: (to - from) / 50 }, (_, i) => {
    const startedAt = from + i * 50
    return { startedAt, endedAt: startedAt + 20, result }
  })
}
