import { cpus, loadavg } from 'node:os'
import { installedVersion } from '../conformance/versions.ts'
import { measureCounts } from './counts.ts'
import { footprints, measureImports } from './footprint.ts'
import { PAIRS } from './goals.ts'
import { isOwn, listings } from './listings.ts'
import { type Measured, type Mode, type Results, rowName } from './measured.ts'
import type { Memory } from './memory-child.ts'
import type { OwnFigures } from './own-child.ts'
import type { Pair } from './quantities.ts'
import type { RoundSettings } from './rounds.ts'
import { libraryOf, run, runChild, type Stage } from './run.ts'
import { type Figure, figure, median, shuffled } from './statistics.ts'

export interface Effort {
  readonly processes: number
  readonly rounds: RoundSettings
  readonly idleMs: number
  readonly starts: number
  readonly sizes: Readonly<Record<string, readonly number[]>>
}

export const FULL: Effort = {
  processes: 3,
  rounds: { rounds: 15, turn: 3, warmup: 80 },
  idleMs: 2_000,
  starts: 11,
  sizes: {
    keys: [1, 100, 10_000, 1_000_000],
    inFlight: [1, 100, 10_000, 100_000],
    inFlightAuto: [1, 100, 10_000, 100_000],
    window: [10, 1_000, 100_000],
    duration: [1, 60, 3_600],
    listeners: [0, 1, 10, 100],
    failures: [1_000, 10_000, 100_000],
    failuresOpossum: [1_000, 10_000, 100_000],
  },
}

export const QUICK: Effort = {
  processes: 1,
  rounds: { rounds: 9, turn: 2, warmup: 40 },
  idleMs: 1_000,
  starts: 3,
  sizes: {
    keys: [1, 10_000],
    inFlight: [1, 10_000],
    inFlightAuto: [1, 10_000],
    window: [10, 100_000],
    duration: [1, 3_600],
    listeners: [0, 10],
    failures: [1_000, 100_000],
    failuresOpossum: [1_000, 100_000],
  },
}

/** Compiled at once, not when a thread has time for it: what is warm must not depend on the load. */
const JIT = ['--no-concurrent-recompilation']

type Times = Record<Mode, Record<string, number>>

/** What is to be measured. */
export interface Work {
  readonly pairs: readonly Pair[]
  /** Whose memory. */
  readonly memory: readonly string[]
  readonly sizes: Readonly<Record<string, readonly number[]>>
}

function pairsOf(subjects: readonly string[]): Pair[] {
  return subjects.flatMap((subject) =>
    (listings[subject]?.scenarios ?? []).map((scenario): Pair => [subject, scenario]),
  )
}

export const OWN_PAIRS: readonly Pair[] = pairsOf(Object.keys(listings).filter(isOwn))

/** What the tables show. */
export function everything({ sizes }: Effort): Work {
  const subjects = Object.keys(listings)
  return { pairs: pairsOf(subjects), memory: subjects, sizes }
}

/** What the goals are made of, and nothing else. */
export const FOR_GOALS: Work = {
  pairs: PAIRS,
  memory: ['seed', 'count', 'time', 'full'],
  sizes: { failures: [1_000, 100_000] },
}

/** How many steps that takes. */
export function stepsOf({ pairs, memory, sizes }: Work, { processes }: Effort): number {
  return (pairs.length + Object.keys(sizes).length) * processes + memory.length + 3
}

/** Own processes for every subject in every scenario; each of them more than once, not in a row. */
export async function measureRatios(
  stage: Stage,
  pairs: readonly Pair[],
  { processes, rounds }: Pick<Effort, 'processes' | 'rounds'>,
  step: () => void,
): Promise<Pick<Measured, 'ratios' | 'units'>> {
  const [ratios, units] = [new Samples(), new Samples()]
  const settings = JSON.stringify(rounds)
  for (let i = 0; i < processes; i++) {
    for (const [subject, scenario] of shuffled(pairs)) {
      const times = await runChild<Times>(stage, 'timing-child', [subject, scenario, settings], JIT)
      for (const [mode, contestants] of Object.entries(times) as [Mode, Times[Mode]][]) {
        const unit = (contestants['hand async'] ?? contestants['hand stream']) as number
        units.add(`${scenario} ${mode}`, unit * 1e6)
        for (const [name, time] of Object.entries(contestants)) {
          const contestant = name === 'subject' ? subject : name
          ratios.add(rowName(contestant, scenario, mode), time / unit)
        }
      }
      step()
    }
  }
  return { ratios: ratios.map((values, row) => summed(row, values)), units: units.map(median) }
}

/** Samples by row. */
class Samples {
  readonly #rows = new Map<string, number[]>()

  add(row: string, value: number): void {
    this.#rows.set(row, [...(this.#rows.get(row) ?? []), value])
  }

  map<T>(fn: (values: readonly number[], row: string) => T): Record<string, T> {
    return Object.fromEntries([...this.#rows].map(([row, values]) => [row, fn(values, row)]))
  }
}

/** Floors meet every subject: many more processes, of which the middle ones tell the spread. */
function summed(row: string, values: readonly number[]): Figure {
  const isFloor = !Object.keys(listings).some((name) => row.startsWith(`${name} `))
  if (!isFloor) return figure(values)
  const middle = median(values)
  const apart = values.map((value) => Math.abs(value - middle))
  return { value: middle, spread: median(apart) / middle }
}

export async function measure(
  stage: Stage,
  work: Work,
  effort: Effort,
  step: () => void,
): Promise<Measured> {
  const load = loadavg()[0] as number
  const { ratios, units } = await measureRatios(stage, work.pairs, effort, step)
  const memory: Record<string, Memory> = {}
  for (const subject of work.memory) {
    const flags = ['--expose-gc', '--min-semi-space-size=256', '--max-semi-space-size=256']
    const args = [subject, String(effort.idleMs)]
    memory[subject] = await runChild<Memory>(stage, 'memory-child', args, flags)
    step()
  }
  const scale = await measureScale(stage, work.sizes, effort, step)
  const own = await runChild<OwnFigures>(stage, 'own-child', [], ['--expose-gc'])
  step()
  const counts = await measureCounts(stage)
  step()
  const [importTime] = await measureImports(stage, [libraryOf(stage)], effort.starts)
  step()
  return {
    node: (await run(stage.node, ['-p', 'process.versions.node'])).trim(),
    load,
    ratios,
    units,
    memory,
    scale,
    own,
    counts: {
      successTicks: counts['seed, success']?.ticks as number,
      failureTicks: counts['seed, failure']?.ticks as number,
      timeoutTimers: counts['seed, timeout armed']?.timers as number,
    },
    importTime: importTime as Figure,
  }
}

/** Everything that the page shows of the Node that runs this. */
export async function measureHere(
  stage: Stage,
  effort: Effort,
  step: () => void,
): Promise<Results> {
  const measured = await measure(stage, everything(effort), effort, step)
  const packages = Object.values(listings).flatMap(({ package: name }) => name ?? [])
  return {
    ...measured,
    cpu: cpus()[0]?.model ?? 'unknown',
    versions: Object.fromEntries(packages.map((name) => [name, installedVersion(name)])),
    footprints: await footprints(stage, effort.starts),
  }
}

async function measureScale(
  stage: Stage,
  sizes: Work['sizes'],
  { processes, rounds }: Effort,
  step: () => void,
): Promise<Measured['scale']> {
  const scale: Record<string, Record<string, Figure>> = {}
  const flags = [...JIT, '--max-old-space-size=6000']
  for (const [dimension, all] of Object.entries(sizes)) {
    const runs: Record<string, number>[] = []
    for (let i = 0; i < processes; i++) {
      const args = [dimension, JSON.stringify(rounds), all.join(',')]
      runs.push(await runChild(stage, 'scale-child', args, flags))
      step()
    }
    scale[dimension] = Object.fromEntries(
      all.map((size) => [size, figure(runs.map((run) => run[size] as number))]),
    )
  }
  return scale
}
