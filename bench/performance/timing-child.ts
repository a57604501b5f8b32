import { AsyncLocalStorage } from 'node:async_hooks'
import { meetings } from './contestants.ts'
import { listings } from './listings.ts'
import { interleaved, type RoundSettings } from './rounds.ts'
import type { Listing, Scenario } from './subject.ts'

// One subject in one scenario against the floors: `timing-child.ts <subject> <scenario> <settings>`.
// Prints the ms per call of each, by mode.

const [name = '', scenario = '', settings = '{}'] = process.argv.slice(2)
const result: Record<string, Record<string, number>> = {}
if (scenario === 'context') await new AsyncLocalStorage().run({}, measure)
else await measure()
process.stdout.write(JSON.stringify(result))
// Timers of others would keep the process.
process.exit(0)

async function measure(): Promise<void> {
  const subject = await (listings[name] as Listing).load()
  for (const { mode, unit, contestants } of await meetings(scenario as Scenario, subject)) {
    const rounds = { ...(JSON.parse(settings) as RoundSettings), unit }
    result[mode] = await interleaved(contestants, rounds)
  }
}
