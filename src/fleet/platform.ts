import type { Clock } from '../index.ts'

/** What a platform may lack. */
interface Platform {
  readonly setTimeout: (fn: () => void, ms: number) => unknown
  readonly clearTimeout: (timer: unknown) => void
  readonly setImmediate?: (fn: () => void) => unknown
  readonly clearImmediate: (immediate: unknown) => void
  readonly performance: { now(): number }
  readonly Date: { now(): number }
  readonly process?: { readonly pid?: number }
}

const platform = globalThis as unknown as Platform

/** The time of the process. Unlike those of a breaker, its timers do not keep the process alive. */
export const unobtrusiveClock: Clock = {
  now: () => platform.performance.now(),
  wall: () => platform.Date.now(),
  setTimer: (ms, fn) => {
    const { setTimeout, clearTimeout, setImmediate, clearImmediate } = platform
    if (ms <= 0 && setImmediate !== undefined) {
      const immediate = setImmediate(fn)
      return () => clearImmediate(immediate)
    }
    const timer = setTimeout(fn, ms) as { unref?: () => void }
    timer.unref?.()
    return () => clearTimeout(timer)
  },
}

/** The number of the process, where there is one. */
export function processNumber(): number {
  return platform.process?.pid ?? 0
}
