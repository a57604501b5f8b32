import { describe, expect, it } from 'vitest'
import { allAre, allConnected, Historian, milliseconds } from '../../demo/fleet/history.ts'
import { hostTime, type Report } from '../../demo/fleet/messages.ts'

const news = ({ history }: Historian) => history.news.map(({ who, text }) => `${who}: ${text}`)
const calls: Report = { kind: 'calls', calls: [], probes: [], stall: 0 }

/** Two processes, and what each becomes, in that order. */
function tell(
  ...changes: (readonly [
    process: number,
    state: 'open' | 'half-open' | 'closed',
    byFleet: boolean,
  ])[]
): Historian {
  const historian = new Historian(2)
  historian.begin()
  const start = hostTime()
  changes.forEach(([process, state, byFleet], i) => {
    historian.hear({ kind: 'change', at: start + 1 + i, state, byFleet }, process)
  })
  return historian
}

describe('Historian', () => {
  it('tells once that all have followed the fleet, when the last of them has', () => {
    const one = tell([0, 'open', true])
    const both = tell(
      [0, 'open', true],
      [1, 'open', true],
      [1, 'half-open', false],
      [1, 'open', true],
    )

    expect(news(one)).toEqual([])
    expect(news(both)).toEqual(['fleet: all 2 open, by the word of the fleet, within 1.0 ms'])
  })

  it('tells when each has opened by itself, and closed, from the first to the last', () => {
    const historian = tell(
      ...([
        [0, 'open', false],
        [0, 'half-open', false],
        [0, 'open', false],
      ] as const),
      ...([
        [1, 'open', false],
        [0, 'closed', false],
        [1, 'closed', false],
      ] as const),
    )

    expect(news(historian)).toEqual([
      'fleet: all 2 open, each by itself, within 3.0 ms',
      'fleet: all 2 closed, each by itself, within 1.0 ms',
    ])
  })

  it('tells how many opened by themselves before the fleet did', () => {
    const historian = tell([0, 'open', false], [1, 'open', true])

    expect(news(historian)).toEqual(['fleet: all 2 open, 1 of them by themselves, within 1.0 ms'])
  })

  it('tells once that Redis can not be reached by any, and again when by all', () => {
    const historian = new Historian(2)
    const connection = (process: number, connected: boolean) =>
      historian.hear({ kind: 'connection', at: hostTime(), connected }, process)
    for (const connected of [true, false, true]) {
      for (const process of [0, 1, 0]) connection(process, connected)
    }

    expect(news(historian)).toEqual([
      'fleet: all 2 are without Redis, and go on by themselves',
      'fleet: all 2 report to Redis',
    ])
    expect(allConnected(historian.history, true)).toBe(true)
  })

  it('tells of probes for the fleet, and of no others', () => {
    const followed = tell([0, 'open', true])
    const alone = tell([0, 'open', false])
    const probe = { startedAt: hostTime(), endedAt: hostTime() + 1, result: 'failed' } as const
    for (const historian of [followed, alone]) {
      historian.hear({ ...calls, probes: [probe] }, 0)
    }

    expect(news(followed)).toEqual(['process 1: probes for all: failed'])
    expect(news(alone)).toEqual([])
    expect(alone.history.probes).toMatchObject([{ process: 0, result: 'failed' }])
  })

  it('keeps calls with the times of its own clock, and the longest stall', () => {
    const historian = new Historian(1)
    const now = historian.begin()
    const startedAt = hostTime()
    historian.hear({ ...calls, stall: 7 }, 0)
    historian.hear({ ...calls, stall: 3, calls: [{ startedAt, endedAt: startedAt + 9 }] }, 0)

    const [call] = historian.history.calls
    expect(call?.startedAt).toBeGreaterThanOrEqual(0)
    expect(call?.startedAt).toBeLessThanOrEqual(now())
    expect(Number(call?.endedAt) - Number(call?.startedAt)).toBeCloseTo(9)
    expect(historian.history.longestStall).toBe(7)
  })

  it('takes a process of which nothing was heard for closed, and for not connected', () => {
    const { history } = new Historian(2)

    expect(allAre(history, 'closed')).toBe(true)
    expect(allConnected(history, false)).toBe(true)
  })
})

describe('milliseconds', () => {
  it.each([
    [0.04, '0.0 ms'],
    [1.26, '1.3 ms'],
    [12.6, '13 ms'],
    [999, '999 ms'],
    [1_234, '1.23 s'],
  ])('tells %f as %s', (ms, text) => {
    expect(milliseconds(ms)).toBe(text)
  })
})
