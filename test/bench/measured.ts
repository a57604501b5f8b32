import { FOR_GOALS } from '../../bench/performance/measure.ts'
import { type Measured, type Results, rowName } from '../../bench/performance/measured.ts'

const FLOORS = ['bare', 'hand async', 'hand then', 'hand clock', 'hand timeout', 'hand sync']

/** As if what the goals need had been measured: all of it takes `value` times the floors. */
export function measured(node: string, value: number): Measured {
  const figure = { value, spread: 0 }
  const memory = { perCall: value, alone: value, fresh: value, used: value, timers: 0, idle: 0 }
  const rows = FOR_GOALS.pairs.flatMap(([subject, scenario]) => {
    const both = scenario === 'success' || scenario === 'open'
    const modes = both ? (['sequential', 'concurrent'] as const) : (['sequential'] as const)
    return modes.flatMap((mode) => [
      [rowName(subject, scenario, mode), figure] as const,
      ...FLOORS.map((floor) => [rowName(floor, scenario, mode), { value: 1, spread: 0 }] as const),
    ])
  })
  return {
    node,
    load: 0,
    ratios: Object.fromEntries(rows),
    units: { 'sync sequential': 100 },
    memory: Object.fromEntries(FOR_GOALS.memory.map((subject) => [subject, memory])),
    scale: Object.fromEntries(
      Object.entries(FOR_GOALS.sizes).map(([dimension, sizes]) => [
        dimension,
        Object.fromEntries(sizes.map((size) => [size, figure])),
      ]),
    ),
    own: { healthyKey: 0, failedKey: value, snapshot: value, growth: 0, frames: 0 },
    counts: { successTicks: 2, failureTicks: 3, timeoutTimers: 0 },
    importTime: figure,
  }
}

/** The same with what only the Node of the tables has. */
export function results(node: string, value: number): Results {
  return { ...measured(node, value), cpu: 'a processor', versions: {}, footprints: [] }
}
