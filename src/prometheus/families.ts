import { LATENCY_BOUNDS, METRICS, type Metric, type MetricName, NAME } from '../adapter/metrics.ts'
import type { RegistryMetrics, Series } from '../adapter/registry-metrics.ts'

type Labels = Readonly<Record<string, string | number>>
type LabelsOf = (index: number) => Labels

/** One line of the exposition format. */
export interface Sample {
  readonly labels: Labels
  /** The same object each time: prom-client keeps the text that it has made of it. */
  readonly sharedLabels: Labels
  readonly value: number
  /** Of a histogram, whose lines have names of their own. */
  readonly metricName?: string
}

interface Exposed {
  readonly name: string
  readonly help: string
  readonly type: string
  readonly aggregator: string
  readonly values: readonly Omit<Sample, 'sharedLabels'>[]
}

/** What prom-client asks of a metric. */
export interface Family {
  name: string
  readonly help: string
  readonly type: string
  /** For clusters: how the values of several workers become one. */
  readonly aggregator: string
  get(): Exposed
  getForPromString(): Exposed
  reset(): void
}

export const NONE: Labels = {}

export function family(
  name: string,
  type: string,
  help: string,
  samples: () => readonly Sample[],
  aggregator = 'sum',
): Family {
  return {
    name,
    help,
    type,
    aggregator,
    get() {
      const values = samples().map(({ labels, sharedLabels, ...rest }) => ({
        ...rest,
        labels: { ...sharedLabels, ...labels },
      }))
      return { ...this.getForPromString(), values }
    },
    // By the name that it has now: for OpenMetrics, prom-client takes `_total` from the names of counters.
    getForPromString() {
      return { name: this.name, help, type, aggregator, values: samples() }
    },
    reset: () => {},
  }
}

const UNITS: Readonly<Record<string, string>> = { s: '_seconds', '1': '_ratio' }
const TYPES = { counter: 'counter', upDownCounter: 'gauge', gauge: 'gauge', histogram: 'histogram' }

/** As OpenTelemetry translates names for Prometheus. */
function translated(name: string): string {
  return name.replaceAll('.', '_')
}

function nameOf({ name, unit, kind }: Metric): string {
  return `${translated(name)}${UNITS[unit] ?? ''}${kind === 'counter' ? '_total' : ''}`
}

/** The metrics of a registry, all read in one pass for one scrape. */
export function familiesOf(metrics: RegistryMetrics, now: () => readonly Series[]): Family[] {
  const known = new WeakMap<Series, Labels[]>()
  /** Of each cell; cells come with the rules that are seen. */
  const labelsOf = (series: Series): LabelsOf => {
    const labels = known.get(series) ?? []
    known.set(series, labels)
    return (index) => {
      labels[index] ??= Object.fromEntries(
        [
          [NAME, series.label] as const,
          ...Object.entries(metrics.cells[index]?.attributes ?? {}),
        ].map(([name, value]) => [translated(name), value]),
      )
      return labels[index]
    }
  }
  const valuesOf = (which: MetricName) => (): Sample[] => {
    const samples: Sample[] = []
    const indexes = [...metrics.cells.keys()].filter((i) => metrics.cells[i]?.metric === which)
    for (const series of now()) {
      const labelsAt = labelsOf(series)
      for (const index of indexes) {
        const value = series.values[index]
        if (value === undefined) continue
        samples.push({ labels: NONE, sharedLabels: labelsAt(index), value })
      }
    }
    return samples
  }
  const total = (which: 'breakers' | 'omitted') => (): Sample[] => {
    now()
    return [{ labels: NONE, sharedLabels: NONE, value: metrics[which] }]
  }
  const histograms = (): Sample[] => {
    const name = nameOf(METRICS.duration)
    return now().flatMap((series) => histogramOf(name, series, metrics.durations, labelsOf))
  }
  return (Object.keys(METRICS) as MetricName[]).map((which) => {
    const { kind, description } = METRICS[which]
    const samples =
      which === 'breakers' || which === 'omitted'
        ? total(which)
        : which === 'duration'
          ? histograms
          : valuesOf(which)
    const aggregator = kind === 'gauge' ? 'max' : 'sum'
    return family(nameOf(METRICS[which]), TYPES[kind], description, samples, aggregator)
  })
}

function histogramOf(
  name: string,
  series: Series,
  cells: readonly number[],
  labelsOf: (series: Series) => LabelsOf,
): Sample[] {
  const { values } = series
  const [calls, sum] = cells.slice(-2).map((index) => values[index])
  if (calls === undefined || sum === undefined) return []
  const labelsAt = labelsOf(series)
  const line = (what: string, value: number, index = NO_CELL): Sample => {
    const sharedLabels = labelsAt(index)
    return { metricName: `${name}_${what}`, labels: NONE, sharedLabels, value }
  }
  let upTo = 0
  const buckets = LATENCY_BOUNDS.map((_, i) => {
    const index = cells[i] as number
    upTo += values[index] as number
    return line('bucket', upTo, index)
  })
  const all = line('bucket', calls, cells[LATENCY_BOUNDS.length])
  return [...buckets, all, line('sum', sum), line('count', calls)]
}

/** For labels without attributes. */
const NO_CELL = -1

/** The same for all that ask before the next microtask. */
export function oncePerTurn<T>(read: () => T): () => T {
  let now: { readonly value: T } | undefined
  return () => {
    if (now === undefined) {
      now = { value: read() }
      queueMicrotask(() => {
        now = undefined
      })
    }
    return now.value
  }
}
