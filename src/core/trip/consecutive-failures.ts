import type { Finding } from './record.ts'

/** Reaching the limit opens: the n-th failure in a row is the one that trips. */
export function consecutiveFailures(count: number, limit: number): Finding | undefined {
  if (count < limit) return undefined
  return { rule: 'consecutiveFailures', observed: count, threshold: limit }
}
