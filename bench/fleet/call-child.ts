// Prints what a call takes with a breaker of this process alone and with a shared one, in ns:
// `call-child.ts <shape> <port of redis>`. Both are measured by turns in one process.
import { randomUUID } from 'node:crypto'
import { createClient } from 'redis'
import { shared } from '../../src/fleet/index.ts'
import { CircuitBreaker, type CircuitBreakerOptions } from '../../src/index.ts'
import { redisStore } from '../../src/redis/index.ts'

/** Few enough to end before another process has its turn, where the machine is busy. */
const CALLS = 1_000
const ROUNDS = 500
const [, , shape = '', port = ''] = process.argv

const client = createClient({ socket: { host: '127.0.0.1', port: Number(port) } })
await client.connect()
// However many calls fail, the fleet does not open.
const fleet = shared(redisStore(client, { namespace: randomUUID() }), {
  policy: { failureRate: 0 },
})

const options: CircuitBreakerOptions = {
  name: 'upstream',
  ...(shape === 'success' ? {} : { maxFailures: 1e9, resetTimeout: Infinity }),
}
const action = async (): Promise<number> => {
  if (shape === 'failure') throw failure
  return 1
}
const failure = new Error('down')
const breakers = [
  new CircuitBreaker(options),
  new CircuitBreaker({ ...options, shared: fleet }),
] as const
await fleet.ready()
if (shape === 'rejection') {
  breakers[0].trip()
  breakers[1].trip({ fleet: true })
  await fleet.ready()
}

const calls = breakers.map((breaker) => breaker(action))
const fastest = [Infinity, Infinity]
for (let round = -100; round < ROUNDS; round++) {
  for (const which of round % 2 === 0 ? [0, 1] : [1, 0]) {
    const call = calls[which] as () => Promise<number>
    const begin = performance.now()
    for (let i = 0; i < CALLS; i++) {
      try {
        await call()
      } catch {}
    }
    const ns = ((performance.now() - begin) / CALLS) * 1e6
    if (round >= 0) fastest[which] = Math.min(fastest[which] ?? Infinity, ns)
    // Lets the exchanges of the fleet go on.
    if (round % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
const { connected } = fleet
const state = breakers[1].state
console.log(JSON.stringify({ local: fastest[0], shared: fastest[1], connected, state }))
await fleet.close()
await client.close()
