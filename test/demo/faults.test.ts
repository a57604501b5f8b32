import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Fault, lengthMs, patienceMs, playFaults } from '../../demo/faults.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'performance'] })
})
afterEach(() => {
  vi.useRealTimers()
})

vi.mock('node:timers/promises', () => ({
  setTimeout: (ms: number) => new Promise((resolve) => setTimeout(resolve, ms)),
}))

/** What is done to an upstream while the script plays, and when, with breakers that recover at some time. */
async function play(haveRecovered: (ms: number) => boolean) {
  const start = performance.now()
  const now = () => performance.now() - start
  const done: [at: number, what: string][] = []
  const does = (what: string) => () => void done.push([Math.round(now() / 100) / 10, what])
  const upstream = {
    freeze: does('freeze'),
    thaw: does('thaw'),
    kill: async () => does('kill')(),
    restart: async () => does('restart')(),
  }
  const faults: Fault[] = []
  const played = playFaults(
    [upstream],
    faults,
    now,
    () => {},
    () => haveRecovered(now()),
  ).then(now)
  await vi.advanceTimersByTimeAsync(lengthMs + 4 * patienceMs)
  return { done, faults, took: await played }
}

describe('playFaults', () => {
  it('keeps to its times where the breakers recover', async () => {
    const { done, faults, took } = await play(() => true)

    expect(done).toEqual([
      [3, 'freeze'],
      [8.5, 'thaw'],
      [12, 'kill'],
      [15.5, 'restart'],
    ])
    expect(faults.map(({ kind }) => kind)).toEqual(['frozen', 'killed'])
    expect(took).toBeCloseTo(lengthMs, -2)
  })

  it('lets the breakers recover before the next outage, and that last as long as ever', async () => {
    const { done, took } = await play((ms) => ms < 9_000 || ms > 14_000)

    expect(done.slice(2)).toEqual([
      [14, 'kill'],
      [17.5, 'restart'],
    ])
    expect(took).toBeCloseTo(lengthMs + 2_000, -2)
  })

  it('does not wait for ever', async () => {
    const { done, took } = await play((ms) => ms < 9_000)

    expect(done[2]).toEqual([18, 'kill'])
    expect(took).toBeCloseTo(lengthMs + 2 * patienceMs, -2)
  })
})
