import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { writeTimes } from './baseline.ts'
import { buildLibrary } from './build.ts'
import { page } from './page.ts'
import { plot } from './plot.ts'
import { progress } from './progress.ts'
import { FULL, measure, QUICK, stepsOf } from './results.ts'
import {
  comparison,
  footprintTable,
  memoryTable,
  ratioTable,
  scaleTable,
  syncTable,
} from './tables.ts'

// What a call costs, with this library and with others, and what it is made of:
//   npm run bench              some minutes; writes docs/performance.md and its plot
//   npm run bench -- --quick   a look, within a minute and a half; nothing is written

const { values } = parseArgs({ options: { quick: { type: 'boolean', default: false } } })
const effort = values.quick ? QUICK : FULL
const begin = performance.now()
const dist = await buildLibrary()
const results = await measure(effort, dist, progress(stepsOf(effort)))

for (const part of [ratioTable, comparison, syncTable, memoryTable, footprintTable, scaleTable]) {
  console.log(`\n${aligned(part(results))}`)
}
console.log(`\n${((performance.now() - begin) / 1_000).toFixed(0)} s`)

if (!values.quick) {
  const docs = join(import.meta.dirname, '../../docs')
  mkdirSync(docs, { recursive: true })
  const file = join(docs, 'performance.md')
  writeFileSync(file, page(readFileSync(file, 'utf8'), results))
  writeFileSync(join(docs, 'performance.svg'), plot(results))
  writeTimes(results)
}

/** The columns of a table below each other. */
function aligned(table: string): string {
  const rows = table.split('\n').map((line) =>
    line
      .replaceAll('**', '')
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll('<br>', '   ')),
  )
  const widths = rows[0]?.map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0))) ?? []
  return rows
    .filter((_, i) => i !== 1)
    .map((row) =>
      row
        .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
        .join('  '),
    )
    .join('\n')
}
