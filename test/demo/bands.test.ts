import { describe, expect, it } from 'vitest'
import { answerBand, faultBand, horizontalBar, inFlightBand, stateBand } from '../../demo/bands.ts'
import { type Line, paint } from '../../demo/spans.ts'

const text = (line: Line) => paint(line, false)
const none = { ok: 0, failed: 0, rejected: 0, inFlight: 0 }

describe('stateBand', () => {
  it('tells the states apart without colours', () => {
    expect(text(stateBand(['closed', 'closed', 'open', 'half-open']))).toBe('▂▂█▅')
  })

  it('colours a run of one state with one code', () => {
    expect(paint(stateBand(['open', 'open', 'closed']), true)).toBe(
      '\x1b[31m██\x1b[39m\x1b[32m▂\x1b[39m',
    )
  })
})

describe('answerBand', () => {
  it.each([
    ['is as high as there were answers', { ...none, ok: 5 }, '▄'],
    ['is blank while nothing ends', { ...none, inFlight: 9 }, ' '],
    ['shows failures where they are as many as the answers', { ...none, ok: 3, failed: 3 }, '×'],
    ['shows answers where failures are fewer', { ...none, ok: 10, failed: 3 }, '█'],
    ['shows rejections where hardly anything else ended', { ...none, rejected: 9 }, '·'],
    ['shows the failed probe among rejections', { ...none, rejected: 9, failed: 1 }, '×'],
  ])('%s', (_, column, expected) => {
    expect(text(answerBand([column], 10))).toBe(expected)
  })

  it('marks a lone failed probe less loudly than failing calls', () => {
    const [probe] = answerBand([{ ...none, rejected: 9, failed: 1 }], 10)
    const [crowd] = answerBand([{ ...none, failed: 9 }], 10)

    expect(probe?.style).toBe('red')
    expect(crowd?.style).toContain('bgRed')
  })
})

describe('inFlightBand', () => {
  it('rises with the calls that wait and never leaves the line', () => {
    const columns = [0, 0.05, 1, 20, 40, 60].map((inFlight) => ({ ...none, inFlight }))

    expect(text(inFlightBand(columns, 40))).toBe('  ▁▄██')
  })
})

describe('faultBand', () => {
  const scale = { lengthMs: 1_000, width: 40, now: 1_000 }

  it('names what happens to the upstreams where there is room', () => {
    const band = text(faultBand([{ kind: 'frozen', from: 250, until: 500 }], scale))

    expect(band).toBe('─── up ───░ frozen ░──────── up ────────')
  })

  it('leaves the name out where there is none', () => {
    const faults = [{ kind: 'killed', from: 250, until: 350 }] as const

    expect(text(faultBand(faults, scale))).toContain('─▓▓▓▓─')
  })

  it('draws a fault that is not over until now', () => {
    const band = text(faultBand([{ kind: 'frozen', from: 250 }], { ...scale, now: 325 }))

    expect(band).toBe('─── up ───░░░')
  })
})

describe('horizontalBar', () => {
  it.each([
    [0, ''],
    [50, '█████'],
    [53, '█████▎'],
    [100, '██████████'],
  ])('draws %i of 100 in ten characters as "%s"', (value, bar) => {
    expect(horizontalBar(value, 100, 10)).toBe(bar)
  })

  it('is empty when there is nothing to compare with, or no room', () => {
    expect(horizontalBar(0, 0, 10)).toBe('')
    expect(horizontalBar(50, 100, -3)).toBe('')
  })
})
