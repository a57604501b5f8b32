import type { ManualOptions, Transition } from '../transition.ts'

export const OVERRIDE_MODES = ['forced-open', 'forced-closed', 'disabled'] as const
/** The manual layer over the automatic state, which goes on underneath. */
export type OverrideMode = (typeof OVERRIDE_MODES)[number]

export interface Override {
  readonly mode: OverrideMode
  readonly reason: string | undefined
  readonly by: string | undefined
  /** When it was set, in the machine's own time. */
  readonly since: number
  /** When it lifts itself; `Infinity` when only by hand. */
  readonly until: number
}

/** Who overrides, why, and for how long. */
export interface OverrideOptions extends ManualOptions {
  /** It lifts itself after that many milliseconds; without it, by hand only. */
  readonly for?: number | undefined
}

/** Nothing counts now: neither how calls end nor how long they take. */
export function isDisabled(override: Override | undefined): boolean {
  return override?.mode === 'disabled'
}

/** The override as it now is; `undefined` when it was lifted, with what was said then. */
export interface OverrideChange {
  readonly override: Override | undefined
  readonly lifted?: ManualOptions | undefined
}

/** What a machine has done, to be published in order. */
export type Change = Transition | OverrideChange
