import { createClient } from 'redis'
import { shared } from '../../src/fleet/index.ts'
import { CircuitBreaker } from '../../src/index.ts'
import { redisStore } from '../../src/redis/index.ts'
import { ask, type Call, failedIf500, sendTraffic } from '../traffic.ts'
import type { Orders, Report } from './messages.ts'
import { hostTime } from './messages.ts'
import { options, policy } from './settings.ts'

// One process of the fleet: a real program with its own client of Redis, its own breaker and callers.

// After its parent has gone, nothing listens.
const say = (report: Report) => {
  process.send?.(report, undefined, undefined, (error) => error && process.exit())
}

async function join({ redisPort, namespace }: Orders): Promise<CircuitBreaker> {
  const client = createClient({ socket: { host: '127.0.0.1', port: redisPort } })
  client.on('error', () => {})
  await client.connect()
  const fleet = shared(redisStore(client, { namespace }), {
    policy,
    onConnection: (connected) => say({ kind: 'connection', at: hostTime(), connected }),
  })
  const breaker = new CircuitBreaker({ ...options, shared: fleet, classify: failedIf500 })
  breaker.on('transition', ({ to, reason }) => {
    say({ kind: 'change', at: hostTime(), state: to, byFleet: reason === 'fleet' })
  })
  await fleet.ready()
  return breaker
}

/** How often it tells of its calls, ms. */
const every = 50

/** Sends calls for as long as this process lives. */
function call(breaker: CircuitBreaker, { upstreamUrl, perSecond }: Orders): void {
  const calls: Call[] = []
  const probes: Call[] = []
  const send = () =>
    breaker.run(async (signal) => {
      if (breaker.state === 'closed') return ask(upstreamUrl, signal)
      const probe: Call = { startedAt: hostTime() }
      try {
        const status = await ask(upstreamUrl, signal)
        probe.result = status < 500 ? 'ok' : 'failed'
        return status
      } catch (error) {
        probe.result = 'failed'
        throw error
      } finally {
        probe.endedAt = hostTime()
        probes.push(probe)
      }
    })
  void sendTraffic(send, { calls, perSecond, isOver: () => false, now: hostTime })
  let expectedAt = hostTime() + every
  setInterval(() => {
    const stall = Math.max(0, hostTime() - expectedAt)
    expectedAt = hostTime() + every
    const isOver = ({ result }: Call) => result !== undefined
    const ended = calls.filter(isOver)
    calls.splice(0, calls.length, ...calls.filter((one) => !isOver(one)))
    say({ kind: 'calls', calls: ended, probes: probes.splice(0), stall })
  }, every)
}

// Ctrl-C reaches every process of the terminal at once; the parent decides when this one ends.
process.on('SIGINT', () => {})
process.on('disconnect', () => process.exit())

let breaker: Promise<CircuitBreaker> | undefined
process.on('message', async (orders: Orders) => {
  if (breaker === undefined) {
    breaker = join(orders)
    await breaker
    say({ kind: 'ready' })
  } else call(await breaker, orders)
})
