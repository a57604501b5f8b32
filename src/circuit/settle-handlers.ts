import type { Permit } from '../core/permit.ts'
import type { CallTimeoutError } from '../errors.ts'
import type { Rejection } from './deferred-rejection.ts'

/**
 * What the end of a call is reported to. Each handler returns what the caller's promise is resolved
 * with: the value, a {@link Rejection}, or the value of a fallback.
 */
export interface SettleHandlers {
  readonly onFulfilled: (value: unknown) => unknown
  readonly onRejected: (reason: unknown) => unknown
  onTimeout(error: CallTimeoutError): unknown
}

/** What gives permits back. */
interface PermitSettler {
  fulfilled(permit: Permit, value: unknown): void
  rejected(permit: Permit, reason: unknown): Rejection
  timedOut(permit: Permit, error: CallTimeoutError): Rejection
}

/** Settles a permit. The engine calls one of the handlers, once. */
export class PermitHandlers implements SettleHandlers {
  readonly permit: Permit
  readonly onFulfilled: (value: unknown) => unknown
  readonly onRejected: (reason: unknown) => unknown
  readonly #settler: PermitSettler

  constructor(settler: PermitSettler, permit: Permit) {
    this.permit = permit
    this.#settler = settler
    this.onFulfilled = (value) => {
      settler.fulfilled(permit, value)
      return value
    }
    this.onRejected = (reason) => settler.rejected(permit, reason)
  }

  onTimeout(error: CallTimeoutError): Rejection {
    return this.#settler.timedOut(this.permit, error)
  }
}
