import type { Phase } from './phase.ts'

/** A phase with its place in time: from `from` on, up to and without `to`. */
export interface TimedPhase extends Phase {
  readonly index: number
  readonly from: number
  readonly to: number
}

/** The phases of a script in time. What follows the last one is healthy. */
export class Schedule {
  readonly phases: readonly TimedPhase[]
  /** When the script is over; `Infinity` when its last phase goes on for ever. */
  readonly end: number
  /** Where the last lookup ended; lookups mostly move forward. */
  #at = 0

  constructor(script: readonly Phase[]) {
    const phases: TimedPhase[] = []
    let from = 0
    for (const phase of script) {
      phases.push({ ...phase, index: phases.length, from, to: from + phase.for })
      from += phase.for
    }
    this.end = from
    if (from < Infinity) phases.push({ for: Infinity, index: phases.length, from, to: Infinity })
    this.phases = phases
  }

  at(time: number): TimedPhase {
    const { phases } = this
    let index = this.#at
    while (index > 0 && time < (phases[index] as TimedPhase).from) index--
    while (index < phases.length - 1 && time >= (phases[index] as TimedPhase).to) index++
    this.#at = index
    return phases[index] as TimedPhase
  }
}
