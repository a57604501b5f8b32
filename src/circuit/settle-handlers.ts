import { type AdmittingState, type Permit, SharedPermit } from '../core/permit.ts'
import type { Rejection } from './deferred-rejection.ts'

/**
 * What the end of a call is reported to. Each handler returns what the caller's promise is resolved
 * with: the value, a {@link Rejection}, or the value of a fallback.
 */
export interface SettleHandlers {
  readonly onFulfilled: (value: unknown) => unknown
  /** `timedOut` is true when the reason is the call's own timeout. */
  readonly onRejected: (reason: unknown, timedOut?: boolean) => unknown
}

/** What returns permits. */
interface PermitSettler {
  fulfilled(permit: AdmittedPermit, value: unknown): void
  rejected(permit: AdmittedPermit, reason: unknown, timedOut?: boolean): Rejection
}

/** What a call that was admitted holds. */
export type AdmittedPermit = Permit | SharedPermitHandlers

/** Those of one call with a permit of its own. The engine calls one of them, once. */
export function permitHandlers(settler: PermitSettler, permit: Permit): SettleHandlers {
  return {
    onFulfilled: (value) => {
      settler.fulfilled(permit, value)
      return value
    },
    onRejected: (reason, timedOut) => settler.rejected(permit, reason, timedOut),
  }
}

/** A shared permit with the handlers of all calls that hold it: one object, for its memory. */
export class SharedPermitHandlers extends SharedPermit implements SettleHandlers {
  readonly onFulfilled: (value: unknown) => unknown
  readonly onRejected: (reason: unknown, timedOut?: boolean) => unknown

  constructor(settler: PermitSettler, state: AdmittingState) {
    super(state)
    this.onFulfilled = (value) => {
      settler.fulfilled(this, value)
      return value
    }
    this.onRejected = (reason, timedOut) => settler.rejected(this, reason, timedOut)
  }
}
