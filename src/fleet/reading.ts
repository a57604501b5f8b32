import type { FleetRecord } from './record.ts'
import { type FleetBreaker, policyOfText } from './store.ts'

/** A record as those who operate the fleet see it. */
export function breakerOf(name: string, record: FleetRecord, nowMs: number): FleetBreaker {
  const { registers, reporters, leases, policy, windows } = record
  const { buckets = 0, bucketMs = 1 } = policyOfText(policy) ?? {}
  const since = nowMs - buckets * bucketMs
  const calls = { success: 0, failure: 0, slow: 0 }
  for (const [slot, success, failure, slow] of windows[`${bucketMs}x${buckets}`] ?? []) {
    if (slot <= Math.floor(nowMs / bucketMs) - buckets) continue
    calls.success += success
    calls.failure += failure
    calls.slow += slow
  }
  return {
    name,
    registers,
    calls,
    reporters: reporters.filter(([, at]) => at > since).map(([process]) => process),
    leases: leases.filter(([, expiresAt]) => expiresAt > nowMs).map(([lease]) => lease),
    policy,
  }
}
