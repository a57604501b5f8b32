import type { Override } from '../core/state/override.ts'

const MODES = {
  'forced-open': 'forced open',
  'forced-closed': 'forced closed',
  disabled: 'disabled',
} as const

/** `forced open by Ada: deploy`. */
export function overrideText({ mode, by, reason }: Override): string {
  return `${MODES[mode]}${by === undefined ? '' : ` by ${by}`}${reason === undefined ? '' : `: ${reason}`}`
}
