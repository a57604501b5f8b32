import { describe, expect, it } from 'vitest'
import { createWindow, restoreWindow, type Window, type WindowSettings } from './window.ts'

function fill(window: Window, hits: readonly boolean[], now = 0): Window {
  for (const hit of hits) window.record(hit, now)
  return window
}

function pattern(length: number): boolean[] {
  return Array.from({ length }, (_, i) => i % 3 === 0 || i % 7 === 0)
}

function counters(hits: readonly boolean[]): { hits: number; calls: number } {
  return { hits: hits.filter(Boolean).length, calls: hits.length }
}

function reopened(settings: WindowSettings, window: Window, now: number, later: number): Window {
  return restoreWindow(settings, JSON.parse(JSON.stringify(window.save(now))), later)
}

const KINDS: readonly WindowSettings[] = [{ calls: 40 }, { duration: 1_000 }]

describe.each(KINDS)('a window of %o', (settings) => {
  it('is empty when it is new', () => {
    const window = createWindow(settings)

    expect(window).toMatchObject({ hits: 0, calls: 0 })
    expect(window.read(0)).toEqual({ hits: 0, calls: 0 })
  })

  it('tells calls and hits apart', () => {
    const window = fill(createWindow(settings), pattern(20))

    expect(window).toMatchObject(counters(pattern(20)))
    expect(window.read(0)).toEqual(counters(pattern(20)))
  })

  it('has a clone that goes on apart', () => {
    const window = fill(createWindow(settings), [true, false])

    const copy = fill(window.clone(), [true])
    fill(window, [false, false])

    expect(copy.read(0)).toEqual({ hits: 2, calls: 3 })
    expect(window.read(0)).toEqual({ hits: 1, calls: 4 })
  })

  it('is restored as it was saved, through JSON', () => {
    const window = fill(createWindow(settings), pattern(33), 500)

    expect(reopened(settings, window, 510, 0).read(0)).toEqual(counters(pattern(33)))
  })

  it('starts empty from what a window of the other kind saved', () => {
    const other = fill(createWindow(KINDS[settings === KINDS[0] ? 1 : 0] as never), [true])

    expect(reopened(settings, other, 0, 0).read(0)).toEqual({ hits: 0, calls: 0 })
  })
})

describe('a window of calls', () => {
  it.each([1, 2, 31, 32, 33, 64, 100])('holds the last %d calls exactly', (size) => {
    const window = createWindow({ calls: size })
    const all = pattern(3 * size + 1)

    all.forEach((hit, i) => {
      window.record(hit, i)
      expect(window.read(0)).toEqual(counters(all.slice(Math.max(0, i + 1 - size), i + 1)))
    })
  })

  it('does not age', () => {
    const window = fill(createWindow({ calls: 10 }), [true])

    expect(window.read(1e12)).toEqual({ hits: 1, calls: 1 })
  })

  it.each([
    { size: 5, kept: 5 },
    { size: 7, kept: 7 },
    { size: 50, kept: 12 },
  ])('keeps the newest calls when it is restored with room for $size', ({ size, kept }) => {
    const all = pattern(20)
    const window = fill(createWindow({ calls: 12 }), all)

    expect(reopened({ calls: size }, window, 0, 0).read(0)).toEqual(counters(all.slice(20 - kept)))
  })

  it('has a clone that forgets its own calls', () => {
    const window = fill(createWindow({ calls: 2 }), [true, true])
    const copy = window.clone()
    fill(window, [false, false])

    expect(fill(copy, [false]).read(0)).toEqual({ hits: 1, calls: 2 })
  })

  it('forgets the oldest first after it was restored', () => {
    const window = fill(createWindow({ calls: 3 }), [false, true, false, false])

    const restored = fill(reopened({ calls: 3 }, window, 0, 0), [false])

    expect(restored.read(0)).toEqual({ hits: 0, calls: 3 })
  })
})

describe('a window of time', () => {
  it('leaves the oldest slice out as soon as the newest one is over', () => {
    const window = createWindow({ duration: 1_000 })
    fill(window, [true], 0)
    fill(window, [false], 950)

    expect(window.read(999)).toEqual({ hits: 1, calls: 2 })
    expect(window.read(1_000)).toEqual({ hits: 0, calls: 1 })
  })

  it.each([
    { at: 899, calls: 1 },
    { at: 900, calls: 1 },
    { at: 999, calls: 1 },
    { at: 1_000, calls: 0 },
    { at: 1_001, calls: 0 },
    { at: 3_600_000, calls: 0 },
  ])('of 1000 ms forgets a call of the first slice with that slice: $calls at $at', (row) => {
    const window = fill(createWindow({ duration: 1_000 }), [true], 0)

    expect(window.read(row.at)).toEqual({ hits: row.calls, calls: row.calls })
  })

  it.each([
    { at: 999, hits: 1, calls: 3 },
    { at: 1_000, hits: 1, calls: 2 },
    { at: 1_100, hits: 0, calls: 1 },
    { at: 1_900, hits: 0, calls: 0 },
  ])('ages by reading alone: at $at it has $hits of $calls', ({ at, hits, calls }) => {
    const window = createWindow({ duration: 1_000 })
    window.record(false, 50)
    window.record(true, 150)
    window.record(false, 850)

    expect(window.read(at)).toEqual({ hits, calls })
  })

  it.each([1, 99, 100, 450, 999, 1_000, 1_050, 10_000])(
    'counts with the next call only what is not too old: after %d ms',
    (pause) => {
      const window = fill(createWindow({ duration: 1_000 }), [true, true], 0)

      window.record(false, pause)

      const old = pause < 1_000 ? 2 : 0
      expect(window).toMatchObject({ hits: old, calls: old + 1 })
      expect(window.read(pause)).toEqual({ hits: old, calls: old + 1 })
    },
  )

  it('agrees with itself read and recorded, over a long walk', () => {
    const window = createWindow({ duration: 1_000 })
    for (let i = 0, now = 0; i < 500; i++, now += (i * 37) % 310) {
      window.record(i % 3 === 0, now)
      expect(window.read(now)).toEqual({ hits: window.hits, calls: window.calls })
    }
  })

  it('goes on ageing after it was restored, at another time', () => {
    const window = fill(createWindow({ duration: 1_000 }), [true], 0)

    const restored = reopened({ duration: 1_000 }, window, 300, 50_000)

    expect(restored.read(50_600)).toEqual({ hits: 1, calls: 1 })
    expect(restored.read(50_800)).toEqual({ hits: 0, calls: 0 })
  })

  it('has a clone that ages as it does', () => {
    const copy = fill(createWindow({ duration: 1_000 }), [true], 0).clone()

    expect(copy.read(999)).toEqual({ hits: 1, calls: 1 })
    expect(copy.read(1_000)).toEqual({ hits: 0, calls: 0 })
  })

  it('is saved as its slices that are not empty, oldest first, with the age of their beginning', () => {
    const window = createWindow({ duration: 1_000 })
    window.record(true, 10)
    window.record(false, 810)

    const slices = [
      [850, 1, 1],
      [50, 0, 1],
    ]
    expect(window.save(850)).toEqual({ slices })
  })

  it('is saved as nothing when it is empty, and restored from that', () => {
    const window = createWindow({ duration: 1_000 })

    expect(window.save(500)).toEqual({ slices: [] })
    expect(reopened({ duration: 1_000 }, window, 500, 0).read(0)).toEqual({ hits: 0, calls: 0 })
  })

  it('keeps the borders of its slices when it is restored', () => {
    const window = fill(createWindow({ duration: 1_000 }), [true], 50)

    const restored = reopened({ duration: 1_000 }, window, 95, 1_000)

    expect(restored.read(1_904)).toEqual({ hits: 1, calls: 1 })
    expect(restored.read(1_905)).toEqual({ hits: 0, calls: 0 })
  })

  it.each([
    { recorded: 0, duration: 300 },
    { recorded: 520, duration: 350 },
  ])('leaves out what is too old for a shorter duration: $recorded at 850 for $duration', (row) => {
    const window = createWindow({ duration: 1_000 })
    window.record(true, row.recorded)
    window.record(false, 820)

    const restored = reopened({ duration: row.duration }, window, 850, 850)

    expect(restored.read(850)).toEqual({ hits: 0, calls: 1 })
  })
})
