import type { BreakerReading } from '../../index.ts'
import { decode, encode } from './compact.ts'
import { durationOf, type LatencyCounts, NO_LATENCY, quantile } from './latency-counts.ts'
import { callsOf, difference, NO_TOTALS, type Totals } from './totals.ts'

/** Two rings of the same length: 15 minutes in steps of 5 s, and 6 hours in steps of 2 minutes. */
export const SLOTS = 180
/** Bytes of a slot: ok, failed, rejected, other, in flight, p50, p90, p99, state. */
const FIELDS = 9
export const RING: number = SLOTS * FIELDS

const MODES = [null, 'forced-open', 'forced-closed', 'disabled'] as const
const STATES = ['closed', 'open', 'half-open'] as const

/** What was known of a breaker at one moment. */
interface Mark {
  readonly totals: Totals
  readonly latency: LatencyCounts
}

const NOTHING: Mark = { totals: NO_TOTALS, latency: NO_LATENCY }

/** One slot, as it is shown. Calls are those within it. */
export interface Slot {
  readonly ok: number
  readonly failed: number
  readonly rejected: number
  readonly inFlight: number
  readonly p50: number | null
  readonly p90: number | null
  readonly p99: number | null
}

/** What is kept of one breaker. */
export class Recording {
  /** Undefined while it has no calls to show; the second ring is missing where memory is short. */
  bytes: Uint8Array | undefined = undefined
  now: Mark
  /** Then: at the last two steps of 5 s, and at the beginning of this minute and the one before. */
  step: Mark
  stepBefore: Mark
  minute: Mark
  minuteBefore: Mark
  /** The last step in which it did anything. */
  activeStep: number = -Infinity
  /** When what was kept of it was dropped to make room, by the clock. */
  lostAt: number = -Infinity
  /** The state and the calls in flight at the last reading. */
  state = 0
  inFlight = 0
  /** The pass in which it was last seen. */
  pass = 0

  /** It counts from `mark` on: from nothing for a breaker that is new. */
  constructor(mark: Mark = NOTHING) {
    this.now = this.step = this.stepBefore = this.minute = this.minuteBefore = mark
  }

  read(reading: BreakerReading, totals: Totals, latency: LatencyCounts): void {
    this.now = { totals, latency }
    this.readState(reading)
  }

  readState({ automatic, override, inFlight }: BreakerReading): void {
    this.state = STATES.indexOf(automatic) + 4 * MODES.indexOf(override)
    this.inFlight = inFlight
  }

  /** Writes the calls since the last step. */
  endStep(step: number): void {
    if (this.now === this.step) this.#writeIdle(step % SLOTS)
    else {
      if (callsOf(difference(this.now.totals, this.step.totals)) > 0) this.activeStep = step
      this.#write(step % SLOTS, this.step)
    }
    this.stepBefore = this.step
    this.step = this.now
  }

  /** Writes the calls of two minutes if these are over, which `slot` is the number of. */
  endMinute(slot: number | undefined): void {
    if (slot !== undefined && this.bytes?.length === 2 * RING) {
      this.#write(SLOTS + (slot % SLOTS), this.minuteBefore)
    }
    this.minuteBefore = this.minute
    this.minute = this.now
  }

  /** Nothing was read for a while: what came meanwhile belongs to no minute. */
  skipMinutes(): void {
    this.minute = this.minuteBefore = this.now
  }

  #writeIdle(slot: number): void {
    const { bytes } = this
    if (bytes === undefined) return
    const at = slot * FIELDS
    for (let index = at; index < at + 8; index++) bytes[index] = 0
    bytes[at + 4] = encode(this.inFlight)
    bytes[at + 8] = this.state
  }

  #write(slot: number, before: Mark): void {
    const { bytes, now } = this
    if (bytes === undefined) return
    const { ok, failed, rejected, other } = difference(now.totals, before.totals)
    const at = slot * FIELDS
    bytes[at] = encode(ok)
    bytes[at + 1] = encode(failed)
    bytes[at + 2] = encode(rejected)
    bytes[at + 3] = encode(other)
    bytes[at + 4] = encode(this.inFlight)
    const same = now.latency === before.latency
    for (const [index, share] of [0.5, 0.9, 0.99].entries()) {
      bytes[at + 5 + index] = same ? 0 : quantile(now.latency, before.latency, share)
    }
    bytes[at + 8] = this.state
  }

  /** A slot of the first ring, or with `SLOTS` added of the second one. */
  slot(slot: number): Slot {
    const field = (index: number): number => this.bytes?.[slot * FIELDS + index] ?? 0
    return {
      ok: decode(field(0)),
      failed: decode(field(1)),
      rejected: decode(field(2)),
      inFlight: decode(field(4)),
      p50: durationOf(field(5)),
      p90: durationOf(field(6)),
      p99: durationOf(field(7)),
    }
  }

  /** The calls of the last one to two minutes. */
  get recent(): Totals {
    return difference(this.now.totals, this.minuteBefore.totals)
  }

  /** The calls since the step before the last one. */
  get latest(): Totals {
    return difference(this.now.totals, this.stepBefore.totals)
  }

  /** Of the calls of the last one to two minutes, ms; null without statistics. */
  get p99(): number | null {
    return durationOf(quantile(this.now.latency, this.minuteBefore.latency, 0.99))
  }

  /** True while something may still be wrong with it, so that its history is worth more. */
  get isTroubled(): boolean {
    return this.state !== 0 || this.recent.failed > 0
  }
}
