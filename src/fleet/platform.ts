import { inNextTurn } from '../adapter/next-turn.ts'
import type { Clock } from '../index.ts'

/** What a platform may lack. */
interface Platform {
  readonly setTimeout: (fn: () => void, ms: number) => unknown
  readonly clearTimeout: (timer: unknown) => void
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
    if (ms <= 0) return inNextTurn(fn)
    const { setTimeout, clearTimeout } = platform
    const timer = setTimeout(fn, ms) as { unref?: () => void }
    timer.unref?.()
    return () => clearTimeout(timer)
  },
}

/** The number of the process, where there is one. */
export function processNumber(): number {
  return platform.process?.pid ?? 0
}
