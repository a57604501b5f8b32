import { sequential } from './drivers.ts'
import { quantile } from './statistics.ts'
import { configurations, library } from './subjects/own.ts'

// What only this library can be asked: prints `OwnFigures`. With --expose-gc.

export interface OwnFigures {
  /** Bytes retained by a key whose calls have all succeeded, without the string. */
  readonly healthyKey: number
  /** The same when its last call has failed. */
  readonly failedKey: number
  /** Reading all statistics with their percentiles, µs. */
  readonly snapshot: number
  /** Bytes a breaker with all statistics takes more after 100 000 calls than after 1 000. */
  readonly growth: number
  /** Frames of the library in the stack of a failure that passes through a breaker. */
  readonly frames: number
}

const KEYS = 100_000
const BREAKERS = 50
const { CircuitBreaker, CircuitRegistry } = await library()

const succeed = async (): Promise<number> => 1
const error = new Error('down')
const fail = async (): Promise<never> => {
  throw error
}
const seed = configurations.seed(false)
const full = configurations.full(false)

function retained(): number {
  for (let i = 0; i < 3; i++) (gc as () => void)()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

async function bytesPerKey(action: (key: string) => Promise<unknown>): Promise<number> {
  const names = Array.from({ length: KEYS }, (_, i) => `key ${i}`)
  // Strings and their hashes are there before anything is counted.
  new Set(names)
  const registry = new CircuitRegistry({ maxSize: KEYS })
  const guarded = registry.keyed(action, { ...(seed as object), key: (key) => key, name: 'keyed' })
  const call = async (key: string): Promise<void> => {
    try {
      await guarded(key)
    } catch {}
  }
  for (let i = 0; i < 1_000; i++) await call('another key')
  const before = retained()
  for (const name of names) await call(name)
  const bytes = (retained() - before) / names.length
  // Alive until here.
  await call('another key')
  return Math.round(bytes)
}

async function snapshotTime(): Promise<number> {
  const breaker = new CircuitBreaker(full)
  const guarded = breaker(succeed)
  await sequential(guarded, 10_000)
  const samples: number[] = []
  for (let i = 0; i < 200; i++) {
    await guarded()
    const begin = performance.now()
    for (let j = 0; j < 50; j++) breaker.snapshot()
    samples.push((performance.now() - begin) / 50)
  }
  return quantile(samples, 0.2) * 1_000
}

async function growth(): Promise<number> {
  const another = () => new CircuitBreaker(full)(succeed)
  // What the engine keeps of the code that runs is not theirs.
  await sequential(another(), 100_000)
  const all = Array.from({ length: BREAKERS }, another)
  for (const call of all) await sequential(call, 1_000)
  const before = retained()
  for (const call of all) await sequential(call, 99_000)
  const bytes = (retained() - before) / all.length
  return Math.round(bytes)
}

async function frames(): Promise<number> {
  const guarded = new CircuitBreaker(seed)(async () => {
    await undefined
    throw new Error('down')
  })
  async function caller(): Promise<void> {
    await guarded()
  }
  const failure = await caller().catch((reason: Error) => reason)
  const stack = String((failure as Error).stack)
  if (!stack.includes('caller')) throw new Error(`the stack has lost the caller:\n${stack}`)
  return stack.split('\n').filter((line) => line.includes('/src/')).length
}

const figures: OwnFigures = {
  healthyKey: await bytesPerKey(succeed),
  failedKey: await bytesPerKey(fail),
  snapshot: await snapshotTime(),
  growth: await growth(),
  frames: await frames(),
}
process.stdout.write(JSON.stringify(figures))
process.exit(0)
