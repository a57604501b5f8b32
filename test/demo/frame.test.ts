import { describe, expect, it } from 'vitest'
import { drawFrame, type View } from '../../demo/frame.ts'
import { itStaysWithinTheScreen, manyNews, plainLines } from './pictures.ts'

const view: View = {
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
  news: manyNews('breaker'),
}
const draw = (width: number, height: number) => plainLines(drawFrame(view, width, height))

describe('drawFrame', () => {
  itStaysWithinTheScreen(draw)

  it('shows the latest events there is room for', () => {
    const lines = draw(120, 24)

    expect(lines.at(-1)).toContain('event 29')
    expect(lines.join()).not.toContain('event 1,')
  })

  it('explains itself where the screen is tall', () => {
    expect(draw(140, 35).join()).not.toContain('explain()')
    expect(draw(140, 36).filter((line) => line.includes('is open,'))).toHaveLength(2)
  })

  it('shows when each of the two breakers opened', () => {
    const [breaker = '', classic = ''] = draw(120, 24).filter((line) => line.startsWith(' state'))

    expect(breaker.indexOf('█')).toBeGreaterThan(0)
    expect(classic.indexOf('█')).toBeGreaterThan(breaker.indexOf('█'))
  })

  it('shows the last second of both sides', () => {
    const figures = draw(120, 24).filter((line) => line.includes('last second'))

    expect(figures[0]).toMatch(/1 calls: +0 ok +0 failed +1 rejected +now +0 in flight/)
    expect(figures[1]).toMatch(/1 calls: +0 ok +0 failed +0 rejected +now +1 in flight/)
  })
})
