import { meetings } from './contestants.ts'
import { listings } from './listings.ts'
import { interleaved, type RoundSettings } from './rounds.ts'
import type { Listing, Scenario } from './subject.ts'

// One subject in one scenario against the floors: `timing-child.ts <subject> <scenario> <settings>`.
// Prints the ms per call of each, by mode.

const [name = '', scenario = '', settings = '{}'] = process.argv.slice(2)
const subject = await (listings[name] as Listing).load()
const result: Record<string, Record<string, number>> = {}
for (const { mode, unit, contestants } of await meetings(scenario as Scenario, subject)) {
  const rounds = { ...(JSON.parse(settings) as RoundSettings), unit }
  result[mode] = await interleaved(contestants, rounds)
}
process.stdout.write(JSON.stringify(result))
// Timers of others would keep the process.
process.exit(0)
