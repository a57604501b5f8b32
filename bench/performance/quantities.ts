import { type Measured, type Mode, rowName } from './measured.ts'
import type { Memory } from './memory-child.ts'
import type { Scenario } from './subject.ts'

export type Pair = readonly [subject: string, scenario: Scenario]

/** A figure made of what was measured. */
export interface Quantity {
  /** What must have been measured for it. */
  readonly pairs: readonly Pair[]
  readonly of: (measured: Measured) => number | undefined
}

const BY_HAND = 'hand async'

/** In units of a floor, which was measured in turns with it. */
export function cost(
  subject: string,
  scenario: Scenario,
  { mode = 'sequential', unit = BY_HAND }: { mode?: Mode; unit?: string } = {},
): Quantity {
  return {
    pairs: [[subject, scenario]],
    of({ ratios }) {
      const own = ratios[rowName(subject, scenario, mode)]
      const other = ratios[rowName(unit, scenario, mode)]
      return own && other && own.value / other.value
    },
  }
}

/** How many times as much the cheapest of the others takes. */
export function factor(
  others: readonly string[],
  subject: string,
  scenario: Scenario,
  mode: Mode = 'sequential',
): Quantity {
  return {
    pairs: [subject, ...others].map((value): Pair => [value, scenario]),
    of({ ratios }) {
      const own = ratios[rowName(subject, scenario, mode)]
      const values = others.map((value) => ratios[rowName(value, scenario, mode)]?.value)
      const known = values.filter((value) => value !== undefined)
      if (own === undefined || known.length < others.length) return undefined
      return Math.min(...known) / own.value
    },
  }
}

export function measured(of: Quantity['of']): Quantity {
  return { pairs: [], of }
}

export function memory(subject: string, of: (memory: Memory) => number | null): Quantity {
  return measured((value) => {
    const taken = value.memory[subject]
    return taken && (of(taken) ?? undefined)
  })
}
