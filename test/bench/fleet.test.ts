import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { arithmeticTable } from '../../bench/fleet/arithmetic.ts'
import { callTable, commandTable, openingTable, storeTable } from '../../bench/fleet/tables.ts'
import { withFigures } from '../../bench/markdown.ts'

const page = readFileSync(new URL('../../docs/fleet.md', import.meta.url), 'utf8')
const cost = {
  reports: [
    { batch: 1, cpu: 25 },
    { batch: 100, cpu: 12.5 },
  ],
  fresh: 700.4,
  full: 1_000,
  connections: 40 * 1_024,
  delivery: 0.5,
}

describe('the figures of a fleet', () => {
  it.each(['calls', 'commands', 'opening', 'store'])('have their place on the page: %s', (part) => {
    const once = withFigures(page, 'bench:fleet', part, 'some figures')

    expect(once).toContain('-->\n\nsome figures\n\n<!-- end')
    expect(withFigures(once, 'bench:fleet', part, 'some figures')).toBe(once)
    expect(once.split('\n## ')).toHaveLength(page.split('\n## ').length)
  })

  it('are not written where there is no place for them', () => {
    expect(() => withFigures('a page', 'bench:fleet', 'calls', '')).toThrow(
      'lost the marks of calls',
    )
  })

  it('are told in tables', () => {
    const costs = [
      { shape: 'failure', local: 100.4, shared: 103, ratio: 1.02, noise: 1.01 },
    ] as const
    const counts = [{ processes: 2, perSecond: 100, calls: 2_000, scripts: 19, busy: 0.012 }]
    const trials = [1, 2, 3].map((all) => ({ first: 500, all, alone: 0 }))

    expect(callTable(costs)).toContain('`maxFailures` | 100 ns | 103 ns | 1.02 | 1.01 |')
    expect(commandTable(counts)).toContain('| 2 | 100 | 9.5 | 1.2 % |')
    expect(openingTable([{ name: 'a rule', perSecond: 5, trials }])).toContain(
      '| a rule | 5 | 500 / 500 ms | 2.0 / 3.0 ms | 0 |',
    )
    expect(storeTable(cost)).toContain('100 in an exchange | 12.5 µs |')
    expect(storeTable(cost)).toContain('first time | 700 B |')
  })

  it('lead to those of larger fleets, by the cost of reports in large exchanges', () => {
    expect(arithmeticTable(cost).split('\n').at(-1)).toBe(
      '| 10 000 × 1 000 | 10 000 000 | 200 000 | 125 | 250 | 20 000, 391 MB | 5.0 ms |',
    )
  })
})
