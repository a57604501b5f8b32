import { drawFrame, type View } from '../../demo/frame.ts'
import type { Line } from '../../demo/spans.ts'
import { manyNews } from './pictures.ts'

/** Ten seconds into a run. */
export const view: View = {
  now: 10_000,
  lengthMs: 20_000,
  perSecond: 40,
  faults: [{ kind: 'frozen', from: 3_000, until: 8_500 }],
  guarded: [{ startedAt: 9_500, endedAt: 9_500, result: 'rejected' }],
  bare: [{ startedAt: 8_000, endedAt: 8_900, result: 'failed' }, { startedAt: 9_500 }],
  changes: [{ at: 4_100, state: 'open' }],
  state: 'open',
  explanation: 'Circuit "upstream" is open, '.repeat(9),
  standing: 'open for 5.9 s',
  classic: {
    maxFailures: 5,
    calls: [],
    changes: [{ at: 5_000, state: 'open' }],
    state: 'open',
    standing: 'open for 5 s',
  },
  opossum: {
    version: '10.0.0',
    calls: [
      { startedAt: 3_000, endedAt: 8_500, result: 'ok' },
      { startedAt: 7_000 },
      { startedAt: 9_000 },
      { startedAt: 9_500, endedAt: 9_502, result: 'failed' },
      { startedAt: 9_600, endedAt: 9_600, result: 'rejected' },
    ],
    changes: [{ at: 9_502, state: 'open' }],
    state: 'open',
    standing: 'open for 0.5 s',
  },
  news: manyNews('breaker'),
}
/** The picture of that run at another moment. */
export function drawAt(now: number, width: number, height: number): Line[] {
  const news = view.news.filter(({ at }) => at <= now)
  return drawFrame({ ...view, now, news }, width, height)
}
