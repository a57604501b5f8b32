import type { FleetCounts, Registers } from '../../../src/fleet/index.ts'
import type { FleetStatus, OverrideMode, StateName } from '../../../src/index.ts'

/** A breaker as its own process sees it. */
export interface View {
  readonly state: StateName
  readonly override: OverrideMode | null
  readonly decides: FleetStatus['decides']
  /** The state of the fleet as it was last heard, and since when; null if it has never changed. */
  readonly fleet: StateName
  readonly since: number | null
}

/** How a call ended for its caller; `error` is anything that is neither of the upstream nor of the breaker. */
export type CallOutcome = 'success' | 'failure' | 'rejected' | 'error'

/** What one process does and hears. */
export type ProcessEvent =
  /** A call has ended. `waitedUntil` is when its action began, or it was rejected; undefined if that was at once. */
  | {
      readonly kind: 'call'
      readonly beganAt: number
      /** When it was made. */
      readonly view: View
      /** When its action began; undefined if it did not. */
      readonly admitted: View | undefined
      readonly waitedUntil: number | undefined
      readonly outcome: CallOutcome
      readonly error?: string
    }
  /** The action of a call begins that is let through while the circuit is half-open. */
  | { readonly kind: 'probe'; readonly view: View; readonly lease: string | undefined }
  | { readonly kind: 'probe ended'; readonly view: View; readonly outcome: CallOutcome }
  | {
      readonly kind: 'ask'
      readonly n: number
      readonly known: Registers
      readonly report: FleetCounts | undefined
      readonly lease: string | undefined
      readonly renew: string | undefined
      readonly result: string | undefined
      readonly command: OverrideMode | 'none' | undefined
    }
  /** What was answered to the ask of that number, or that it was given up. */
  | {
      readonly kind: 'answer'
      readonly n: number
      readonly registers: Registers
      readonly fleet: FleetCounts
      readonly granted: boolean | undefined
      readonly refused: string | undefined
    }
  | { readonly kind: 'push'; readonly registers: Registers }
  | { readonly kind: 'changed'; readonly view: View; readonly reason: string }
  | { readonly kind: 'connection'; readonly connected: boolean; readonly error?: string }
  /** Something that a breaker reports, and does not throw. */
  | { readonly kind: 'trouble'; readonly error: string }
  /** It has ended by itself. */
  | { readonly kind: 'ended'; readonly code: number | null }
  /** After everything has come to rest. */
  | { readonly kind: 'final'; readonly view: View }

/** What the test has done. */
export type TestEvent =
  | { readonly kind: 'killed' | 'frozen' | 'thawed'; readonly target: string }
  /** The store has lost what it had, or some of it, at some time from then to `at`. */
  | { readonly kind: 'lost data'; readonly since: number }
  | { readonly kind: 'store'; readonly registers: Registers }

/** `at` is in ms by the monotonic clock of the machine, which all processes of one machine share. */
export type Event = { readonly process: string; readonly at: number } & (ProcessEvent | TestEvent)

/** Whether a process has heard what the store has. */
export function agrees(view: View, { automatic, override }: Registers): boolean {
  const same = view.fleet === automatic.state && view.since === sinceOf(automatic.stamp)
  return same && view.override === override.mode
}

/** As a status tells it. */
export function sinceOf(stamp: number): number | null {
  return stamp === 0 ? null : Math.floor(stamp / 1024)
}
