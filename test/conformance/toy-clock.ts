import type { TestClock } from '../../src/testing/conformance/index.ts'

interface Timer {
  readonly due: number
  readonly fn: () => void
  readonly holds: boolean
}

/** A monotonic and a wall clock, and timers, moved by hand. */
export class ToyClock implements TestClock {
  /** Errors that would have reached the host. */
  readonly escaped: unknown[] = []
  #now = 0
  #wallOffset = 1_700_000_000_000
  readonly #timers = new Set<Timer>()

  now(): number {
    return this.#now
  }

  wall(): number {
    return this.#now + this.#wallOffset
  }

  setTimer(ms: number, fn: () => void, { holds }: { holds: boolean }): void {
    this.#timers.add({ due: this.#now + ms, fn, holds })
  }

  advance(ms: number): void {
    const end = this.#now + ms
    for (const timer of [...this.#timers].sort((a, b) => a.due - b.due)) {
      if (timer.due > end) break
      this.#now = Math.max(this.#now, timer.due)
      this.#timers.delete(timer)
      timer.fn()
    }
    this.#now = end
  }

  stepWall(ms: number): void {
    this.#wallOffset += ms
  }

  freeze(ms: number): void {
    this.#now += ms
  }

  holdingTimers(): number {
    return [...this.#timers].filter((timer) => timer.holds).length
  }

  pendingTimers(): number {
    return this.#timers.size
  }
}
