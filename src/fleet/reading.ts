import type { FleetRecord } from './record.ts'
import { type FleetBreaker, policyOfText } from './store.ts'
import { addTo, geometryOf, totals } from './window.ts'

/** A record as those who operate the fleet see it. */
export function breakerOf(name: string, record: FleetRecord, nowMs: number): FleetBreaker {
  const { registers, reporters, leases, policy, windows } = record
  const geometry = policyOfText(policy) ?? { buckets: 0, bucketMs: 1 }
  const since = nowMs - geometry.buckets * geometry.bucketMs
  return {
    name,
    registers,
    calls: totals(addTo(windows[geometryOf(geometry)] ?? [], undefined, geometry, nowMs)),
    reporters: reporters.filter(([, at]) => at > since).map(([process]) => process),
    leases: leases.filter(([, expiresAt]) => expiresAt > nowMs).map(([lease]) => lease),
    policy,
  }
}
