import { fresh, sequential, sequentialFailing } from './drivers.ts'
import { handAsync } from './floors.ts'
import { type Contestant, interleaved, type RoundSettings } from './rounds.ts'
import { quantile, shuffled } from './statistics.ts'
import { type Action, CLOSED, type Subject } from './subject.ts'
import { opossum } from './subjects/opossum.ts'
import { library, plain } from './subjects/own.ts'

// Cost against size: `scale-child.ts <dimension> <settings> <sizes>`. Prints the cost of a call in
// units of the hand-written wrapper at the same size.

const closed = { open: false, fallback: undefined }
const succeed = async (): Promise<unknown> => 1
const seed = { maxFailures: 1e9, resetTimeout: 60_000 }
const { CircuitBreaker, CircuitRegistry } = await library()

function pair(subject: Action, floor: Action): Contestant[] {
  const [one, other] = [fresh(sequential), fresh(sequential)]
  return [
    { name: 'subject', batch: (calls) => one(subject, calls) },
    { name: 'floor', batch: (calls) => other(floor, calls) },
  ]
}

/** Keys in random order; the floor keeps a wrapper for each in a `Map`. */
async function keys(count: number): Promise<Contestant[]> {
  const registry = new CircuitRegistry({ maxSize: count })
  const guarded = registry.keyed(async (_key: string) => 1, { ...seed, key: (key) => key })
  const wrappers = new Map<string, Action>()
  const byHand = async (key: string): Promise<unknown> => {
    let wrapper = wrappers.get(key)
    if (wrapper === undefined) {
      wrapper = handAsync(succeed, closed)
      wrappers.set(key, wrapper)
    }
    return wrapper()
  }
  const names = Array.from({ length: count }, (_, i) => `key ${i}`)
  for (const key of names) await Promise.all([guarded(key), byHand(key)])
  let at = 0
  // A step that is prime to every size visits all of them without a pattern the caches know.
  const next = (): string => {
    at = (at + 7_368_787) % count
    return names[at] as string
  }
  return pair(
    () => guarded(next()),
    () => byHand(next()),
  )
}

function inFlight(count: number): Contestant[] {
  const thousand = (call: Action) => async (calls: number) => {
    for (let done = 0; done < calls; done += count) {
      const promises = []
      for (let i = 0; i < count; i++) promises.push(call())
      for (const promise of promises) await promise
    }
  }
  return [
    { name: 'subject', batch: thousand(new CircuitBreaker(seed)(fresh(succeed))) },
    { name: 'floor', batch: thousand(fresh(handAsync)(fresh(succeed), closed)) },
  ]
}

/** Overdue calls are kept in a line. */
function inFlightAuto(count: number): Contestant[] {
  const [, floor] = inFlight(count)
  const call = new CircuitBreaker({ resetTimeout: 60_000 })(fresh(succeed))
  const batch = async (calls: number): Promise<void> => {
    for (let done = 0; done < calls; done += count) {
      const promises = []
      for (let i = 0; i < count; i++) promises.push(call())
      for (const promise of promises) await promise
    }
  }
  return [{ name: 'subject', batch }, floor as Contestant]
}

function window(count: number): Contestant[] {
  const failureRate = { threshold: 1, minimumCalls: 1, window: { calls: count } }
  const breaker = new CircuitBreaker({ resetTimeout: 60_000, trip: { failureRate } })
  return pair(breaker(fresh(succeed)), fresh(handAsync)(fresh(succeed), closed))
}

function duration(seconds: number): Contestant[] {
  const failureRate = { threshold: 1, window: { duration: seconds * 1_000 } }
  const breaker = new CircuitBreaker({ resetTimeout: 60_000, trip: { failureRate } })
  return pair(breaker(fresh(succeed)), fresh(handAsync)(fresh(succeed), closed))
}

function listeners(count: number): Contestant[] {
  const breaker = new CircuitBreaker(seed)
  let heard = 0
  for (let i = 0; i < count; i++) breaker.on('success', () => void heard++)
  return pair(breaker(fresh(succeed)), fresh(handAsync)(fresh(succeed), closed))
}

type Guard = (action: Action) => Action

/** The cost of failures after so many successes, on a breaker of their own. */
async function failuresAfter(guard: Guard, successes: number, timed: number): Promise<number> {
  const error = new Error('down')
  let down = false
  const call = guard(async () => {
    if (down) throw error
  })
  await sequential(call, successes)
  down = true
  // The first ones meet what nothing has touched yet, however full it is.
  await sequentialFailing(call, timed)
  const begin = performance.now()
  await sequentialFailing(call, timed)
  return performance.now() - begin
}

async function failures(subject: Subject, { rounds }: RoundSettings, count: number) {
  const guards: [Guard, number[]][] = [
    [(action) => subject.guard(action, CLOSED), []],
    [(action) => handAsync(action, closed), []],
  ]
  for (const [guard] of guards) {
    for (let i = 0; i < 100; i++) await failuresAfter(guard, 500, 32)
  }
  for (let round = 0; round < rounds; round++) {
    for (const [guard, samples] of shuffled(guards)) {
      samples.push(await failuresAfter(guard, count, 32))
    }
  }
  const [own, floor] = guards.map(([, samples]) => quantile(samples, 0.2))
  return (own as number) / (floor as number)
}

const contestantsOf = { keys, inFlight, inFlightAuto, window, duration, listeners }
const failuresOf = { failures: () => plain('full'), failuresOpossum: () => opossum(false) }

const [dimension = '', settings = '{}', sizes = ''] = process.argv.slice(2)
const result: Record<string, number> = {}
for (const size of sizes.split(',').map(Number)) {
  const rounds = JSON.parse(settings) as RoundSettings
  const load = failuresOf[dimension as keyof typeof failuresOf]
  if (load !== undefined) {
    result[size] = await failures(await load(), rounds, size)
    continue
  }
  const contestants = await contestantsOf[dimension as keyof typeof contestantsOf](size)
  const unit = dimension.startsWith('inFlight') ? size : 16
  const times = await interleaved(contestants, { ...rounds, unit })
  result[size] = (times['subject'] as number) / (times['floor'] as number)
}
process.stdout.write(JSON.stringify(result))
process.exit(0)
