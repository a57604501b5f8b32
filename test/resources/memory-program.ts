import { CircuitBreaker, type TripRules } from '../../src/index.ts'
import { heapInUse } from './heap.ts'

// A million calls of every kind and end on one breaker with the trip rules of that name; prints the
// memory in use on the way.

const ROUNDS = 1_000
const SAMPLES = 10
const down = () => Promise.reject(new Error('down'))
const hang = () => new Promise<never>(() => {})
const callers = new AbortController().signal

const rules: Record<string, TripRules> = {
  'consecutive failures': { consecutiveFailures: 100 },
  // They watch every call and never fire: all calls are of one generation.
  'every rule': {
    consecutiveFailures: 1e9,
    failureRate: { threshold: 1, minimumCalls: 1_000, window: { duration: 10_000 } },
    slowCallRate: {
      slowerThan: 60_000,
      threshold: 1,
      minimumCalls: 1_000,
      window: { calls: 1_000 },
    },
    evidence: { threshold: 1e9 },
    when: () => false,
  },
}
const trip = rules[String(process.argv[2])] ?? {}

const breaker = new CircuitBreaker({ trip, resetTimeout: 60_000, maxConcurrent: 300 })
breaker.on('transition', () => {})
const wrapped = breaker(async (n: number) => n)
const sync = breaker.sync((n: number) => n)
const stream = breaker.stream(async function* (n: number) {
  yield n
})

let calls = 0

async function times(n: number, call: () => unknown): Promise<void> {
  calls += n
  await Promise.allSettled(Array.from({ length: n }, async () => call()))
}

/** A thousand calls. */
async function round(): Promise<void> {
  if (breaker.state === 'open') breaker.reset()
  await times(50, () => wrapped(1))
  await times(100, () => breaker.run(() => 1))
  await times(100, () => breaker.run(() => 1, { signal: callers }))
  await times(100, () => sync(1))
  await times(50, () => breaker.acquire({ signal: callers }).success())
  await times(25, async () => {
    for await (const item of stream(1)) void item
  })
  await times(25, () => breaker.run(down, { fallback: () => 1 }))
  await times(1, () => wrapped(1))
  await times(49, () => breaker.run(hang, { timeout: 1 }))
  await times(100, () => breaker.run(down))
  await times(400, () => wrapped(1))
}

const samples: number[] = []
for (let n = 1; n <= ROUNDS; n++) {
  await round()
  if (n % (ROUNDS / SAMPLES) === 0) samples.push(await heapInUse())
}
const { counts } = breaker.snapshot()
process.stdout.write(JSON.stringify({ calls, counts, samples }))
