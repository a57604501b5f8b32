import { describe, expect, it } from 'vitest'
import { drawFrame } from '../../demo/frame.ts'
import { itStaysWithinTheScreen, plainLines } from './pictures.ts'
import { view } from './view.ts'

const draw = (width: number, height: number) => plainLines(drawFrame(view, width, height))

describe('drawFrame', () => {
  itStaysWithinTheScreen(draw)

  it('shows the latest events there is room for', () => {
    const lines = draw(120, 24)

    expect(lines.at(-1)).toContain('event 29')
    expect(lines.join()).not.toContain('event 1,')
  })

  it('explains itself where the screen is tall', () => {
    expect(draw(140, 41).join()).not.toContain('explain()')
    expect(draw(140, 42).filter((line) => line.includes('is open,'))).toHaveLength(2)
  })

  it('shows when each of the breakers opened', () => {
    const bands = draw(120, 24).filter((line) => line.startsWith(' state'))
    const [breaker = 0, classic = 0, opossum = 0] = bands.map((line) => line.indexOf('█'))

    expect(breaker).toBeGreaterThan(0)
    expect(classic).toBeGreaterThan(breaker)
    expect(opossum).toBeGreaterThan(classic)
  })

  it('says which opossum it is, with which options, and how it stands', () => {
    expect(draw(80, 23).find((line) => line.includes('OPOSSUM'))).toBe(
      ' WITH OPOSSUM 10.0.0, ITS DEFAULTS  open for 0.5 s',
    )
  })

  it('counts what was rejected, failed and hung in each lane so far, and the time lost', () => {
    const totals = draw(80, 23).slice(draw(80, 23).findIndex((line) => line.startsWith(' so far')))

    expect(totals[0]).toMatch(/rejected +failed +hung 2 s +lost waiting$/)
    expect(totals[1]).toMatch(/the breaker +1 +0 +0 +0\.0 s +$/)
    expect(totals[3]).toMatch(/opossum +1 +1 +2 +8\.5 s +/)
    expect(totals[4]).toMatch(/without +0 +1 +0 +0\.9 s +/)
  })

  it('parts the lanes where there is room', () => {
    const gaps = (height: number) => draw(80, height).filter((line) => line === '').length

    expect(gaps(29)).toBe(0)
    expect(gaps(30)).toBeGreaterThan(4)
  })

  it('shows the last second of both sides', () => {
    const figures = draw(120, 24).filter((line) => line.includes('calls:'))

    expect(figures[0]).toMatch(/1 calls: +0 ok +0 failed +1 rejected +now +0 in flight/)
    expect(figures[1]).toMatch(/1 calls: +0 ok +0 failed +0 rejected +now +1 in flight/)
  })
})
