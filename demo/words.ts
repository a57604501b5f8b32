import type { StateName, Trip } from '../src/index.ts'

/** A transition as a line. An opening is told with the breaker's own reason and the last failure. */
export function tellChange(to: StateName, trip: Trip | undefined): string {
  if (to === 'closed') return 'closed: it has recovered, calls pass again'
  if (to === 'half-open') return 'half-open: the open time is over, the next call probes'
  if (trip === undefined) return 'open'
  if (trip.reopened === 0) return `open: ${trip.text}${told(trip.failures.at(-1))}`
  const how = trip.reopenedBy === 'probeFailed' ? 'the probe failed' : 'the probe took too long'
  return `open again: ${how}${told(trip.probeFailure)}`
}

function told(failure: Trip['probeFailure'] | undefined): string {
  if (!failure) return ''
  const { name, code, message } = failure
  const repeated = code !== null && message.includes(String(code))
  return repeated ? ` – ${message}` : ` – ${code ?? name}: ${message}`
}
