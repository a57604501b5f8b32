import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { shortCircuit } from '../../test/conformance/short-circuit.ts'
import { peers } from './peers.ts'
import { type Column, page, summary } from './report.ts'
import { runLibrary } from './run-library.ts'
import { installedVersion } from './versions.ts'

// Runs every installed library through the conformance cases, prints the results and writes docs/conformance.md:
//   node bench/conformance/main.ts

const root = join(import.meta.dirname, '../..')

function read(path: string): string {
  return readFileSync(join(root, path), 'utf8')
}

const own: Column = {
  name: shortCircuit.name,
  version: (JSON.parse(read('package.json')) as { version: string }).version,
  configuration: '',
  note: undefined,
  results: await runLibrary(shortCircuit.name),
}
const columns = [own]
for (const peer of peers) {
  columns.push({
    name: peer.package,
    version: installedVersion(peer.package),
    configuration: peer.configuration,
    note: peer.note,
    results: await runLibrary(peer.package),
  })
}

const source = 'bench/conformance/own-breaker.ts'
const example = read(source).replace(
  /(import .*\n)+/,
  "import { type BreakerAdapter, ManualClock, runConformance } from 'short-circuit/testing'\n",
)
const output = execFileSync(process.execPath, [join(root, source)], { encoding: 'utf8' })

console.log(summary(columns))
writeFileSync(join(root, 'docs/conformance.md'), page(columns, { example, output }))
