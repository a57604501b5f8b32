// What a breaker costs that a fleet shares, and how fast the fleet opens; writes its figures into docs/fleet.md.
//   npm run bench:fleet [-- calls commands opening store] [--trials 30] [--dry-run]
import { readFileSync, writeFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { RedisProcess } from '../../demo/fleet/redis-process.ts'
import { adviceFor, findTool } from '../../scripts/tools.mjs'
import { withFigures } from '../markdown.ts'
import { arithmeticTable } from './arithmetic.ts'
import { callCosts } from './calls.ts'
import { commandCounts } from './commands.ts'
import { openings, SETTINGS } from './opening.ts'
import { storeCost } from './store.ts'
import { callTable, commandTable, type Openings, openingTable, storeTable } from './tables.ts'

const page = join(import.meta.dirname, '../../docs/fleet.md')

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    trials: { type: 'string', default: '30' },
    'dry-run': { type: 'boolean', default: false },
  },
})

const forLarger =
  'For larger fleets the following is **arithmetic**, none of which was run: each process calls by each of its ' +
  'breakers in each second, and no processor of Redis is to be busy for more than half of the time.'

const parts = {
  calls: async (port: number) => callTable(await callCosts(port)),
  commands: async (port: number) => commandTable(await commandCounts(port)),
  opening: async (port: number) => {
    const all: Openings[] = []
    for (const setting of SETTINGS) {
      for (const perSecond of [200, 5]) {
        const trials = await openings(port, setting, perSecond, Number(values.trials))
        all.push({ name: setting.name, perSecond, trials })
        console.log(openingTable(all.slice(-1)))
      }
    }
    return openingTable(all)
  },
  store: async (port: number) => {
    const cost = await storeCost(port)
    return `${storeTable(cost)}\n\n${forLarger}\n\n${arithmeticTable(cost)}`
  },
}
type Part = keyof typeof parts

const program = findTool('redis-server')
if (program === undefined) throw new Error(adviceFor('redis-server'))
const unknown = positionals.filter((name) => !Object.hasOwn(parts, name))
if (unknown.length > 0) throw new Error(`${unknown.join()} is none of ${Object.keys(parts).join()}`)

const redis = await RedisProcess.start(program)
for (const name of Object.keys(parts) as Part[]) {
  if (positionals.length > 0 && !positionals.includes(name)) continue
  const load = loadavg()[0] ?? 0
  const figures = await parts[name](redis.port)
  const machine =
    `Node ${process.versions.node}, ${cpus().length} processors; the load of the machine was ` +
    `${load.toFixed(1)} before and ${(loadavg()[0] ?? 0).toFixed(1)} after.`
  console.log(`\n${name}\n${figures}\n${machine}`)
  if (!values['dry-run']) {
    const text = readFileSync(page, 'utf8')
    writeFileSync(page, withFigures(text, 'bench:fleet', name, `${figures}\n\n${machine}`))
  }
}
await redis.kill()
