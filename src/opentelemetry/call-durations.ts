import { type HrTime, ValueType } from '@opentelemetry/api'
import { checkAdapterOptions } from '../adapter/call-options.ts'
import { LATENCY_BOUNDS, METRICS, NAME } from '../adapter/metrics.ts'
import { type MetricsOptions, RegistryMetrics, type Series } from '../adapter/registry-metrics.ts'
import type { CircuitRegistry } from '../index.ts'
import { SCOPE } from './observe.ts'

/** A `MetricProducer` of `@opentelemetry/sdk-metrics`, whose types this package does without. */
export interface CallDurations {
  collect(): Promise<{
    readonly resourceMetrics: {
      /** That of the reader is used. */
      readonly resource: never
      readonly scopeMetrics: {
        readonly scope: { readonly name: string }
        readonly metrics: never[]
      }[]
    }
    readonly errors: unknown[]
  }>
}

/** As numbered by the SDK. */
const HISTOGRAM = 0
const CUMULATIVE = 1

/**
 * How long calls took, as the histogram `circuit_breaker.call.duration` of the breakers with the option
 * `statistics`. The API has no histogram that is read when it is collected, and one that is not would cost each
 * call: so it is a producer, for the option `metricProducers` of a reader. It is cumulative whatever the
 * exporter prefers, and a breaker that was removed disappears.
 *
 * @throws TypeError or RangeError for arguments or options that are wrong
 * @example
 * import { circuits } from 'short-circuit'
 * import { callDurations } from 'short-circuit/opentelemetry'
 *
 * const metricProducers = [callDurations(circuits)]
 * // new PeriodicExportingMetricReader({ exporter, metricProducers })
 * console.assert((await metricProducers[0]?.collect())?.errors.length === 0)
 */
export function callDurations(
  registry: CircuitRegistry,
  options: MetricsOptions = {},
): CallDurations {
  checkAdapterOptions('callDurations', options, { label: 'function', limit: 'number' })
  const metrics = new RegistryMetrics('callDurations', registry, options)
  const startTime = hrTime()
  const { name, unit, description } = METRICS.duration
  const pointsOf = ({ label, values }: Series, endTime: HrTime) => {
    const [count, sum] = metrics.durations.slice(-2).map((index) => values[index])
    if (count === undefined || sum === undefined) return []
    const counts = metrics.durations
      .slice(0, LATENCY_BOUNDS.length)
      .map((index) => values[index] as number)
    counts.push(count - counts.reduce((all, one) => all + one, 0))
    const value = { buckets: { boundaries: [...LATENCY_BOUNDS], counts }, sum, count }
    return [{ startTime, endTime, attributes: { [NAME]: label }, value }]
  }
  return {
    async collect() {
      const endTime = hrTime()
      const metric = {
        descriptor: { name, unit, description, valueType: ValueType.DOUBLE },
        aggregationTemporality: CUMULATIVE,
        dataPointType: HISTOGRAM,
        dataPoints: Array.from(metrics.read()).flatMap((series) => pointsOf(series, endTime)),
      }
      const scopeMetrics = [{ scope: { name: SCOPE }, metrics: [metric as never] }]
      return { resourceMetrics: { resource: undefined as never, scopeMetrics }, errors: [] }
    },
  }
}

function hrTime(): HrTime {
  // biome-ignore lint/style/noRestrictedGlobals: the SDK goes by it, whatever the clocks of breakers say.
  const ms = Date.now()
  return [Math.floor(ms / 1_000), (ms % 1_000) * 1_000_000]
}
