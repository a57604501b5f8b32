// A process of a fleet that calls a dependency at a steady rate, and tells when its breaker moves.
import { setTimeout as sleep } from 'node:timers/promises'
import { createClient } from 'redis'
import { hostTime } from '../../demo/fleet/messages.ts'
import { shared } from '../../src/fleet/index.ts'
import { CircuitBreaker } from '../../src/index.ts'
import { redisStore } from '../../src/redis/index.ts'
import type { Orders, Report, Task } from './members.ts'

const say = (report: Report) => {
  process.send?.(report, undefined, undefined, (error) => error && process.exit())
}
process.on('disconnect', () => process.exit())
process.on('SIGINT', () => {})

/** How long an answer takes, ms. */
const LATENCY = 2

let outage = { from: Infinity, until: Infinity }
let calls = 0

async function dependency(): Promise<void> {
  await sleep(LATENCY)
  const now = hostTime()
  if (now >= outage.from && now < outage.until) throw new Error('down')
}

async function join({ redisPort, namespace, options, policy }: Orders): Promise<CircuitBreaker> {
  const client = createClient({ socket: { host: '127.0.0.1', port: redisPort } })
  client.on('error', () => {})
  await client.connect()
  const fleet = shared(redisStore(client, { namespace }), { policy })
  const breaker = new CircuitBreaker({ ...options, name: 'upstream', shared: fleet })
  breaker.on('transition', ({ to, reason }) => {
    say({ kind: 'change', at: hostTime(), state: to, byFleet: reason === 'fleet' })
  })
  await fleet.ready()
  return breaker
}

/** At due times that are absolute: a late timer is made up for and does not lower the rate. */
async function callForEver(breaker: CircuitBreaker, perSecond: number): Promise<void> {
  for (let due = hostTime(); ; due += 1_000 / perSecond) {
    const left = due - hostTime()
    if (left > 0) await sleep(left)
    calls++
    breaker.run(dependency).catch(() => {})
  }
}

process.on('message', async (task: Task) => {
  if (task.kind === 'join') {
    const breaker = await join(task.orders)
    say({ kind: 'ready' })
    await sleep(task.orders.after)
    await callForEver(breaker, task.orders.perSecond)
  } else if (task.kind === 'outage') outage = task
  else say({ kind: 'calls', calls })
})
