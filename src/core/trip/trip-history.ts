import type { RecordedFailure } from '../outcome.ts'
import type { Opening } from '../state/open.ts'
import { ruleStatuses, type State } from '../state/state.ts'
import type { TransitionReason } from '../transition.ts'
import type { Finding, RuleStatus, TripRecord } from './record.ts'

/** What is known about an opening when it happens. */
export interface OpeningFacts {
  readonly at: number
  readonly reason: TransitionReason
  readonly openFor: number
  readonly enforced: boolean
  readonly finding: Finding | null
  readonly note: string | null
  readonly by: string | null
  readonly ruleStatuses: readonly RuleStatus[]
}

/** What is known about an opening of a machine at `at`. */
export function tripFacts(
  machine: Parameters<typeof ruleStatuses>[0] & { readonly override: object | undefined },
  at: number,
  reason: TransitionReason,
  openFor: number,
  { finding, byHand = {} }: Opening,
): OpeningFacts {
  const { reason: note = null, by = null } = byHand
  const enforced = machine.override === undefined
  return {
    at,
    reason,
    openFor,
    enforced,
    ruleStatuses: ruleStatuses(machine, at),
    finding: finding ?? null,
    note,
    by,
  }
}

/** The last trips of a breaker, oldest first, bounded. */
export class TripHistory {
  readonly records: TripRecord[]
  #limit: number

  /** Keeps the last `limit` records; goes on from these, oldest first. */
  constructor(limit: number, records: TripRecord[] = []) {
    this.#limit = limit
    this.records = records
    this.#forget()
  }

  /** A closed circuit has opened, or a half-open one was tripped by hand. */
  open(from: State, facts: OpeningFacts): TripRecord {
    if (from.name !== 'closed') endTrip(from.trip, facts.at, facts.reason)
    const failures = from.name === 'closed' ? (from.failures?.slice() ?? []) : []
    const consecutiveFailures = from.name === 'closed' ? from.consecutiveFailures : 0
    const trip: TripRecord = {
      ...facts,
      from: from.name,
      generation: from.generation,
      failures,
      consecutiveFailures,
      reopened: 0,
      reopenedBy: null,
      probeFailure: null,
      rejected: 0,
      endedAt: null,
      endedBy: null,
    }
    this.records.push(trip)
    this.#forget()
    return trip
  }

  /** A probe has failed: the same trip goes on. */
  reopen(
    trip: TripRecord,
    reason: TransitionReason,
    openFor: number,
    probeFailure: RecordedFailure | undefined,
  ): TripRecord {
    trip.openFor = openFor
    trip.reopened++
    trip.reopenedBy = reason
    trip.probeFailure = probeFailure ?? null
    return trip
  }

  /** Keeps so many from now on. Returns what was lost. */
  limit(limit: number): string[] {
    const { length } = this.records
    this.#limit = limit
    this.#forget()
    const lost = length - this.records.length
    return lost === 0 ? [] : [`${lost} trip record${lost === 1 ? '' : 's'}`]
  }

  #forget(): void {
    while (this.records.length > this.#limit) this.records.shift()
  }

  /** Enters in `copies` which record became which. */
  clone(copies: Map<TripRecord, TripRecord>): TripHistory {
    const copy = new TripHistory(this.#limit)
    for (const trip of this.records) {
      const record = { ...trip }
      copies.set(trip, record)
      copy.records.push(record)
    }
    return copy
  }
}

export function endTrip(trip: TripRecord, now: number, reason: TransitionReason): void {
  trip.endedAt = now
  trip.endedBy = reason
}
