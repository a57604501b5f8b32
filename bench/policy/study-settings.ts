import type { Weights } from './study.ts'

/** What was registered before it was run: seeds, and what their scenarios are by `scenariosHash`. */
export const REGISTERED = [
  { file: 'PREREGISTERED.md', from: 70_000, to: 70_974, hash: 'f1d968c5f4e74c72' },
  { file: 'PREREGISTERED-2.md', from: 200_000, to: 200_959, hash: '71972c68a9aad2c7' },
] as const
/** The seeds of the published results: those that were registered last. */
export const FINAL = REGISTERED.at(-1) as (typeof REGISTERED)[number]
/** The build that the last change of `auto` is compared with. */
export const BEFORE = '912d9e6'

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
