/** What a member needs of the background client. */
export interface Link {
  readonly process: string
  /** A random integer below a limit. */
  draw(below: number): number
  now(): number
  setTimer(ms: number, fn: () => void): () => void
  /** The clock of the store, as far as it is known; otherwise 0. */
  storeTime(): number
  /** How long an exchange may take. */
  readonly deadline: number
  /** Has the next exchange begin in so many ms at the latest. */
  soon(ms: number): void
  /** Has the process say soon what it is, though no breaker has anything to report. */
  say(): void
}
