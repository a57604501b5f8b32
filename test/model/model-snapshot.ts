import type { Snapshot } from '../../src/index.ts'
import { type ModelTrip, tripsOf } from './eras.ts'
import { type Call, failuresInARow, resultsOf, succeededProbes } from './evidence.ts'
import type { Mode, ReferenceModel } from './reference-model.ts'

type Counts = Snapshot['counts']

function countsOf({ calls, refusals }: ReferenceModel): Counts {
  const count = (test: (call: Call) => boolean): number => calls.filter(test).length
  const settled = ({ ending }: Call): boolean => ending?.how === 'settled'
  const heard = (outcome: string) =>
    count(({ ending }) => ending?.how === 'settled' && !ending.stale && ending.outcome === outcome)
  const refused = (reason: string): number =>
    refusals.filter((value) => value.reason === reason).length
  return {
    admitted: count(({ ending }) => ending?.how !== 'dropped'),
    settled: count(settled),
    expired: count(({ ending }) => ending?.how === 'expired'),
    success: heard('success'),
    failure: heard('failure'),
    neutral: heard('neutral'),
    cancelled: heard('cancelled'),
    timeout: count(({ ending }) => ending?.how === 'settled' && !ending.stale && ending.timedOut),
    stale: count(({ ending }) => ending?.how === 'settled' && ending.stale),
    rejected: {
      open: refused('open'),
      'half-open': refused('half-open'),
      'forced-open': refused('forced-open'),
      full: refused('full'),
      unenforced: refused('unenforced'),
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
  const { era, override, now, settings } = view
  const shown = { 'forced-open': 'open', 'forced-closed': 'closed', disabled: 'closed' } as const
  const halfOpen = era.name === 'half-open'
  return {
    state: override === undefined ? era.name : shown[override.mode],
    stateFor: now - (override ?? era).since,
    automatic: era.name,
    generation: era.generation,
    override: override?.mode ?? null,
    inFlight: view.inFlight(),
    probes: halfOpen
      ? {
          inFlight: view.outstandingProbes().filter((call) => view.isCurrent(call)).length,
          limit: settings.concurrent,
          succeeded: succeededProbes(view.calls, era.generation),
          needed: settings.probes,
        }
      : null,
    counts: countsOf(view),
    consecutiveFailures:
      era.name === 'closed' ? failuresInARow(resultsOf(view.calls, era.generation)) : 0,
    trips: tripsOf(view.eras, view.refusals)
      .slice(settings.history === 0 ? Infinity : -settings.history)
      .map(({ at, ...trip }) => ({ ...trip, age: now - at })),
    retryAfter: retryAfterOf(view),
  }
}

/** `'unsaid'` where the specification names a bound and no number. */
function retryAfterOf({ era, override, now }: ReferenceModel): number | null | 'unsaid' {
  const automatic =
    era.name === 'open' ? (era.until as number) - now : era.name === 'closed' ? null : 'unsaid'
  if (override === undefined) return automatic
  if (override.mode !== 'forced-open') return null
  return override.until === Infinity ? null : 'unsaid'
}
