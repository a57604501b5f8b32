import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { installedVersion } from '../conformance/versions.ts'
import { addBuilds, buildOfCommit } from './builds.ts'
import { Findings } from './findings.ts'
import { falseTrips } from './markov.ts'
import { runNamed } from './named.ts'
import { plot } from './plot.ts'
import { policies } from './policies.ts'
import { page, type Results, verdicts } from './report.ts'
import { type Progress, runStudy } from './run-study.ts'
import { range, scenariosHash } from './scenarios.ts'
import { BEFORE, FINAL } from './study-settings.ts'
import { changeTable, costTable, weightsTable } from './tables.ts'

// Compares the policies and writes docs/policy.md and docs/policy.svg:
//   npm run bench:policy
// Other seeds, to try something out; nothing is written then:
//   npm run bench:policy -- --seeds 0-129
// Against the build of another commit, as one more policy:
//   npm run bench:policy -- --seeds 0-129 --against main

const { values } = parseArgs({
  options: { seeds: { type: 'string' }, against: { type: 'string', default: BEFORE } },
})
const [from, to] = (values.seeds ?? `${FINAL.from}-${FINAL.to}`).split('-').map(Number)
const seeds = range(from as number, to as number)
const isFinal = values.seeds === undefined && values.against === BEFORE
if (isFinal && scenariosHash(seeds) !== FINAL.hash) {
  throw new Error(`the scenarios are not the registered ones; see bench/policy/${FINAL.file}`)
}

const builds = [await buildOfCommit(values.against)]
await addBuilds(builds)
const names = policies.map(({ name }) => name)
const begin = performance.now()
let shownAt = 0

function progress({ done, total }: Progress): void {
  const seconds = (performance.now() - begin) / 1_000
  if (seconds - shownAt < 5 && done < total) return
  shownAt = seconds
  const left = Math.ceil((seconds / done) * (total - done))
  console.log(`${done} of ${total} scenarios, about ${left} s left`)
}

console.log(`${names.length} policies in ${seeds.length} scenarios`)
const outcomes = await runStudy(seeds, names, builds, progress)
console.log('the scenarios with a promise of their own, and the false trips')
const results: Results = {
  findings: new Findings(outcomes),
  named: await runNamed(names.filter((name) => !['oracle', values.against].includes(name))),
  falseTrips: falseTrips(5_000),
  before: values.against,
  versions: { opossum: installedVersion('opossum'), cockatiel: installedVersion('cockatiel') },
}

const tables = [
  costTable(results.findings),
  changeTable(results.findings, values.against),
  weightsTable(results.findings),
]
console.log(`\n${tables.join('\n\n')}\n`)
for (const { claim, found, holds } of verdicts(results)) {
  console.log(`${holds ? 'yes' : 'NO '}  ${claim}: ${found}`)
}
console.log(`\n${((performance.now() - begin) / 1_000).toFixed(0)} s`)

if (isFinal) {
  const docs = join(import.meta.dirname, '../../docs')
  const file = join(docs, 'policy.md')
  writeFileSync(file, page(readFileSync(file, 'utf8'), results))
  writeFileSync(join(docs, 'policy.svg'), plot(results.findings))
}
