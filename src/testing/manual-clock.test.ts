import { afterEach, describe, expect, it, vi } from 'vitest'
import { ManualClock } from './manual-clock.ts'

afterEach(() => {
  vi.useRealTimers()
})

describe('ManualClock', () => {
  it('starts at 0, or where it is told to, and stands still', () => {
    const clocks = [new ManualClock(), new ManualClock(1_000)]

    expect(clocks.map((clock) => [clock.now(), clock.wall()])).toEqual([
      [0, 0],
      [1_000, 1_000],
    ])
  })

  it('moves by hand, before advance returns', () => {
    const clock = new ManualClock(5)

    void clock.advance(10)
    const sum = clock.now()
    clock.set(3)

    expect([sum, clock.now()]).toEqual([15, 3])
  })

  it.each([-1, Number.NaN])('throws a RangeError for an advance of %d', (ms) => {
    const clock = new ManualClock()

    expect(() => clock.advance(ms)).toThrow(
      new RangeError(`ms must be at least 0, got ${ms}; set() can step back`),
    )
  })
})

it.each<[string, (clock: ManualClock) => unknown]>([
  ['start', () => new ManualClock('0' as never)],
  ['start', () => new ManualClock(new Date() as never)],
  ['ms', (clock) => clock.advance('10' as never)],
  ['ms', (clock) => clock.advance(undefined as never)],
  ['ms', (clock) => clock.set('10' as never)],
])('throws a TypeError for %s that is no number: %s', (name, act) => {
  const clock = new ManualClock(5)

  expect(() => act(clock)).toThrow(new RegExp(`^${name} must be a number, got `))
  expect(clock.now()).toBe(5)
})

it.each([Number.NaN, Infinity, -Infinity])('can not be set to %d', (ms) => {
  const clock = new ManualClock(5)

  expect(() => clock.set(ms)).toThrow(new RangeError(`ms must be a number, got ${ms}`))
  expect(clock.now()).toBe(5)
})

describe('a timer of ManualClock', () => {
  it.each([
    [99, 0],
    [100, 1],
    [101, 1],
  ])('set for 100 ms has after %d ms fired %d times', (ms, times) => {
    const clock = new ManualClock()
    const fn = vi.fn()
    clock.setTimer(100, fn)

    void clock.advance(ms)

    expect(fn).toHaveBeenCalledTimes(times)
  })

  it('fires once, at its own time, in order of time and then of age', () => {
    const clock = new ManualClock()
    const fired: [string, number][] = []
    const set = (ms: number, name: string): void => {
      clock.setTimer(ms, () => fired.push([name, clock.now()]))
    }
    for (const [ms, name] of [
      [30, 'c'],
      [10, 'a'],
      [30, 'd'],
      [20, 'b'],
    ] as const) {
      set(ms, name)
    }

    void clock.advance(25)
    void clock.advance(1_000)

    expect(fired).toEqual([
      ['a', 10],
      ['b', 20],
      ['c', 30],
      ['d', 30],
    ])
  })

  it('fires in the same advance when one that fires sets it', () => {
    const clock = new ManualClock()
    const fired: number[] = []
    clock.setTimer(10, () => {
      fired.push(clock.now())
      clock.setTimer(10, () => fired.push(clock.now()))
    })

    void clock.advance(20)

    expect(fired).toEqual([10, 20])
  })

  it('can be cancelled, also by one that fires before it', () => {
    const clock = new ManualClock()
    const fn = vi.fn()
    const cancel = clock.setTimer(10, fn)
    clock.setTimer(5, cancel)

    void clock.advance(10)
    cancel()

    expect(fn).not.toHaveBeenCalled()
    expect(clock.timers).toBe(0)
  })

  it('is not fired by setting the clock', () => {
    const clock = new ManualClock()
    const fn = vi.fn()
    clock.setTimer(10, fn)

    clock.set(1_000)
    const bySet = fn.mock.calls.length
    void clock.advance(0)

    expect([bySet, fn.mock.calls.length]).toEqual([0, 1])
  })

  it('does not turn the clock back when it was due long ago', () => {
    const clock = new ManualClock()
    const seen: number[] = []
    clock.setTimer(10, () => seen.push(clock.now()))

    clock.set(1_000)
    void clock.advance(5)

    expect([...seen, clock.now()]).toEqual([1_000, 1_005])
  })

  it('may advance the clock itself, which never turns it back', () => {
    const clock = new ManualClock()
    const seen: [string, number][] = []
    const note = (name: string): void => void seen.push([name, clock.now()])
    clock.setTimer(10, () => {
      note('a')
      void clock.advance(100)
      note('a, later')
    })
    clock.setTimer(20, () => note('b'))
    clock.setTimer(200, () => note('c'))

    void clock.advance(50)

    const inOrder = [
      ['a', 10],
      ['b', 20],
      ['a, later', 110],
    ]
    expect([seen, clock.now()]).toEqual([inOrder, 110])
  })

  it('may advance the clock past what it was told: that is not lost', () => {
    const clock = new ManualClock()
    const readings: number[] = []
    const read = (): void => void readings.push(clock.now())
    for (const ms of [5, 15]) {
      clock.setTimer(ms, () => {
        read()
        void clock.advance(40)
        read()
      })
    }

    void clock.advance(20)
    read()

    expect(readings).toEqual([...readings].sort((a, b) => a - b))
    expect(clock.now()).toBe(55)
  })

  it('is counted while it waits', async () => {
    const clock = new ManualClock()

    clock.setTimer(10, () => {})
    const cancel = clock.setTimer(0, () => {})
    const waiting = clock.timers
    cancel()
    await clock.advance(10)

    expect([waiting, clock.timers]).toEqual([2, 0])
  })
})

describe('awaiting an advance of ManualClock', () => {
  it('lets pending promise work finish', async () => {
    const clock = new ManualClock()
    let steps = 0
    const work = async (): Promise<void> => {
      for (let i = 0; i < 20; i++) {
        await null
        steps++
      }
    }
    clock.setTimer(10, () => void work())

    await clock.advance(10)

    expect(steps).toBe(20)
  })

  it('lets timers of 0 ms fire, and those that they set', async () => {
    const clock = new ManualClock()
    const fn = vi.fn()
    clock.setTimer(0, () => clock.setTimer(0, fn))

    await clock.advance(0)

    expect(fn).toHaveBeenCalledOnce()
    expect(clock.timers).toBe(0)
  })

  it('ends under the fake timers of a test runner', async () => {
    vi.useFakeTimers()
    const clock = new ManualClock()
    const fn = vi.fn()
    clock.setTimer(0, fn)

    await clock.advance(10)

    expect(fn).toHaveBeenCalledOnce()
  })
})
