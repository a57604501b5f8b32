import type { Override } from '../core/state/override.ts'

/** `forced open by Ada: deploy`. */
export function overrideText({ mode, by, reason }: Override): string {
  const named = mode.replace('-', ' ')
  return `${named}${by === undefined ? '' : ` by ${by}`}${reason === undefined ? '' : `: ${reason}`}`
}
