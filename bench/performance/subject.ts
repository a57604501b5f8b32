export type Action = () => Promise<unknown>

/** What a breaker is made for. */
export interface Setup {
  /** It opens after a few failures; otherwise it never does. */
  readonly trips: boolean
  readonly fallback: (() => unknown) | undefined
  /** Call timeout, ms. */
  readonly timeout: number | undefined
}

export const CLOSED: Setup = { trips: false, fallback: undefined, timeout: undefined }

/** One way of using one library. */
export interface Subject {
  /** A breaker of its own around the action. */
  guard(action: Action, setup: Setup): Action
  /** One more breaker, where `guard` makes more than one. */
  another?(action: Action): Action
  /** A breaker that guards nothing yet, where there is such a thing. */
  breaker?(): unknown
  sync?(action: () => unknown, setup: Setup): () => unknown
  stream?(items: () => AsyncIterable<unknown>): () => AsyncIterable<unknown>
}

export const SCENARIOS = [
  'success',
  'many',
  'failure',
  'open',
  // The same, from the bottom of 25 calls: a stack trace costs time for each of them.
  'deep',
  'fallback',
  'timeout',
  // Success while an AsyncLocalStorage is in use, as it is in a server that is traced.
  'context',
  'sync',
  'sync-failure',
  'sync-open',
  'stream',
] as const

export type Scenario = (typeof SCENARIOS)[number]

export interface Listing {
  readonly label: string
  /** The package it comes from; this library when there is none. */
  readonly package: string | undefined
  readonly configuration: string
  readonly scenarios: readonly Scenario[]
  /** In the process that measures it, and in no other. */
  readonly load: () => Promise<Subject>
}

export const HOUR = 3_600_000
