import { setTimeout as sleep } from 'node:timers/promises'

/** Milliseconds since the demo started. */
export type Now = () => number

export function startClock(): Now {
  const start = performance.now()
  return () => performance.now() - start
}

/** Returns at once when the moment has passed. */
export async function sleepUntil(at: number, now: Now): Promise<void> {
  const left = at - now()
  if (left > 0) await sleep(left)
}

export function seconds(ms: number, digits = 1): string {
  return (ms / 1_000).toFixed(digits)
}
