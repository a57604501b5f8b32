// Prints what a call takes with a breaker of this process alone, with a shared one, and with another one of this
// process alone, which shows how far equal breakers differ, in ns: `call-child.ts <shape> <port of redis>`. They are
// measured by turns in one process.
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
  new CircuitBreaker(options),
] as const
await fleet.ready()
if (shape === 'rejection') {
  breakers[0].trip()
  breakers[1].trip({ fleet: true })
  breakers[2].trip()
  await fleet.ready()
}

const calls = breakers.map((breaker) => breaker(action))
const fastest = [Infinity, Infinity, Infinity]
for (let round = -102; round < ROUNDS; round++) {
  const first = (round + 102) % 3
  for (const which of [first, (first + 1) % 3, (first + 2) % 3]) {
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
const [local, sharedTime, again] = fastest
console.log(JSON.stringify({ local, shared: sharedTime, again, connected, state }))
await fleet.close()
await client.close()
