import { fetch } from 'undici'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { CircuitBreaker, CircuitRegistry, isCircuitOpenError } from '../../src/index.ts'
import { canStart, UpstreamProcess } from '../faults/upstream-process.ts'

let shards: UpstreamProcess[] = []
beforeAll(async () => {
  if (canStart) shards = await Promise.all(Array.from({ length: 8 }, UpstreamProcess.start))
}, 30_000)
afterAll(() => Promise.all(shards.map((shard) => shard.end())))

const options = {
  trip: { failureRate: { threshold: 0.1, minimumCalls: 10, window: { calls: 40 } } },
  resetTimeout: 60_000,
}
/** Its requests are counted by the caller: a process that is gone counts none. */
let sent: number[]

async function ask(shard: number): Promise<string> {
  sent[shard] = (sent[shard] ?? 0) + 1
  const response = await fetch(`${shards[shard]?.url}/`)
  return response.text()
}

/** Twenty calls to each shard in turn; how many were answered, failed and rejected, by shard. */
async function traffic(call: (shard: number) => Promise<string>) {
  sent = []
  const answered = shards.map(() => 0)
  const rejected = shards.map(() => 0)
  for (let i = 0; i < 20 * shards.length; i++) {
    const shard = i % shards.length
    const result = await call(shard).catch((error: unknown) => error)
    if (result === 'hello') answered[shard] = (answered[shard] as number) + 1
    if (isCircuitOpenError(result)) rejected[shard] = (rejected[shard] as number) + 1
  }
  return { answered, rejected }
}

it.runIf(canStart)(
  'one dead server of eight takes the others with it behind one breaker, and not with one by key',
  async () => {
    await shards[3]?.kill()
    const shared = await traffic(new CircuitBreaker(options)(ask))
    const registry = new CircuitRegistry({ defaults: options })
    const keyed = await traffic(registry.keyed(ask, { key: (shard) => shard, name: 'shard' }))

    const healthy = [0, 1, 2, 4, 5, 6, 7]
    expect(healthy.every((shard) => (shared.rejected[shard] as number) > 15)).toBe(true)
    expect(healthy.map((shard) => keyed.answered[shard])).toEqual(healthy.map(() => 20))
    expect(keyed.rejected[3]).toBe(10)
    expect(sent[3]).toBe(10)
    expect([...registry].map(({ name, state }) => `${name} ${state}`)).toEqual(
      shards.map((_, shard) => `shard:${shard} ${shard === 3 ? 'open' : 'closed'}`),
    )
  },
)
