import { describe, expect, it } from 'vitest'
import { KINDS, whoIsAhead } from '../../bench/performance/ahead.ts'
import { ALL_GOALS, GOALS, isMet, PAIRS } from '../../bench/performance/goals.ts'
import { missed } from '../../bench/performance/goals-table.ts'
import { listings } from '../../bench/performance/listings.ts'
import { rowName } from '../../bench/performance/measured.ts'
import { measured, results } from './measured.ts'

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
    const [rejection] = GOALS['Open'] ?? []

    expect(rejection && isMet(rejection, measured(node, value))).toBe(met)
  })

  it('are listed where they are missed', () => {
    const list = missed([measured('24.0.0', 0.4), measured('26.0.0', 0.4)])

    expect(list).toContain('- **Open:** rejection (Node 24); rejection, 1000 at once;')
  })
})

describe('whoIsAhead', () => {
  const ratio = (value: number) => ({ value, spread: 0 })
  const alfredTakes = (value: number) => ({
    ...results('24.0.0', 1),
    memory: {},
    ratios: {
      [rowName('seed', 'success', 'sequential')]: ratio(1),
      [rowName('alfred', 'success', 'sequential')]: ratio(value),
    },
  })

  it.each([
    [0.99, ['alfred']],
    [1, []],
  ])('names a peer that takes %d of what we take: %j', (value, names) => {
    expect(whoIsAhead(alfredTakes(value)).map(({ peer }) => peer)).toEqual(names)
  })

  it('knows every configuration of ours that has a peer of its kind', () => {
    const known = KINDS.flatMap(({ own, peers }) => [own, ...peers])

    expect(known.filter((name) => listings[name] === undefined)).toEqual([])
  })
})
