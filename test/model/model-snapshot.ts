import type { Snapshot } from '../../src/index.ts'
import { type Call, failuresInARow, probesOf, resultsOf } from './evidence.ts'
import { type ModelTrip, tripsOf } from './periods.ts'
import type { Mode, ReferenceModel } from './reference-model.ts'

type Counts = Snapshot['counts']

function countsOf({ calls, rejections }: ReferenceModel): Counts {
  const count = (test: (call: Call) => boolean): number => calls.filter(test).length
  const settled = ({ ending }: Call): boolean => ending?.how === 'settled'
  const heard = (outcome: string) =>
    count(({ ending }) => ending?.how === 'settled' && !ending.stale && ending.outcome === outcome)
  const rejected = (reason: string): number =>
    rejections.filter((value) => value.reason === reason).length
  return {
    admitted: count(({ ending }) => ending?.how !== 'dropped'),
    settled: count(settled),
    expired: count(({ ending }) => ending?.how === 'expired' || ending?.how === 'unrecorded'),
    success: heard('success'),
    failure: heard('failure'),
    neutral: heard('neutral'),
    cancelled: heard('cancelled'),
    timeout: count(({ ending }) => ending?.how === 'settled' && !ending.stale && ending.timedOut),
    stale: count(({ ending }) => ending?.how === 'settled' && ending.stale),
    fallbacks: 0,
    failedFallbacks: 0,
    rejected: {
      open: rejected('open'),
      'half-open': rejected('half-open'),
      'forced-open': rejected('forced-open'),
      full: rejected('full'),
      unenforced: rejected('unenforced'),
    },
  }
}

/** The part of a snapshot that the model knows. */
export type ModelSnapshot = Pick<
  Snapshot,
  | 'state'
  | 'stateFor'
  | 'automatic'
  | 'generation'
  | 'inFlight'
  | 'probes'
  | 'counts'
  | 'consecutiveFailures'
> & {
  readonly override: Mode | null
  readonly trips: readonly (Omit<ModelTrip, 'at'> & { readonly age: number })[]
  readonly retryAfter: number | null | 'unsaid'
}

/** Everything that a breaker shows and the model knows, in the same words. */
export function modelSnapshot(model: ReferenceModel, reading: number): ModelSnapshot {
  const view = model.view(reading)
  const { period, override, now, settings } = view
  const shown = { 'forced-open': 'open', 'forced-closed': 'closed', disabled: 'closed' } as const
  const halfOpen = period.name === 'half-open'
  return {
    state: override === undefined ? period.name : shown[override.mode],
    stateFor: now - (override ?? period).since,
    automatic: period.name,
    generation: period.generation,
    override: override?.mode ?? null,
    inFlight: view.inFlight(),
    probes: halfOpen
      ? {
          inFlight: view
            .outstandingProbes()
            .filter((call) => view.isCurrent(call) && call.deliveredAt === undefined).length,
          limit: view.probeLimit,
          ...probesOf(view.calls, period.generation, settings),
          needed: period.lease === undefined ? settings.successes : 1,
        }
      : null,
    counts: countsOf(view),
    consecutiveFailures:
      period.name === 'closed' ? failuresInARow(resultsOf(view.calls, period.generation)) : 0,
    trips: tripsOf(view.periods, view.rejections)
      .slice(settings.history === 0 ? Infinity : -settings.history)
      .map(({ at, ...trip }) => ({ ...trip, age: now - at })),
    retryAfter: retryAfterOf(view),
  }
}

/** `'unsaid'` where the specification names a bound and no number. */
/** What a timer is set to that must not fire a part of a millisecond too early. */
function whole(ms: number): number {
  return ms === Math.trunc(ms) ? ms : Math.ceil(ms) + 1
}

function retryAfterOf({ period, override, now }: ReferenceModel): number | null | 'unsaid' {
  const automatic =
    period.name === 'open'
      ? period.until === Infinity
        ? null
        : whole((period.until as number) - now)
      : period.name === 'closed'
        ? null
        : 'unsaid'
  if (override === undefined) return automatic
  if (override.mode !== 'forced-open') return null
  return override.until === Infinity ? null : 'unsaid'
}
