import { describe, expect, it, vi } from 'vitest'
import type { Clock } from '../clock.ts'
import { ManualClock } from '../testing/manual-clock.ts'
import { inNextTurn } from './next-turn.ts'

function pending(over = false): { over: boolean; onNextTurn: () => void } {
  return { over, onNextTurn: vi.fn() }
}

describe('inNextTurn', () => {
  it('looks at all of them once, with one timer', async () => {
    const clock = new ManualClock()
    const all = Array.from({ length: 200 }, () => pending())

    for (const one of all) inNextTurn(clock, one)
    const { timers } = clock
    await clock.advance(0)
    await clock.advance(0)

    expect(timers).toBe(1)
    expect(clock.timers).toBe(0)
    for (const { onNextTurn } of all) expect(onNextTurn).toHaveBeenCalledOnce()
  })

  it.each([1, 65, 200])('leaves out those of %i that are over by then', async (count) => {
    const clock = new ManualClock()
    const all = Array.from({ length: count }, () => pending())
    for (const one of all) inNextTurn(clock, one)
    for (const one of all) one.over = true

    const later = Array.from({ length: 70 }, () => pending(true))
    for (const one of later) inNextTurn(clock, one)
    await clock.advance(0)

    for (const { onNextTurn } of [...all, ...later]) expect(onNextTurn).not.toHaveBeenCalled()
  })

  it('forgets most of those that are over before the turn comes', async () => {
    const clock = new ManualClock()
    let asked = 0
    const one = () => ({
      ended: false,
      get over() {
        asked++
        return this.ended
      },
      onNextTurn: () => {},
    })

    for (let i = 0; i < 10; i++) {
      // Each finds the one before it open, so that all of them are kept.
      const all = Array.from({ length: 100 }, one)
      for (const pending of all) inNextTurn(clock, pending)
      for (const pending of all) pending.ended = true
    }
    asked = 0
    await clock.advance(0)

    expect(asked).toBeLessThan(200)
  })

  it('does not mix up clocks', () => {
    const fire: (() => void)[] = []
    const clock = (): Clock => ({
      now: () => 0,
      wall: () => 0,
      setTimer: (_ms, fn) => {
        fire.push(fn)
        return () => {}
      },
    })
    const [one, other] = [clock(), clock()]
    const seen: string[] = []
    const named = (name: string) => ({ over: false, onNextTurn: () => void seen.push(name) })

    inNextTurn(one, named('first'))
    inNextTurn(other, named('second'))
    inNextTurn(one, named('third'))
    const turns = fire.map((next) => {
      next()
      return seen.splice(0)
    })

    expect(turns).toEqual([['first'], ['second'], ['third']])
  })
})
