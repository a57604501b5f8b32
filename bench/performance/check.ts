import { parseArgs } from 'node:util'
import { readBaseline, writeCounts } from './baseline.ts'
import { buildLibrary } from './build.ts'
import type { Counts } from './counts-child.ts'
import { listings } from './listings.ts'
import { progress } from './progress.ts'
import { measureRatios, type Ratios } from './results.ts'
import { runChild } from './run.ts'
import { isOwn } from './tables.ts'

// Has a call become dearer?
//   npm run bench:check                counts what a call is made of; a busy machine changes nothing
//   npm run bench:check -- --timed     compares times, for people with a quiet machine and minutes
//   npm run bench:check -- --update    takes the counts as they are now for the baseline

const { values } = parseArgs({
  options: {
    timed: { type: 'boolean', default: false },
    update: { type: 'boolean', default: false },
  },
})
const library = `${await buildLibrary()}/index.js`
const complaints = values.timed ? await compareTimes() : await compareCounts()
for (const complaint of complaints) console.log(`WORSE  ${complaint}`)
if (complaints.length > 0) {
  console.log('\nIf that is meant, say why in the commit and run npm run bench:check -- --update')
  process.exit(1)
}
console.log('no call has become dearer')

async function compareCounts(): Promise<string[]> {
  const flags = [
    '--expose-gc',
    '--single-threaded',
    '--max-lazy',
    '--no-opt',
    '--no-maglev',
    '--no-sparkplug',
    '--min-semi-space-size=64',
    '--max-semi-space-size=64',
  ]
  const counts = await runChild<Record<string, Counts>>('counts-child.ts', [], library, flags)
  if (values.update) {
    writeCounts(counts)
    return []
  }
  const baseline = readBaseline()
  const sameEngine = baseline.node.split('.')[0] === process.versions.node.split('.')[0]
  if (!sameEngine) console.log(`bytes are not compared: the baseline is of Node ${baseline.node}`)
  return Object.entries(counts).flatMap(([row, now]) => {
    const before = baseline.counts[row]
    if (before === undefined) return [`${row}: not in the baseline`]
    return Object.entries(now).flatMap(([what, count]) => {
      const limit = before[what as keyof Counts]
      // A little is left for whatever the runtime itself allocates in between.
      const allowed = what === 'bytes' ? (sameEngine ? limit * 1.01 + 4 : Infinity) : limit
      return count > allowed ? [`${row}: ${count} ${what}, was ${limit}`] : []
    })
  })
}

async function compareTimes(): Promise<string[]> {
  const own = Object.keys(listings).filter(isOwn)
  const effort = { processes: 5, rounds: { rounds: 15, turn: 3, warmup: 80 } }
  const steps = own.reduce((sum, name) => sum + (listings[name]?.scenarios.length ?? 0), 0)
  const ratios = await measureRatios(own, effort, library, progress(steps * effort.processes))
  return worse(readBaseline().ratios, ratios)
}

/** Slower than before by more than both runs differ within themselves, and a tenth. */
function worse(before: Ratios, after: Ratios): string[] {
  return Object.entries(before).flatMap(([row, old]) => {
    const now = after[row]
    if (now === undefined) return []
    const noise = 0.1 + old.spread + now.spread
    const more = now.value / old.value - 1
    console.log(
      `${row}: ${old.value.toFixed(2)} → ${now.value.toFixed(2)}, noise ${(noise * 100).toFixed(0)} %`,
    )
    return more > noise ? [`${row}: ${(more * 100).toFixed(0)} % dearer`] : []
  })
}
