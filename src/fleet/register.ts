import type { OverrideMode, StateName } from '../index.ts'

/**
 * The automatic state of a fleet. Its `stamp` is the fleet's generation: of two registers the one with the
 * larger stamp is the newer, wherever it comes from, and a stamp names exactly one content.
 */
export interface Register {
  /** 0 while the fleet has never changed its state. */
  readonly stamp: number
  readonly state: StateName
  /** While open: when probes may be asked for, in ms by the clock of the store; otherwise 0. */
  readonly until: number
  /** While open: for how long, ms: a clock that goes back leaves it so much and no more; otherwise 0. */
  readonly lasts: number
  /** How often it has opened since it was last closed. */
  readonly opens: number
  readonly reason: FleetReason
  /** The process whose report decided, or who did it by hand. */
  readonly by: string
  /** What was said when it was done by hand; otherwise empty. */
  readonly note: string
}

/**
 * Why the fleet changed its state: a rule that fired, how probes ended, what was done by hand. `none` if it never
 * did; `restored` if the store had lost it while it was half-open.
 */
export type FleetReason =
  | 'none'
  | 'failureRate'
  | 'slowCallRate'
  | 'probeFailed'
  | 'probesLost'
  | 'elapsed'
  | 'recovered'
  | 'trip'
  | 'halfOpen'
  | 'reset'
  | 'restored'

/** The override of a fleet; it is compared by its own stamp. */
export interface OverrideRegister {
  readonly stamp: number
  /** `null` when there is none. */
  readonly mode: OverrideMode | null
  /** When it lifts itself, in ms by the clock of the store; 0 for by hand only. */
  readonly until: number
  /** For how long it was set, ms; 0 for by hand only. */
  readonly lasts: number
  readonly by: string
  readonly reason: string
}

/** What every process of a fleet holds in memory, and the store for those that come later. */
export interface Registers {
  readonly automatic: Register
  readonly override: OverrideRegister
}

/** What a fleet starts from. */
export const NO_REGISTERS: Registers = /* @__PURE__ */ Object.freeze({
  automatic: /* @__PURE__ */ Object.freeze({
    stamp: 0,
    state: 'closed',
    until: 0,
    lasts: 0,
    opens: 0,
    reason: 'none',
    by: '',
    note: '',
  } as const),
  override: /* @__PURE__ */ Object.freeze({
    stamp: 0,
    mode: null,
    until: 0,
    lasts: 0,
    by: '',
    reason: '',
  }),
})

/** Stamps count in 1024ths of a millisecond. */
export const PER_MS = 1024
const DAY = 24 * 3_600_000

/**
 * The stamp of what follows a register: later than that one, though the clock of the store went back, and
 * later than all before, though the store has lost them. `nonce`, from 0 to 1023, is drawn by the caller, so that two
 * stores that have been parted do not use one stamp for two contents.
 */
export function stampAfter(stamp: number, nowMs: number, nonce: number): number {
  return Math.max(stamp + 1, nowMs * PER_MS) + nonce
}

/** When a register was made, in ms by the clock of the store; an estimate, as that may have gone back. */
export function madeAt(stamp: number): number {
  return Math.floor(stamp / PER_MS)
}

/** True for stamps that no sane clock has given: taken over, they would outrank everything for long. */
export function isTooFarAhead(stamp: number, nowMs: number): boolean {
  return stamp > (nowMs + DAY) * PER_MS
}
