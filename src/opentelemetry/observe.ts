import {
  metrics as api,
  type BatchObservableResult,
  type Meter,
  type Observable,
} from '@opentelemetry/api'
import { checkAdapterOptions } from '../adapter/call-options.ts'
import { METRICS, type Metric, type MetricName, NAME } from '../adapter/metrics.ts'
import { type MetricsOptions, RegistryMetrics, type Series } from '../adapter/registry-metrics.ts'
import type { CircuitRegistry } from '../index.ts'
import { addSpanEvents } from './span-events.ts'

export const SCOPE = 'short-circuit'

/** What {@link openTelemetry} takes. */
export interface OpenTelemetryOptions extends MetricsOptions {
  /**
   * What creates the instruments.
   * @defaultValue the meter `short-circuit` of the global provider, as it is when {@link openTelemetry} is called
   */
  readonly meter?: Meter | undefined
  /**
   * Adds `circuit_breaker.transition` and `circuit_breaker.rejection` to the span in which they happen. A call
   * that was rejected has no span of a client: the event tells why.
   * @defaultValue `true`
   */
  readonly spanEvents?: boolean | undefined
}

const TYPES = { meter: 'object', label: 'function', limit: 'number', spanEvents: 'boolean' }

/** Collections in which what was removed is still shown as 0: several readers collect in turns. */
const FAREWELLS = 4

/**
 * Observes all breakers of a registry in one callback for each collection. Calls do not pay for it. Returns
 * what stops it. Call it after the SDK has started: the API keeps no meters for later.
 *
 * @throws TypeError or RangeError for arguments or options that are wrong
 */
export function openTelemetry(
  registry: CircuitRegistry,
  options: OpenTelemetryOptions = {},
): () => void {
  checkAdapterOptions('openTelemetry', options, TYPES)
  const metrics = new RegistryMetrics('openTelemetry', registry, options)
  const { meter = api.getMeter(SCOPE), spanEvents = true } = options
  const instruments = new Map<MetricName, Observable>()
  for (const [which, metric] of Object.entries(METRICS)) {
    // The API has no histogram that is read when it is collected: see `callDurations`.
    if (metric.kind !== 'histogram') instruments.set(which as MetricName, create(meter, metric))
  }
  const observed = [...instruments.values()]
  const observe = observer(metrics, instruments)
  meter.addBatchObservableCallback(observe, observed)
  const stopEvents = spanEvents ? addSpanEvents(registry) : undefined
  return () => {
    meter.removeBatchObservableCallback(observe, observed)
    stopEvents?.()
  }
}

function create(meter: Meter, { kind, name, unit, description }: Metric): Observable {
  if (kind === 'counter') return meter.createObservableCounter(name, { unit, description })
  if (kind === 'gauge') return meter.createObservableGauge(name, { unit, description })
  return meter.createObservableUpDownCounter(name, { unit, description })
}

function observer(
  metrics: RegistryMetrics,
  instruments: ReadonlyMap<MetricName, Observable>,
): (result: BatchObservableResult) => void {
  /** What was there before, with how often it is still shown once it is not. */
  const shown = new Map<string, { readonly series: Series; left: number }>()
  return (result) => {
    const observeAll = ({ label, values }: Series, removed: boolean): void => {
      metrics.cells.forEach(({ metric, attributes }, index) => {
        const value = values[index]
        const instrument = instruments.get(metric)
        if (value === undefined || instrument === undefined) return
        if (removed && METRICS[metric].kind === 'counter') return
        result.observe(instrument, removed ? 0 : value, { [NAME]: label, ...attributes })
      })
    }
    for (const one of shown.values()) one.left--
    for (const series of metrics.read()) {
      observeAll(series, false)
      shown.set(series.label, { series, left: FAREWELLS })
    }
    // The SDK goes on with the last value of a series that is over: an open one would be open for ever.
    for (const [label, { series, left }] of shown) {
      if (left === FAREWELLS) continue
      if (left === 0) shown.delete(label)
      observeAll(series, true)
    }
    result.observe(instruments.get('breakers') as Observable, metrics.breakers)
    result.observe(instruments.get('omitted') as Observable, metrics.omitted)
  }
}
