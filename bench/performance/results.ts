import { cpus, loadavg } from 'node:os'
import { installedVersion } from '../conformance/versions.ts'
import { type Footprint, footprints } from './footprint.ts'
import { listings } from './listings.ts'
import type { Memory } from './memory-child.ts'
import type { RoundSettings } from './rounds.ts'
import { runChild } from './run.ts'
import { type Figure, figure, median, shuffled } from './statistics.ts'
import type { Scenario } from './subject.ts'

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
  },
}

export const QUICK: Effort = {
  processes: 1,
  rounds: { rounds: 9, turn: 2, warmup: 40 },
  idleMs: 300,
  starts: 3,
  sizes: {
    keys: [1, 10_000],
    inFlight: [1, 10_000],
    inFlightAuto: [1, 10_000],
    window: [10, 100_000],
    duration: [1, 3_600],
    listeners: [0, 10],
  },
}

/** Ratios to the hand-written wrapper by row: `scenario mode contestant`. */
export type Ratios = Readonly<Record<string, Figure>>

export interface Results {
  readonly node: string
  readonly cpu: string
  /** Programs that wanted to run when it began. */
  readonly load: number
  readonly versions: Readonly<Record<string, string>>
  readonly ratios: Ratios
  readonly memory: Readonly<Record<string, Memory>>
  readonly footprints: readonly Footprint[]
  readonly scale: Readonly<Record<string, Readonly<Record<string, Figure>>>>
}

/** Compiled at once, not when a thread has time for it: what is warm must not depend on the load. */
const JIT = ['--no-concurrent-recompilation']

type Times = Record<string, Record<string, number>>

export function rowName(subject: string, scenario: string, mode: string): string {
  return `${subject} ${scenario} ${mode}`
}

/** Own processes for every subject in every scenario; each of them more than once, not in a row. */
export async function measureRatios(
  subjects: readonly string[],
  { processes, rounds }: Pick<Effort, 'processes' | 'rounds'>,
  library: string,
  step: () => void,
  wanted: (scenario: Scenario) => boolean = () => true,
): Promise<Ratios> {
  const samples = new Map<string, number[]>()
  const settings = JSON.stringify(rounds)
  for (let i = 0; i < processes; i++) {
    for (const [subject, scenario] of shuffled(pairs(subjects).filter(([, it]) => wanted(it)))) {
      const times = await runChild<Times>(
        'timing-child.ts',
        [subject, scenario, settings],
        library,
        JIT,
      )
      for (const [mode, contestants] of Object.entries(times)) {
        const unit = contestants['hand async'] ?? contestants['hand stream']
        for (const [name, time] of Object.entries(contestants)) {
          const row = rowName(name === 'subject' ? subject : name, scenario, mode)
          samples.set(row, [...(samples.get(row) ?? []), time / (unit as number)])
        }
      }
      step()
    }
  }
  return Object.fromEntries([...samples].map(([row, values]) => [row, summed(row, values)]))
}

/** Floors meet every subject: many more processes, of which the middle ones tell the spread. */
function summed(row: string, values: readonly number[]): Figure {
  const isFloor = !Object.keys(listings).some((name) => row.startsWith(`${name} `))
  if (!isFloor) return figure(values)
  const value = median(values)
  const apart = values.map((it) => Math.abs(it - value))
  return { value, spread: median(apart) / value }
}

function pairs(subjects: readonly string[]): [string, Scenario][] {
  return subjects.flatMap((subject) =>
    (listings[subject]?.scenarios ?? []).map((it): [string, Scenario] => [subject, it]),
  )
}

/** How many steps a whole run takes. */
export function stepsOf(effort: Effort): number {
  const subjects = Object.keys(listings)
  const scales = Object.keys(effort.sizes).length * Math.min(effort.processes, 3)
  return pairs(subjects).length * effort.processes + subjects.length + scales + 1
}

export async function measure(effort: Effort, dist: string, step: () => void): Promise<Results> {
  const library = `${dist}/index.js`
  const subjects = Object.keys(listings)
  const load = loadavg()[0] as number
  const ratios = await measureRatios(subjects, effort, library, step)
  const memory: Record<string, Memory> = {}
  for (const subject of subjects) {
    const flags = ['--expose-gc', '--min-semi-space-size=256', '--max-semi-space-size=256']
    const args = [subject, String(effort.idleMs)]
    memory[subject] = await runChild<Memory>('memory-child.ts', args, library, flags)
    step()
  }
  const scale = await measureScale(effort, library, step)
  const taken = await footprints(dist, effort.starts)
  step()
  const packages = Object.values(listings).flatMap(({ package: name }) => name ?? [])
  return {
    node: process.versions.node,
    cpu: cpus()[0]?.model ?? 'unknown',
    load,
    versions: Object.fromEntries(packages.map((name) => [name, installedVersion(name)])),
    ratios,
    memory,
    footprints: taken,
    scale,
  }
}

async function measureScale(
  { sizes, processes, rounds }: Effort,
  library: string,
  step: () => void,
): Promise<Results['scale']> {
  const scale: Record<string, Record<string, Figure>> = {}
  for (const [dimension, all] of Object.entries(sizes)) {
    const runs: Record<string, number>[] = []
    for (let i = 0; i < Math.min(processes, 3); i++) {
      const args = [dimension, JSON.stringify(rounds), all.join(',')]
      runs.push(
        await runChild('scale-child.ts', args, library, [...JIT, '--max-old-space-size=6000']),
      )
      step()
    }
    scale[dimension] = Object.fromEntries(
      all.map((size) => [size, figure(runs.map((run) => run[size] as number))]),
    )
  }
  return scale
}
