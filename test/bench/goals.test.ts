import { describe, expect, it } from 'vitest'
import { KINDS, whoIsAhead } from '../../bench/performance/ahead.ts'
import { ALL_GOALS, GOALS, isMet, PAIRS } from '../../bench/performance/goals.ts'
import { missed } from '../../bench/performance/goals-table.ts'
import { listings } from '../../bench/performance/listings.ts'
import { type Measured, rowName } from '../../bench/performance/measured.ts'

/** As if it had been measured: each of the pairs takes `value` times the wrapper by hand. */
function measured(node: string, value: number): Measured {
  const floors = ['bare', 'hand async', 'hand then', 'hand clock', 'hand timeout', 'hand sync']
  const scenarios = new Set(PAIRS.map(([, scenario]) => scenario))
  const modes = ['sequential', 'concurrent'] as const
  const rows = [
    ...PAIRS.flatMap(([subject, scenario]) =>
      modes.map((mode) => [rowName(subject, scenario, mode), { value, spread: 0 }] as const),
    ),
    ...[...scenarios].flatMap((scenario) =>
      floors.flatMap((floor) =>
        modes.map((mode) => [rowName(floor, scenario, mode), { value: 1, spread: 0 }] as const),
      ),
    ),
  ]
  const memory = { perCall: value, alone: value, fresh: value, used: value, timers: 0, idle: 0 }
  return {
    node,
    load: 0,
    ratios: Object.fromEntries(rows),
    units: { 'sync sequential': 100 },
    memory: { seed: memory, count: memory, time: memory, full: memory },
    scale: { failures: { 1000: { value, spread: 0 }, 100000: { value, spread: 0 } } },
    own: { healthyKey: 0, failedKey: value, snapshot: value, growth: 0, frames: 0 },
    counts: { successTicks: 2, failureTicks: 3, timeoutTimers: 0 },
    importTime: { value, spread: 0 },
  }
}

describe('goals', () => {
  it('are made of pairs that exist', () => {
    const missing = PAIRS.filter(([subject, scenario]) => {
      return !listings[subject]?.scenarios.includes(scenario)
    })

    expect(missing).toEqual([])
  })

  it('find what they are made of among what is measured for them', () => {
    const without = ALL_GOALS.filter((goal) => goal.of(measured('24.0.0', 1)) === undefined)

    expect(without.map(({ label }) => label)).toEqual([])
  })

  it('have a limit on Node 20', () => {
    expect(ALL_GOALS.filter((goal) => isMet(goal, measured('20.0.0', 1)) === undefined)).toEqual([])
  })

  it.each([
    ['24.0.0', 0.4, false],
    ['26.0.0', 0.4, true],
    ['26.0.0', 0.43, false],
  ])('are judged by the limit of the version: on Node %s, %d is met: %s', (node, value, met) => {
    const [refusal] = GOALS['Open'] ?? []

    expect(refusal && isMet(refusal, measured(node, value))).toBe(met)
  })

  it('are listed where they are missed', () => {
    const list = missed([measured('24.0.0', 0.4), measured('26.0.0', 0.4)])

    expect(list).toContain('- **Open:** refusal (Node 24); refusal, 1000 at once;')
  })
})

describe('whoIsAhead', () => {
  const results = (peer: number) => ({
    ...measured('24.0.0', 1),
    ratios: {
      [rowName('seed', 'success', 'sequential')]: { value: 1, spread: 0 },
      [rowName('alfred', 'success', 'sequential')]: { value: peer, spread: 0 },
    },
    memory: {},
    cpu: '',
    versions: {},
    footprints: [],
  })

  it.each([
    [0.99, ['alfred']],
    [1, []],
  ])('names a peer that takes %d of what we take: %j', (peer, names) => {
    expect(whoIsAhead(results(peer)).map((it) => it.peer)).toEqual(names)
  })

  it('knows every configuration of ours that has a peer of its kind', () => {
    const known = KINDS.flatMap(({ own, peers }) => [own, ...peers])

    expect(known.filter((name) => listings[name] === undefined)).toEqual([])
  })
})
