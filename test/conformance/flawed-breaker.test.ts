import { describe, expect, it } from 'vitest'
import {
  type BreakerAdapter,
  conformanceCases,
  runConformance,
} from '../../src/testing/conformance/index.ts'
import { collectGarbage } from './collect-garbage.ts'
import type { Flaw } from './flaw.ts'
import { FlawedBreaker } from './flawed-breaker.ts'
import { ToyClock } from './toy-clock.ts'

function adapterOf(flaw?: Flaw): BreakerAdapter {
  return {
    name: `toy: ${flaw ?? 'no flaw'}`,
    setUp() {
      const clock = new ToyClock()
      return {
        clock,
        create: (setup) => new FlawedBreaker(setup, clock, flaw),
        createTwins(setup) {
          const shared = flaw === 'options are shared' ? { failures: 0 } : undefined
          const twin = () => new FlawedBreaker(setup, clock, flaw, shared)
          return [twin(), twin()]
        },
        // Collecting takes longer than all the other cases together.
        ...((flaw === undefined || flaw === 'everything is kept') && { collectGarbage }),
        escapedErrors: () => clock.escaped,
      }
    },
  }
}

async function failedBy(flaw?: Flaw): Promise<string[]> {
  const results = await runConformance(adapterOf(flaw))
  return results.filter(({ verdict }) => verdict === 'fail').map(({ id }) => id)
}

/** Flaws that leave little else working, and the case that is about them. */
const crippling = { 'one call at a time': 'M7', 'async failures are successes': 'M8' } as const

/** Each other flaw, and exactly the cases that have to notice it. */
const noticed: Record<Exclude<Flaw, keyof typeof crippling>, string> = {
  'every call probes': 'K1 K6 M3 M12',
  'one more probe than asked for': 'M3 M12',
  'callers wait for the probe': 'K2 K3 K8 K9 M5 M13',
  'late results count': 'K4 K6 M3',
  'late failures re-open': 'K4',
  'late successes close': 'K5 K6 M4 M10',
  'late probes count': 'K7',
  'late results make room': 'K6 M3',
  'cancelled calls close': 'M11',
  'probes never expire': 'K8 M5 M13',
  'sync throws are not counted': 'K10',
  'results must be promises': 'K11',
  'reads the wall clock': 'K12 K13 M2',
  'recovers by a timer': 'K14 M6',
  'a timer holds the process': 'K25',
  'the timer survives a reset': 'M6',
  'rejections are in the rate': 'K16',
  'calls in flight are in the rate': 'K19',
  'the rate survives a recovery': 'K15',
  'the window never ages': 'K17 K18',
  'the window stalls when time steps back': 'K12 K13 M1 M2',
  'listeners decide results': 'K20',
  'listener errors escape': 'K20',
  'aborts are failures': 'K21',
  'streams are done when they start': 'K22',
  'leaving early is a failure': 'M9',
  'options are shared': 'K23',
  'everything is kept': 'K24',
}

describe('conformanceCases', () => {
  it('pass a breaker without a flaw', async () => {
    expect(await failedBy()).toEqual([])
  })

  it.each(Object.entries(noticed))('notice that %s', async (flaw, ids) => {
    expect((await failedBy(flaw as Flaw)).join(' ')).toBe(ids)
  })

  it.each(Object.entries(crippling))('notice that %s', async (flaw, id) => {
    expect(await failedBy(flaw as Flaw)).toContain(id)
  })

  it('are each failed by some flaw', () => {
    const lists = [...Object.values(noticed), ...Object.values(crippling)]
    const failed = new Set(lists.flatMap((ids) => ids.split(' ')))

    expect(conformanceCases.map(({ id }) => id).filter((id) => !failed.has(id))).toEqual([])
  })
})
