import { CircuitBreaker } from '../../src/index.ts'

// Prints how many timers the process has, and how many calls are in flight, at each step.

const hang = () => new Promise<never>(() => {})
const steps: Record<string, { timers: number; inFlight: number }> = {}

const durations = [60_000, 70_000, 80_000]
const breakers = Array.from(
  { length: 100 },
  (_, n) => new CircuitBreaker({ callTimeout: durations[n % 3], maxFailures: 1000 }),
)

/** A turn after what was done: the timer of calls that have ended is cleared by then. */
async function note(step: string): Promise<void> {
  await new Promise(setImmediate)
  const pending = process.getActiveResourcesInfo()
  steps[step] = {
    timers: pending.filter((name) => name === 'Timeout' || name === 'Immediate').length,
    inFlight: breakers.reduce((sum, breaker) => sum + breaker.snapshot().inFlight, 0),
  }
}

function everywhere(call: (breaker: CircuitBreaker) => Promise<unknown>): Promise<unknown> {
  return Promise.allSettled(breakers.map(call))
}

await note('new')
await everywhere((breaker) => breaker.run(() => 1))
await note('used')

let release = (): void => {}
const answer = new Promise<void>((resolve) => {
  release = resolve
})
const calls: Promise<unknown>[] = []
for (let n = 0; n < 5; n++) {
  calls.push(everywhere((breaker) => breaker.run(() => answer)))
  calls.push(everywhere((breaker) => breaker(() => answer)()))
  // So that they do not begin, nor end, in one turn.
  await new Promise((resolve) => setTimeout(resolve, 2))
}
await note('in flight')
release()
await Promise.all(calls)
await note('answered')

const timedOut = [1, 2, 3].map(() => everywhere((breaker) => breaker.run(hang, { timeout: 20 })))
await note('hanging')
await Promise.all(timedOut)
await note('timed out')

const controller = new AbortController()
const aborted = everywhere((breaker) => breaker.run(hang, { signal: controller.signal }))
const permits = breakers.map((breaker) => breaker.acquire())
await note('in flight again')
controller.abort()
await aborted
for (const permit of permits) permit.cancel()
await note('aborted')

for (const breaker of breakers) breaker.trip()
await everywhere((breaker) => breaker.run(() => 1))
await note('open')

process.stdout.write(JSON.stringify(steps))
