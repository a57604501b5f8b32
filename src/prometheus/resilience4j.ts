import type { Cell, RegistryMetrics, Series } from '../adapter/registry-metrics.ts'
import { type Family, family, NONE, type Sample } from './families.ts'

type Value = (of: (metric: Cell['metric'], attribute?: string) => number, series: Series) => number

const PREFIX = 'resilience4j_circuitbreaker_'

/** An override is a state there, in place of the one that calls meet. */
const STATES: Readonly<Record<string, Value>> = {
  closed: (of) =>
    of('state', 'closed') - of('override', 'forced-closed') - of('override', 'disabled'),
  open: (of) => of('state', 'open') - of('override', 'forced-open'),
  half_open: (of) => of('state', 'half-open'),
  forced_open: (of) => of('override', 'forced-open'),
  disabled: (of) => of('override', 'disabled'),
  metrics_only: (of) => of('override', 'forced-closed'),
}

/** A probe that ran out of its time has failed; what says nothing about the target is ignored. */
const KINDS: Readonly<Record<string, Value>> = {
  successful: (of) => of('calls', 'success'),
  failed: (of) => of('calls', 'failure') + of('calls', 'expired'),
  ignored: (of) => of('calls', 'neutral') + of('calls', 'cancelled') + of('calls', 'stale'),
}

const NOT_PERMITTED: Value = (of) =>
  of('rejections', 'open') + of('rejections', 'half-open') + of('rejections', 'forced-open')

function percent(rate: number): number {
  return rate < 0 ? -1 : rate * 100
}

/** Under the names and labels of resilience4j, as Micrometer writes them for Prometheus. */
export function resilience4jFamilies(
  metrics: RegistryMetrics,
  now: () => readonly Series[],
): Family[] {
  const keyOf = (metric: string, attribute = '') => `${metric} ${attribute}`
  const known = new Map(
    metrics.cells.map(({ metric, attributes }, index) => [
      keyOf(metric, Object.values(attributes)[0]),
      index,
    ]),
  )
  const samples =
    (label: string, values: Readonly<Record<string, Value>>, metricName?: string) =>
    (): Sample[] => {
      return now().flatMap((series) =>
        Object.entries(values).map(([key, value]) => ({
          ...(metricName === undefined ? {} : { metricName }),
          labels: label === '' ? { name: series.label } : { name: series.label, [label]: key },
          sharedLabels: NONE,
          value: value((...of) => series.values[known.get(keyOf(...of)) as number] ?? 0, series),
        })),
      )
    }
  return [
    family(`${PREFIX}state`, 'gauge', 'The states of the CircuitBreaker', samples('state', STATES)),
    family(
      `${PREFIX}calls_seconds`,
      'summary',
      'Total number of calls by kind, without their durations',
      samples('kind', KINDS, `${PREFIX}calls_seconds_count`),
    ),
    family(
      `${PREFIX}not_permitted_calls_total`,
      'counter',
      'Total number of not permitted calls',
      samples('kind', { not_permitted: NOT_PERMITTED }),
    ),
    family(
      `${PREFIX}failure_rate`,
      'gauge',
      'The failure rate in percent, -1 without a rule for it or with too few calls',
      samples('', { all: (_, { rates }) => percent(rates.failureRate) }),
      'max',
    ),
    family(
      `${PREFIX}slow_call_rate`,
      'gauge',
      'The slow call rate in percent, -1 without a rule for it or with too few calls',
      samples('', { all: (_, { rates }) => percent(rates.slowCallRate) }),
      'max',
    ),
  ]
}
