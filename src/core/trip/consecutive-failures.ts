import type { Finding } from './record.ts'

/** Reaching the limit opens: the n-th failure in a row is the one that trips. */
export function consecutiveFailures(streak: number, limit: number): Finding | undefined {
  if (streak < limit) return undefined
  return { rule: 'consecutiveFailures', observed: streak, threshold: limit }
}
