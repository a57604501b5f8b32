import { METRICS, type Metric, type MetricName, NAME } from '../adapter/metrics.ts'
import type { RegistryMetrics, Series } from '../adapter/registry-metrics.ts'

type Labels = Readonly<Record<string, string | number>>

/** One line of the exposition format. */
export interface Sample {
  readonly labels: Labels
  /** The same object each time: prom-client keeps the text that it has made of it. */
  readonly sharedLabels: Labels
  value: number
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
  const labelsOf = (series: Series, index: number): Labels =>
    Object.fromEntries(
      [
        [NAME, series.label] as const,
        ...Object.entries(metrics.cells[index]?.attributes ?? {}),
      ].map(([name, value]) => [translated(name), value]),
    )
  const sampleOf = samplesOf((series, index) => ({
    labels: NONE,
    sharedLabels: labelsOf(series, index),
    value: 0,
  }))
  const valuesOf = (which: MetricName) => (): Sample[] => {
    const samples: Sample[] = []
    const indexes = [...metrics.cells.keys()].filter((i) => metrics.cells[i]?.metric === which)
    for (const series of now()) {
      for (const index of indexes) {
        const value = series.values[index]
        if (value !== undefined) samples.push(sampleOf(series, index, value))
      }
    }
    return samples
  }
  const total = (which: 'breakers' | 'omitted') => (): Sample[] => {
    now()
    return [{ labels: NONE, sharedLabels: NONE, value: metrics[which] }]
  }
  const histograms = histogramsOf(metrics.durations, now, labelsOf)
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

/** The sample of a cell is made once, and has its latest value: a scrape has thousands of them. */
function samplesOf(
  make: (series: Series, index: number) => Sample,
): (series: Series, index: number, value: number) => Sample {
  const known = new WeakMap<Series, Sample[]>()
  return (series, index, value) => {
    const samples = known.get(series) ?? []
    if (samples.length === 0) known.set(series, samples)
    samples[index] ??= make(series, index)
    samples[index].value = value
    return samples[index]
  }
}

/** Of each bucket the calls up to its bound, then those of all, their sum and their number. */
function histogramsOf(
  cells: readonly number[],
  now: () => readonly Series[],
  labelsOf: (series: Series, cell: number) => Labels,
): () => Sample[] {
  const name = nameOf(METRICS.duration)
  const [all, sum, count] = [cells.length - 2, cells.length - 1, cells.length]
  const sampleOf = samplesOf((series, line) => ({
    metricName: `${name}_${line === sum ? 'sum' : line === count ? 'count' : 'bucket'}`,
    labels: NONE,
    sharedLabels: labelsOf(series, line > all ? NO_CELL : (cells[line] as number)),
    value: 0,
  }))
  return () => {
    const samples: Sample[] = []
    for (const series of now()) {
      const valueAt = (line: number) => series.values[cells[line] as number]
      const [calls, seconds] = [valueAt(all), valueAt(sum)]
      if (calls === undefined || seconds === undefined) continue
      let upTo = 0
      for (let line = 0; line < all; line++) {
        upTo += valueAt(line) as number
        samples.push(sampleOf(series, line, upTo))
      }
      samples.push(sampleOf(series, all, calls), sampleOf(series, sum, seconds))
      samples.push(sampleOf(series, count, calls))
    }
    return samples
  }
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
