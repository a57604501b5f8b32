import { findSignal } from '../call/caller-signal.ts'
import { isObject } from './client-shape.ts'

/** Signals that were passed to a method of a chain: they are for what is awaited at its end. */
export class ChainSignals {
  readonly #signals = new WeakMap<object, readonly AbortSignal[]>()

  /** Takes what a method of `self` has returned. */
  keep(result: object, self: unknown, args: readonly unknown[]): void {
    const signal = findSignal(args)
    const signals = signal ? [signal] : isObject(self) && this.#signals.get(self)
    if (signals) this.#signals.set(result, signals)
  }

  of(object: object): readonly AbortSignal[] {
    return this.#signals.get(object) ?? []
  }
}
