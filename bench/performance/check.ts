import { parseArgs } from 'node:util'
import { ownRows, readBaseline, writeCounts } from './baseline.ts'
import { build } from './build.ts'
import { dearerCounts, differences } from './compare.ts'
import { measureCounts } from './counts.ts'
import { measureRatios, OWN_PAIRS } from './measure.ts'
import { progress } from './progress.ts'

// Has a call become more expensive?
//   npm run bench:check                counts what a call is made of; a busy machine changes nothing
//   npm run bench:check -- --timed     compares times, for people with a quiet machine and minutes
//   npm run bench:check -- --update    takes the counts as they are now for the baseline

const { values } = parseArgs({
  options: {
    timed: { type: 'boolean', default: false },
    update: { type: 'boolean', default: false },
  },
})
const stage = { folder: await build(), node: process.execPath }
if (values.update) {
  writeCounts(await measureCounts(stage))
  console.log('bench/performance/baseline.json has the counts as they are now')
} else {
  report(values.timed ? await compareTimes() : await compareCounts())
}

function report(complaints: readonly string[]): void {
  for (const complaint of complaints) console.log(`WORSE  ${complaint}`)
  if (complaints.length === 0) {
    console.log('no call has become more expensive')
    return
  }
  const update = values.timed ? 'npm run bench' : 'npm run bench:check -- --update'
  console.log(`\nIf that is meant, say why in the commit and run ${update}`)
  process.exitCode = 1
}

async function compareCounts(): Promise<string[]> {
  const { node, counts } = readBaseline()
  const bytes = node.split('.')[0] === process.versions.node.split('.')[0]
  if (!bytes) console.log(`bytes are not compared: the baseline is of Node ${node}`)
  const now = await measureCounts(stage)
  // What has become cheaper may become dearer again unnoticed until the baseline knows of it.
  const gains = dearerCounts(now, counts, { bytes }).length
  if (gains > 0)
    console.log(`${gains} counts are lower: npm run bench:check -- --update keeps that`)
  return dearerCounts(counts, now, { bytes })
}

async function compareTimes(): Promise<string[]> {
  const effort = { processes: 5, rounds: { rounds: 15, turn: 3, warmup: 80 } }
  const step = progress('own configurations', OWN_PAIRS.length * effort.processes)
  const { ratios } = await measureRatios(stage, OWN_PAIRS, effort, step)
  const before = readBaseline().ratios
  const unknown = Object.keys(ownRows(ratios)).filter((row) => before[row] === undefined)
  if (unknown.length > 0) console.log(`new since the last full run: ${unknown.join(', ')}`)
  const all = differences(before, ratios)
  for (const { row, before: old, now, noise } of all) {
    const percent = (noise * 100).toFixed(0)
    console.log(`${row}: ${old.toFixed(2)} → ${now.toFixed(2)}, noise ${percent} %`)
  }
  return all
    .filter(({ dearer }) => dearer)
    .map(
      ({ row, before: old, now }) =>
        `${row}: ${((now / old - 1) * 100).toFixed(0)} % more expensive`,
    )
}
