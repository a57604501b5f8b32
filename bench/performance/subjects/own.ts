import type { CircuitBreakerOptions } from '../../../src/index.ts'
import { type Action, CLOSED, HOUR, type Setup, type Subject } from '../subject.ts'

type Library = typeof import('../../../src/index.ts')
type Options = CircuitBreakerOptions<unknown>

/** The library of this clone, or another build to compare with it. */
export async function library(): Promise<Library> {
  return import(process.env['BENCH_LIBRARY'] ?? '../../../src/index.ts')
}

type Configuration = (trips: boolean) => Options

type ConfigurationName = 'seed' | 'count' | 'time' | 'auto' | 'full'

const seed: Configuration = (trips) => ({ maxFailures: trips ? 3 : 1e9, resetTimeout: HOUR })

const never = { threshold: 1, minimumCalls: 100 }
const soon = { threshold: 0.5, minimumCalls: 3 }

/** Every configuration takes the same way as in use; only the thresholds differ. */
export const configurations: Readonly<Record<ConfigurationName, Configuration>> = {
  seed,
  count: (trips) => ({
    resetTimeout: HOUR,
    trip: { failureRate: { ...(trips ? soon : never), window: { calls: 100 } } },
  }),
  time: (trips) => ({
    resetTimeout: HOUR,
    trip: { failureRate: { ...(trips ? soon : never), window: { duration: 10_000 } } },
  }),
  auto: (trips) =>
    trips
      ? { resetTimeout: HOUR }
      : { trip: { evidence: { threshold: 1e9 } }, recovery: 'auto' as const },
  full: (trips) => ({
    resetTimeout: HOUR,
    statistics: true,
    trip: { failureRate: { ...(trips ? soon : never), window: { duration: 10_000 } } },
  }),
}

function optionsFor(configuration: Configuration, { trips, fallback, timeout }: Setup): Options {
  return { ...configuration(trips), fallback, callTimeout: timeout }
}

/** A breaker of its own, as `new CircuitBreaker(options)` gives it. */
export async function plain(name: ConfigurationName): Promise<Subject> {
  const { CircuitBreaker } = await library()
  const configuration = configurations[name]
  return {
    guard: (action, setup) =>
      new CircuitBreaker(optionsFor(configuration, setup))(action) as Action,
    breaker: () => new CircuitBreaker(configuration(false)),
    sync: (action, { trips }) => new CircuitBreaker(configuration(trips)).sync(action),
    stream: (items) => new CircuitBreaker(configuration(false)).stream(items as never) as never,
  }
}

export async function listened(): Promise<Subject> {
  const { CircuitBreaker } = await library()
  return {
    guard(action, setup) {
      const breaker = new CircuitBreaker(optionsFor(seed, setup))
      breaker.on('success', () => {})
      breaker.on('failure', () => {})
      breaker.on('reject', () => {})
      return breaker(action) as Action
    },
  }
}

export async function registered(): Promise<Subject> {
  const { CircuitRegistry } = await library()
  const registry = new CircuitRegistry()
  let made = 0
  return {
    guard: (action, setup) =>
      registry.breaker(`circuit ${made++}`, optionsFor(seed, setup) as never)(action) as Action,
  }
}

/** One of a thousand keys. */
export async function keyed(): Promise<Subject> {
  const { CircuitRegistry } = await library()
  let shared: ((id: string) => Promise<unknown>) | undefined
  let made = 0
  return {
    guard(action, setup) {
      const registry = new CircuitRegistry()
      const guarded = registry.keyed((_id: string) => action(), {
        ...(optionsFor(seed, setup) as object),
        key: (id: string) => id,
        name: 'keyed',
      })
      for (let i = 0; i < 1_000; i++) void guarded(`key ${i}`).catch(() => {})
      return () => guarded('key 500')
    },
    another(action) {
      shared ??= new CircuitRegistry({ maxSize: 1e6 }).keyed((_id: string) => action(), {
        ...(optionsFor(seed, CLOSED) as object),
        key: (id: string) => id,
        name: 'keyed',
      })
      const [guarded, key] = [shared, `key ${made++}`]
      return () => guarded(key)
    },
  }
}
