import type { StateName, Trip } from '../src/index.ts'

/** A transition in words. An opening is told with the breaker's own reason and its last failure. */
export function tellChange(to: StateName, trip: Trip | undefined): string {
  if (to === 'closed') return 'closed: the probe succeeded, calls pass again'
  if (to === 'half-open') return 'half-open: the open time is over, one call probes'
  if (trip === undefined) return 'open'

  const last = trip.failures.at(-1)
  const failure = last ? ` – ${last.code ?? last.name}: ${last.message}` : ''
  return `${trip.from === 'closed' ? 'open' : 'open again'}: ${trip.text}${failure}`
}
