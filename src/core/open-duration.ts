/** The server's own word on when to come back is honoured up to this long, ms. */
export const LONGEST_RETRY_AFTER = 60_000

/** How long the circuit stays open, ms. */
export interface OpenDuration {
  readonly initial: number
}

export function openDuration(settings: OpenDuration): number {
  return settings.initial
}
