// A process of a fleet, as tests start it: `node member.ts '{"port":…,"namespace":…,"process":…}'`. It says `ready`
// when it has heard the fleet, fails the calls that it is told to, and ends with its parent.
import { createInterface } from 'node:readline'
import { createClient } from 'redis'
import { shared } from '../../../src/fleet/index.ts'
import { CircuitRegistry } from '../../../src/index.ts'
import { redisStore } from '../../../src/redis/index.ts'

const {
  port,
  namespace,
  process: name,
  version,
  service,
  resetTimeout,
} = JSON.parse(process.argv[2] as string)
const client = await createClient({ socket: { host: '127.0.0.1', port } })
  .on('error', () => {})
  .connect()
const fleet = shared(redisStore(client, { namespace }), { process: name, version, service })
const registry = new CircuitRegistry({ shared: fleet, defaults: { maxFailures: 50, resetTimeout } })
const payments = registry.breaker('payments')
const mail = registry.breaker('mail')
// A breaker joins its fleet when it is first looked at.
for (const breaker of [payments, mail]) void breaker.state
await fleet.ready()
console.log('ready')

const call = payments(async (outcome: string) => {
  if (outcome === 'fail') throw new Error('down')
})
createInterface({ input: process.stdin })
  .on('line', async (line) => {
    const [what = '', times = '1'] = line.split(' ')
    if (what === 'state') console.log(payments.state)
    else if (what === 'trip') payments.trip()
    else if (what === 'reset') payments.reset()
    else for (let i = 0; i < Number(times); i++) await call(what).catch(() => {})
  })
  // With its parent.
  .on('close', () => process.exit())
