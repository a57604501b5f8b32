/**
 * The breakers of a registry as metrics of prom-client.
 *
 * @example
 * import { Registry } from 'prom-client'
 * import { CircuitRegistry } from 'short-circuit'
 * import { prometheus } from 'short-circuit/prometheus'
 *
 * const circuits = new CircuitRegistry()
 * const register = new Registry()
 * prometheus(circuits, { register })
 * circuits.breaker('users').trip()
 * const text = await register.metrics()
 * console.assert(text.includes('circuit_breaker_state{name="users",state="open"} 1'))
 *
 * @module
 */
import type { CircuitRegistry } from '../index.ts'
import { LATENCY_BOUNDS, Metrics } from './metrics.ts'

/** What {@link prometheus} takes. */
export interface PrometheusOptions {
  /** The `Registry` of prom-client that the metrics are added to. */
  readonly register: {
    // biome-ignore lint/suspicious/noExplicitAny: prom-client names the classes of its own metrics.
    registerMetric(metric: any): void
    removeSingleMetric(name: string): void
  }
  /**
   * The label `name` of a breaker. Those with the same one are added up, so that `fetch` stands for all
   * origins, for example.
   * @defaultValue the name of the breaker
   */
  readonly label?: ((name: string) => string) | undefined
  /**
   * The number of different labels; what is beyond has the label `other`, and is counted in
   * `circuit_breaker_omitted`. An integer of at least 1.
   * @defaultValue 500
   */
  readonly limit?: number | undefined
}

/**
 * Adds the metrics to a register. They are read when they are scraped, in one pass over all breakers: calls
 * do not pay for them, and a breaker that was removed disappears. Returns what takes them out again.
 *
 * Durations of calls are there with the option `statistics` of the breakers.
 *
 * @throws TypeError or RangeError for arguments or options that are wrong; the error of prom-client if a metric
 * of that name is there already
 */
export function prometheus(registry: CircuitRegistry, options: PrometheusOptions): () => void {
  if (typeof registry?.read !== 'function') {
    throw new TypeError(`prometheus takes a CircuitRegistry first, got ${typeof registry}`)
  }
  const { register, label = (name: string) => name, limit = 500 } = options ?? {}
  if (typeof register?.registerMetric !== 'function') {
    throw new TypeError(`register must be a Registry of prom-client, got ${typeof register}`)
  }
  if (typeof label !== 'function') {
    throw new TypeError(`label must be a function, got ${typeof label}`)
  }
  if (!(Number.isInteger(limit) && limit >= 1)) {
    throw new RangeError(`limit must be an integer of at least 1, got ${String(limit)}`)
  }
  const metrics = new Metrics(registry, label, limit)
  const all = Object.entries(DESCRIPTIONS).map(([name, { help, type, of }]) => ({
    name,
    help,
    type,
    aggregator: 'sum',
    // By the name that it has now: for OpenMetrics, prom-client takes `_total` from the names of counters.
    get() {
      return { name: this.name, help, type, aggregator: 'sum', values: metrics.now[of] }
    },
    reset: () => {},
  }))
  for (const metric of all) register.registerMetric(metric)
  const stopCounting = registry.on('transition', ({ breaker, to, reason }) => {
    metrics.countTransition(breaker, to, reason)
  })
  return () => {
    stopCounting()
    for (const name of Object.keys(DESCRIPTIONS)) register.removeSingleMetric(name)
  }
}

type Of = keyof Metrics['now']

const DESCRIPTIONS: Readonly<
  Record<string, { readonly help: string; readonly type: string; readonly of: Of }>
> = {
  circuit_breaker_state: {
    help: 'Breakers in the state that calls meet, 1 for that of a single one',
    type: 'gauge',
    of: 'state',
  },
  circuit_breaker_calls_total: {
    help: 'Calls that were admitted and have ended',
    type: 'counter',
    of: 'calls',
  },
  circuit_breaker_rejections_total: {
    help: 'Calls that were rejected without running',
    type: 'counter',
    of: 'rejections',
  },
  circuit_breaker_transitions_total: {
    help: 'Changes of the automatic state since the metrics were added',
    type: 'counter',
    of: 'transitions',
  },
  circuit_breaker_call_active: { help: 'Calls in flight', type: 'gauge', of: 'active' },
  circuit_breaker_override: {
    help: 'Breakers that are forced open or closed, or disabled',
    type: 'gauge',
    of: 'override',
  },
  circuit_breaker_call_duration_seconds: {
    help: `Durations of calls, in buckets up to ${LATENCY_BOUNDS.at(-1)} s`,
    type: 'histogram',
    of: 'duration',
  },
  circuit_breaker_breakers: { help: 'Breakers that are registered', type: 'gauge', of: 'breakers' },
  circuit_breaker_omitted: {
    help: 'Breakers under the label "other", because there are too many',
    type: 'gauge',
    of: 'omitted',
  },
}
