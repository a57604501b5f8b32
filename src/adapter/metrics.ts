/** How the values of breakers with one label become one: added up, or the largest of them. */
type Kind = 'counter' | 'upDownCounter' | 'gauge' | 'histogram'

/** A metric by its name and unit in OpenTelemetry. */
export interface Metric {
  readonly name: string
  readonly unit: string
  readonly kind: Kind
  readonly description: string
}

/** Where the buckets of durations end, s. */
export const LATENCY_BOUNDS: readonly number[] = [
  0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
]

export const PREFIX = 'circuit_breaker.'
/** The attribute that tells breakers apart. */
export const NAME = 'circuit_breaker.name'

export type MetricName =
  | 'state'
  | 'calls'
  | 'rejections'
  | 'transitions'
  | 'time'
  | 'active'
  | 'duration'
  | 'override'
  | 'evidence'
  | 'breakers'
  | 'omitted'

export const METRICS: Readonly<Record<MetricName, Metric>> = {
  state: {
    kind: 'upDownCounter',
    name: 'circuit_breaker.state',
    unit: '{breaker}',
    description:
      'Breakers in the state that calls meet: of a single one 1 for that state, 0 for the others',
  },
  calls: {
    kind: 'counter',
    name: 'circuit_breaker.calls',
    unit: '{call}',
    description: 'Calls that were admitted and have ended',
  },
  rejections: {
    kind: 'counter',
    name: 'circuit_breaker.rejections',
    unit: '{call}',
    description:
      'Calls that were rejected without running; those that are "unenforced" ran, as the circuit was forced closed',
  },
  transitions: {
    kind: 'counter',
    name: 'circuit_breaker.transitions',
    unit: '{transition}',
    description: 'Changes of the automatic state',
  },
  time: {
    kind: 'counter',
    name: 'circuit_breaker.time',
    unit: 's',
    description: 'How long the automatic state has been each of these',
  },
  active: {
    kind: 'upDownCounter',
    name: 'circuit_breaker.call.active',
    unit: '{call}',
    description: 'Calls in flight',
  },
  duration: {
    kind: 'histogram',
    name: 'circuit_breaker.call.duration',
    unit: 's',
    description: 'How long calls took',
  },
  override: {
    kind: 'upDownCounter',
    name: 'circuit_breaker.override',
    unit: '{breaker}',
    description: 'Breakers that are forced open or closed, or disabled',
  },
  evidence: {
    kind: 'gauge',
    name: 'circuit_breaker.evidence',
    unit: '1',
    description: 'How far a rule is from opening, while closed: it opens at 1',
  },
  breakers: {
    kind: 'upDownCounter',
    name: 'circuit_breaker.breakers',
    unit: '{breaker}',
    description: 'Breakers that are registered',
  },
  omitted: {
    kind: 'upDownCounter',
    name: 'circuit_breaker.omitted',
    unit: '{breaker}',
    description: 'Breakers under the label "other", because they have none of their own',
  },
}
