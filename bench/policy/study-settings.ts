import type { Weights } from './study.ts'

/** The seeds of the published results; PREREGISTERED.md says why they are not to be looked at before. */
export const FINAL_SEEDS = { from: 70_000, to: 70_974 } as const
/** What the scenarios of these seeds are, as `scenariosHash` gives it. */
export const FINAL_HASH = 'f1d968c5f4e74c72'

/** The weights of the study, and other plausible ones. */
export const WEIGHTINGS: readonly Weights[] = [
  { failed: 0.1, waited: 0.2 },
  { failed: 0, waited: 0 },
  { failed: 0, waited: 0.2 },
  { failed: 0.1, waited: 0.05 },
  { failed: 0.1, waited: 1 },
  { failed: 0.5, waited: 0.2 },
  { failed: 1, waited: 1 },
]
