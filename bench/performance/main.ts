import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { install, nodes } from '../../scripts/runtimes.mjs'
import { aheadList } from './ahead.ts'
import { writeTimes } from './baseline.ts'
import { build } from './build.ts'
import { goalsTable, missed } from './goals-table.ts'
import {
  type Effort,
  everything,
  FOR_GOALS,
  FULL,
  measure,
  measureHere,
  QUICK,
  stepsOf,
} from './measure.ts'
import type { Measured, Results } from './measured.ts'
import { goalsPage, page, versionsOf } from './page.ts'
import { plot } from './plot.ts'
import { progress } from './progress.ts'
import { readStore, type Store, writeStore } from './store.ts'
import {
  comparison,
  footprintTable,
  memoryTable,
  ratioTable,
  scaleTable,
  syncTable,
} from './tables.ts'

// What a call costs, with this library and with others, and what it is made of:
//   npm run bench                 up to twenty minutes; writes docs/performance.md and its plot
//   npm run bench -- --here       only the tables, on the Node that runs it
//   npm run bench -- --versions   only the goals, on the other versions of Node
//   npm run bench -- --quick      a look, some four minutes, at either or both; nothing is written

const { values } = parseArgs({
  options: {
    here: { type: 'boolean', default: false },
    versions: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
  },
})
const effort = values.quick ? QUICK : FULL
const begin = performance.now()
const folder = await build()
let store: Store = values.quick ? { versions: {} } : readStore()

if (values.here || !values.versions) {
  const here = await ofThisNode(effort)
  keep({ ...store, here })
  for (const part of [ratioTable, comparison, syncTable, memoryTable, footprintTable, scaleTable]) {
    console.log(`\n${aligned(part(here))}`)
  }
  console.log(`\nWhere others are ahead:\n${aheadList(here)}\n`)
}
if (values.versions || !values.here) {
  keep({ ...store, versions: await ofOtherNodes(effort) })
}
console.log(`\n${aligned(goalsTable(versionsOf(store)))}\n\n${missed(versionsOf(store))}`)
console.log(`\n${((performance.now() - begin) / 1_000).toFixed(0)} s`)

function ofThisNode(how: Effort): Promise<Results> {
  const step = progress(`Node ${process.versions.node}`, stepsOf(everything(how), how))
  return measureHere({ folder, node: process.execPath }, how, step)
}

async function ofOtherNodes(how: Effort): Promise<Record<string, Measured>> {
  const measured: Record<string, Measured> = {}
  for (const version of nodes) {
    const [major = ''] = version.split('.')
    if (major === process.versions.node.split('.')[0]) continue
    const step = progress(`Node ${version}`, stepsOf(FOR_GOALS, how))
    const stage = { folder, node: await install('node', version) }
    measured[major] = await measure(stage, FOR_GOALS, how, step)
  }
  return measured
}

/** At once: what took minutes must not be lost when the rest fails. */
function keep(results: Store): void {
  store = results
  if (values.quick) return
  writeStore(results)
  // With as many digits as were kept, so that a page is always what the kept results make of it.
  const kept = readStore()
  const docs = join(import.meta.dirname, '../../docs')
  const file = join(docs, 'performance.md')
  writeFileSync(file, page(readFileSync(file, 'utf8'), kept))
  const goals = join(import.meta.dirname, 'goals.md')
  writeFileSync(goals, goalsPage(readFileSync(goals, 'utf8'), kept))
  if (results.here === undefined) return
  writeFileSync(join(docs, 'performance.svg'), plot(results.here))
  writeTimes(results.here.ratios)
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
