import { createRequire } from 'node:module'
import { type Action, HOUR, type Subject } from '../subject.ts'

interface Opossum {
  fire(): Promise<unknown>
  fallback(fn: () => unknown): void
}

type OpossumClass = new (action: Action, options: object) => Opossum

/** Its own defaults, or everything off that can be. */
export async function opossum(lean: boolean): Promise<Subject> {
  const Breaker = createRequire(import.meta.url)('opossum') as OpossumClass
  return {
    guard(action, { trips, fallback, timeout }) {
      const breaker = new Breaker(action, {
        resetTimeout: HOUR,
        errorThresholdPercentage: trips ? 1 : 99,
        ...(lean && {
          timeout: timeout ?? false,
          rollingPercentilesEnabled: false,
          enableSnapshots: false,
        }),
        ...(timeout !== undefined && { timeout }),
      })
      if (fallback !== undefined) breaker.fallback(fallback)
      return () => breaker.fire()
    },
  }
}
