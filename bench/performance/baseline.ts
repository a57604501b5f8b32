import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Counts } from './counts-child.ts'
import { isOwn } from './listings.ts'
import type { Ratios } from './measured.ts'

/** What `bench:check` compares with. */
export interface Baseline {
  /** Bytes differ between engines; nothing else of the counts does. */
  readonly node: string
  readonly counts: Readonly<Record<string, Counts>>
  readonly ratios: Ratios
}

const file = join(import.meta.dirname, 'baseline.json')

export function readBaseline(): Baseline {
  return JSON.parse(readFileSync(file, 'utf8')) as Baseline
}

function write(baseline: Baseline): void {
  writeFileSync(file, `${JSON.stringify(baseline, null, 2)}\n`)
}

export function writeCounts(counts: Baseline['counts']): void {
  write({ ...readBaseline(), node: process.versions.node, counts })
}

/** Our own rows: only our own regressions are looked for. */
export function ownRows(ratios: Ratios): Ratios {
  const own = Object.entries(ratios).filter(([row]) => isOwn(row.split(' ')[0] as string))
  return Object.fromEntries(own)
}

export function writeTimes(ratios: Ratios): void {
  write({ ...readBaseline(), ratios: ownRows(ratios) })
}
