import type { Counts } from './counts-child.ts'
import type { Ratios } from './measured.ts'

type Rows = Readonly<Record<string, Counts>>

/**
 * Describes what has become more expensive. Bytes differ between engines; nothing else of the counts does.
 */
export function dearerCounts(before: Rows, now: Rows, { bytes }: { bytes: boolean }): string[] {
  const gone = Object.keys(before).filter((row) => now[row] === undefined)
  return [
    ...gone.map((row) => `${row}: in the baseline, but not counted any more`),
    ...Object.entries(now).flatMap(([row, counts]) => {
      const old = before[row]
      if (old === undefined) return [`${row}: not in the baseline`]
      return (Object.keys(counts) as (keyof Counts)[]).flatMap((what) => {
        if (what === 'bytes' && !bytes) return []
        // A little is left for whatever the runtime itself allocates in between.
        const allowed = what === 'bytes' ? old.bytes * 1.01 + 4 : old[what]
        return counts[what] > allowed ? [`${row}: ${counts[what]} ${what}, was ${old[what]}`] : []
      })
    }),
  ]
}

/** Beyond what two runs differ by within themselves. */
const MARGIN = 0.1

/** One row of both runs, and whether it has become more expensive by more than noise. */
export interface Difference {
  readonly row: string
  readonly before: number
  readonly now: number
  /** As a share of what it was. */
  readonly noise: number
  readonly dearer: boolean
}

/** All rows that both runs have. */
export function differences(before: Ratios, now: Ratios): Difference[] {
  return Object.entries(before).flatMap(([row, old]) => {
    const figure = now[row]
    if (figure === undefined) return []
    const noise = MARGIN + old.spread + figure.spread
    const dearer = figure.value / old.value - 1 > noise
    return [{ row, before: old.value, now: figure.value, noise, dearer }]
  })
}
