import { CircuitBreaker } from '../../src/index.ts'
import { heapInUse } from './heap.ts'

// A million calls of every kind and end on one breaker; prints the memory in use on the way.

const ROUNDS = 1_000
const SAMPLES = 10
const down = () => Promise.reject(new Error('down'))
const hang = () => new Promise<never>(() => {})
const callers = new AbortController().signal

const breaker = new CircuitBreaker({ maxFailures: 100, resetTimeout: 60_000, maxConcurrent: 300 })
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
  breaker.reset()
  await times(250, () => wrapped(1))
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
  await times(200, () => wrapped(1))
}

const samples: number[] = []
for (let n = 1; n <= ROUNDS; n++) {
  await round()
  if (n % (ROUNDS / SAMPLES) === 0) samples.push(await heapInUse())
}
const { counts } = breaker.snapshot()
process.stdout.write(JSON.stringify({ calls, counts, samples }))
