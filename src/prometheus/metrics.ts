import type { BreakerReading, CircuitRegistry } from '../index.ts'

/** One line of the exposition format. */
export interface Sample {
  readonly labels: Readonly<Record<string, string | number>>
  readonly value: number
  /** Of a histogram, whose lines have names of their own. */
  readonly metricName?: string
}

/** Where the buckets of durations end, s. */
export const LATENCY_BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30] as const

const OTHER = 'other'
const STATES = ['closed', 'open', 'half-open'] as const
const OUTCOMES = ['success', 'failure', 'neutral', 'cancelled', 'stale', 'expired'] as const
const REASONS = ['open', 'half-open', 'forced-open', 'full'] as const
const OVERRIDES = ['forced-open', 'forced-closed', 'disabled'] as const

/** The totals of all breakers with one label. */
class Totals {
  readonly state = { closed: 0, open: 0, 'half-open': 0 }
  readonly calls = { success: 0, failure: 0, neutral: 0, cancelled: 0, stale: 0, expired: 0 }
  readonly rejections = { open: 0, 'half-open': 0, 'forced-open': 0, full: 0 }
  readonly override = { 'forced-open': 0, 'forced-closed': 0, disabled: 0 }
  active = 0
  /** Undefined without statistics. A bucket has what the one before has not. */
  duration: { count: number; sum: number; readonly buckets: number[] } | undefined = undefined

  add({ state, override, counts, inFlight, latency }: BreakerReading): void {
    this.state[state]++
    if (override !== null) this.override[override]++
    this.active += inFlight
    for (const outcome of OUTCOMES) this.calls[outcome] += counts[outcome]
    for (const reason of REASONS) this.rejections[reason] += counts.rejected[reason]
    if (latency === null) return
    this.duration ??= { count: 0, sum: 0, buckets: LATENCY_BOUNDS.map(() => 0) }
    const { duration } = this
    duration.count += latency.count
    duration.sum += latency.sum / 1_000
    latency.forEachBucket((upTo, calls) => {
      let i = 0
      while (upTo / 1_000 > (LATENCY_BOUNDS[i] ?? Infinity)) i++
      if (i < LATENCY_BOUNDS.length) duration.buckets[i] = (duration.buckets[i] as number) + calls
    })
  }
}

/** What is scraped at one moment. */
interface Scrape {
  readonly state: Sample[]
  readonly calls: Sample[]
  readonly rejections: Sample[]
  readonly transitions: Sample[]
  readonly active: Sample[]
  readonly override: Sample[]
  readonly duration: Sample[]
  readonly breakers: Sample[]
  readonly omitted: Sample[]
}

/** Reads a registry once for all metrics of one scrape. */
export class Metrics {
  readonly #registry: CircuitRegistry
  readonly #label: (name: string) => string
  readonly #limit: number
  readonly #transitions = new Map<string, { labels: Sample['labels']; value: number }>()
  /** The labels in use; each stays with its breakers, so that a series does not change its meaning. */
  readonly #labels = new Set<string>()
  #scrape: Scrape | undefined = undefined

  constructor(registry: CircuitRegistry, label: (name: string) => string, limit: number) {
    this.#registry = registry
    this.#label = label
    this.#limit = limit
  }

  countTransition(breaker: string, state: string, reason: string): void {
    const labels = { name: this.#labelOf(breaker), state, reason }
    const key = JSON.stringify(labels)
    const known = this.#transitions.get(key)
    if (known === undefined) this.#transitions.set(key, { labels, value: 1 })
    else known.value++
  }

  #labelOf(breaker: string): string {
    const label = String(this.#label(breaker))
    if (this.#labels.has(label)) return label
    if (this.#labels.size >= this.#limit) return OTHER
    this.#labels.add(label)
    return label
  }

  /** What was removed makes room for others. */
  #forgetOthersThan(present: ReadonlyMap<string, unknown>): void {
    for (const label of this.#labels) if (!present.has(label)) this.#labels.delete(label)
    for (const [key, { labels }] of this.#transitions) {
      if (!present.has(String(labels['name']))) this.#transitions.delete(key)
    }
  }

  /** The same for all that ask before the next microtask. */
  get now(): Scrape {
    if (this.#scrape === undefined) {
      this.#scrape = this.#read()
      queueMicrotask(() => {
        this.#scrape = undefined
      })
    }
    return this.#scrape
  }

  #read(): Scrape {
    const all = new Map<string, Totals>()
    let breakers = 0
    let omitted = 0
    this.#registry.read((reading) => {
      const name = this.#labelOf(reading.name)
      breakers++
      if (name === OTHER) omitted++
      const totals = all.get(name) ?? new Totals()
      all.set(name, totals)
      totals.add(reading)
    })
    this.#forgetOthersThan(all)
    const scrape: Scrape = {
      state: [],
      calls: [],
      rejections: [],
      transitions: [...this.#transitions.values()].map((sample) => ({ ...sample })),
      active: [],
      override: [],
      duration: [],
      breakers: [{ labels: {}, value: breakers }],
      omitted: [{ labels: {}, value: omitted }],
    }
    for (const [name, totals] of all) write(scrape, name, totals)
    return scrape
  }
}

function write(scrape: Scrape, name: string, totals: Totals): void {
  for (const state of STATES) {
    scrape.state.push({ labels: { name, state }, value: totals.state[state] })
  }
  for (const outcome of OUTCOMES) {
    scrape.calls.push({ labels: { name, outcome }, value: totals.calls[outcome] })
  }
  for (const reason of REASONS) {
    scrape.rejections.push({ labels: { name, reason }, value: totals.rejections[reason] })
  }
  for (const mode of OVERRIDES) {
    scrape.override.push({ labels: { name, mode }, value: totals.override[mode] })
  }
  scrape.active.push({ labels: { name }, value: totals.active })
  const { duration } = totals
  if (duration === undefined) return
  const metricName = 'circuit_breaker_call_duration_seconds'
  let sum = 0
  const bounds = LATENCY_BOUNDS.map((bound, i) => {
    sum += duration.buckets[i] as number
    return [bound, sum] as const
  })
  for (const [le, value] of [...bounds, ['+Inf', duration.count] as const]) {
    scrape.duration.push({ metricName: `${metricName}_bucket`, labels: { name, le }, value })
  }
  scrape.duration.push({ metricName: `${metricName}_sum`, labels: { name }, value: duration.sum })
  scrape.duration.push({
    metricName: `${metricName}_count`,
    labels: { name },
    value: duration.count,
  })
}
