import type { Footprint } from './footprint.ts'
import type { Memory } from './memory-child.ts'
import type { OwnFigures } from './own-child.ts'
import type { Figure } from './statistics.ts'
import type { Scenario } from './subject.ts'

export type Mode = 'sequential' | 'concurrent'

/** Costs in units of the wrapper written by hand, by row. */
export type Ratios = Readonly<Record<string, Figure>>

export function rowName(contestant: string, scenario: Scenario, mode: Mode): string {
  return `${contestant} ${scenario} ${mode}`
}

/** What was measured on one version of Node. */
export interface Measured {
  readonly node: string
  /** Programs that wanted to run when it began. */
  readonly load: number
  readonly ratios: Ratios
  /** What the wrapper by hand itself takes, ns, by scenario. */
  readonly units: Readonly<Record<string, number>>
  readonly memory: Readonly<Record<string, Memory>>
  /** Cost of a call by dimension and size. */
  readonly scale: Readonly<Record<string, Readonly<Record<string, Figure>>>>
  readonly own: OwnFigures
  /** Ticks until the caller goes on after a success and a failure, and timers of a call with a timeout. */
  readonly counts: Readonly<Record<'successTicks' | 'failureTicks' | 'timeoutTimers', number>>
  /** Ms until this library is imported. */
  readonly importTime: Figure
}

/** Everything, on the Node of the tables. */
export interface Results extends Measured {
  readonly cpu: string
  readonly versions: Readonly<Record<string, string>>
  readonly footprints: readonly Footprint[]
}
