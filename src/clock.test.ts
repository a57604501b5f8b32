import { afterEach, describe, expect, it, vi } from 'vitest'
import { turn } from '../test/helpers/public.ts'
import { systemClock } from './clock.ts'

afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

describe('systemClock', () => {
  it('reads monotonic milliseconds and, for display, those since 1970', () => {
    const [before, now] = [performance.now(), systemClock.now()]

    expect(now).toBeGreaterThanOrEqual(before)
    expect(Math.abs(systemClock.wall() - Date.now())).toBeLessThan(1_000)
  })

  it('sets timers that can be cancelled', () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const [kept, cancelled] = [vi.fn(), vi.fn()]

    systemClock.setTimer(100, kept)
    systemClock.setTimer(100, cancelled)()
    vi.advanceTimersByTime(100)

    expect(kept).toHaveBeenCalledOnce()
    expect(cancelled).not.toHaveBeenCalled()
    expect(vi.getTimerCount()).toBe(0)
  })

  it('does not let a delay beyond what timers can wait fire at once', () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const fn = vi.fn()

    const cancel = systemClock.setTimer(2 ** 40, fn)
    vi.advanceTimersByTime(1_000_000)
    cancel()

    expect(fn).not.toHaveBeenCalled()
  })

  it.each([0, -1])('calls after %d ms in a later turn, unless cancelled', async (ms) => {
    const [kept, cancelled] = [vi.fn(), vi.fn()]

    systemClock.setTimer(ms, kept)
    systemClock.setTimer(ms, cancelled)()
    await Promise.resolve()
    const inThisTurn = kept.mock.calls.length
    await turn()

    expect([inThisTurn, kept.mock.calls.length]).toEqual([0, 1])
    expect(cancelled).not.toHaveBeenCalled()
  })

  it('waits for a turn also where there is no setImmediate', async () => {
    const [kept, cancelled] = [vi.fn(), vi.fn()]
    vi.stubGlobal('setImmediate', undefined)

    systemClock.setTimer(0, cancelled)()
    await new Promise<void>((resolve) => {
      systemClock.setTimer(0, () => {
        kept()
        resolve()
      })
    })

    expect(kept).toHaveBeenCalledOnce()
    expect(cancelled).not.toHaveBeenCalled()
  })

  it('is governed by the fake timers of test runners', () => {
    vi.useFakeTimers({
      toFake: ['performance', 'Date', 'setTimeout', 'clearTimeout'],
    })
    const before = [systemClock.now(), systemClock.wall()]

    vi.advanceTimersByTime(5_000)

    expect([systemClock.now(), systemClock.wall()]).toEqual(before.map((value) => value + 5_000))
  })
})
