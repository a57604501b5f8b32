import { describe, expect, it } from 'vitest'
import { findingLines } from '../../demo/fleet/fleet.ts'
import { drawFleet, type FleetView, processBand, tellFleetSecond } from '../../demo/fleet/frame.ts'
import { paint } from '../../demo/spans.ts'
import { goodRun } from './fleet-history.ts'
import { itStaysWithinTheScreen, manyNews, plainLines } from './pictures.ts'

const view: FleetView = {
  ...goodRun(),
  now: 16_000,
  lengthMs: 32_000,
  news: manyNews('fleet'),
}
const draw = (width: number, height: number) => plainLines(drawFleet(view, width, height))

describe('drawFleet', () => {
  itStaysWithinTheScreen(draw)

  it('shows a band for each process, and the latest event, in 80 columns and 23 rows', () => {
    const lines = draw(80, 23)

    for (let i = 1; i <= 8; i++) {
      expect(lines.filter((line) => line.startsWith(` process ${i} `))).toHaveLength(1)
    }
    expect(lines.at(-1)).toContain('event 29')
    expect(lines.every((line) => !line.includes('…') || line.includes('event'))).toBe(true)
  })

  it('tells every event in the last picture', () => {
    const lines = draw(80, Infinity)

    expect(lines.filter((line) => line.includes('event'))).toHaveLength(30)
  })

  it('shows when Redis was gone', () => {
    const redis = draw(80, 23).find((line) => line.startsWith(' redis'))

    expect(redis).toMatch(/─ up ─+▓+ killed ▓+$/)
  })
})

describe('processBand', () => {
  const scale = { lengthMs: 10_000, width: 10, now: 10_000 }
  const band = (...args: Parameters<typeof processBand>) => paint(processBand(...args), false)

  it('tells an opening by the fleet from one by itself, and shows where it probed', () => {
    const changes = [
      { at: 1_000, state: 'open', byFleet: true },
      { at: 3_000, state: 'half-open', byFleet: false },
      { at: 3_900, state: 'closed', byFleet: true },
      { at: 6_000, state: 'open', byFleet: false },
      { at: 8_000, state: 'half-open', byFleet: false },
      { at: 8_100, state: 'closed', byFleet: false },
    ] as const
    const probe = { startedAt: 8_000, endedAt: 8_020, result: 'ok', process: 0 } as const

    expect(band(changes, [], scale)).toBe('▂██▅▂▂▓▓▅▂')
    expect(band(changes, [probe], scale)).toBe('▂██▅▂▂▓▓◆▂')
  })

  it('draws no probe of the future', () => {
    const probe = { startedAt: 8_000, endedAt: 8_020, result: 'ok', process: 0 } as const

    expect(band([], [probe], { ...scale, now: 5_000 })).toBe('▂▂▂▂▂')
  })
})

describe('tellFleetSecond', () => {
  it('counts the processes in each state, and the calls of the last second', () => {
    expect(tellFleetSecond({ ...view, now: 3_000 }, 3_000)).toMatch(
      /^8 closed +20 ok +0 failed +0 rejected/,
    )
  })
})

describe('findingLines', () => {
  it('wraps the text beside the verdict', () => {
    const lines = findingLines({ verdict: 'no', text: 'word '.repeat(20).trim() })

    expect(plainLines(lines)).toEqual([
      ` no    ${'word '.repeat(14).trim()}`,
      `       ${'word '.repeat(6).trim()}`,
    ])
  })
})
