import { inNextTurn } from '../adapter/next-turn.ts'
import type { Clock } from '../index.ts'

/** What a platform may lack. */
interface Platform {
  readonly setTimeout: (fn: () => void, ms: number) => unknown
  readonly clearTimeout: (timer: unknown) => void
  readonly performance: { now(): number }
  readonly Date: { now(): number }
  readonly process?: {
    readonly pid?: number
    readonly env?: Readonly<Record<string, string | undefined>>
  }
}

const platform = globalThis as unknown as Platform

/** The time of the process. Unlike those of a breaker, its timers do not keep the process alive. */
export const unobtrusiveClock: Clock = {
  now: () => platform.performance.now(),
  wall: () => platform.Date.now(),
  setTimer: (ms, fn) => {
    const { setTimeout, clearTimeout } = platform
    const timer = setTimeout(fn, ms) as { unref?: () => void }
    timer.unref?.()
    return () => clearTimeout(timer)
  },
}

/** Resolves when other work has had its turn. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => void inNextTurn(resolve))
}

export function environment(name: string): string | undefined {
  return platform.process?.env?.[name]
}

/** What tells this process from others: in Kubernetes the name of its pod, and its number. */
export function processId(): string {
  const host = environment('HOSTNAME') ?? environment('COMPUTERNAME') ?? 'process'
  return `${host}-${platform.process?.pid ?? randomId()}`
}

/** Characters that hardly come twice; no secret. Workers have none of those of `crypto` at import. */
export function randomId(): string {
  return Math.random().toString(36).slice(2, 8)
}
