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
 * console.assert(text.includes('circuit_breaker_call_active{circuit_breaker_name="users"} 0'))
 *
 * @module
 */
import { checkAdapterOptions } from '../adapter/call-options.ts'
import { type MetricsOptions, RegistryMetrics } from '../adapter/registry-metrics.ts'
import type { CircuitRegistry } from '../index.ts'
import { familiesOf, oncePerTurn } from './families.ts'
import { resilience4jFamilies } from './resilience4j.ts'

/** What {@link prometheus} takes. */
export interface PrometheusOptions extends MetricsOptions {
  /** The `Registry` of prom-client that the metrics are added to. */
  readonly register: {
    // biome-ignore lint/suspicious/noExplicitAny: prom-client names the classes of its own metrics.
    registerMetric(metric: any): void
    removeSingleMetric(name: string): void
  }
  /**
   * Adds the metrics that resilience4j has under its names and labels, for dashboards that are there already.
   * @defaultValue `false`
   */
  readonly resilience4j?: boolean | undefined
}

const TYPES = { register: 'object', label: 'function', limit: 'number', resilience4j: 'boolean' }

/**
 * Adds the metrics to a register. They are read when they are scraped, in one pass over all breakers: calls
 * do not pay for them, and a breaker that was removed disappears. Returns what takes them out again.
 *
 * Durations of calls are there with the option `statistics` of the breakers.
 *
 * @throws TypeError or RangeError for arguments or options that are wrong; the error of prom-client if a metric
 * of that name is there already, as those of another registry are; then none is added
 */
export function prometheus(registry: CircuitRegistry, options: PrometheusOptions): () => void {
  checkAdapterOptions('prometheus', options, TYPES)
  const { register } = options
  if (typeof register?.registerMetric !== 'function') {
    throw new TypeError(`register must be a Registry of prom-client, got ${typeof register}`)
  }
  const metrics = new RegistryMetrics('prometheus', registry, options)
  const now = oncePerTurn(() => [...metrics.read()])
  const families = familiesOf(metrics, now)
  if (options.resilience4j === true) families.push(...resilience4jFamilies(metrics, now))
  const names: string[] = []
  const stop = (): void => {
    for (const name of names.splice(0)) register.removeSingleMetric(name)
  }
  try {
    for (const family of families) {
      register.registerMetric(family)
      names.push(family.name)
    }
  } catch (error) {
    stop()
    throw error
  }
  return stop
}
