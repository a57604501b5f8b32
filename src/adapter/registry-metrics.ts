import type { BreakerReading, CircuitRegistry } from '../index.ts'
import { LATENCY_BOUNDS, METRICS, type MetricName, PREFIX } from './metrics.ts'

/** The label of breakers that have none of their own. */
const OTHER = 'other'

const STATES = ['closed', 'open', 'half-open'] as const
const OUTCOMES = ['success', 'failure', 'neutral', 'cancelled', 'stale', 'expired'] as const
const REASONS = ['open', 'half-open', 'forced-open', 'full', 'unenforced'] as const
/** So many of each come first. */
const USUAL = 2
const OVERRIDES = ['forced-open', 'forced-closed', 'disabled'] as const

/** One value of each label: a metric with its attributes, the name of the breaker aside. */
export interface Cell {
  readonly metric: MetricName
  readonly attributes: Readonly<Record<string, string>>
}

/** All breakers with one label. */
export interface Series {
  readonly label: string
  /** By the index of the cell. */
  readonly values: readonly (number | undefined)[]
  /** The share of failed or slow calls in the windows of these rules, the largest; -1 with too few calls. */
  readonly rates: Readonly<Record<RateRule, number>>
}

type RateRule = 'failureRate' | 'slowCallRate'

interface MutableSeries extends Series {
  readonly values: (number | undefined)[]
  readonly rates: Record<RateRule, number>
  breakers: number
}

/** A breaker, as it was read last. */
interface Entry {
  readonly series: MutableSeries
  readonly last: (number | undefined)[]
  /** What its label would be; undefined where that could not be told. */
  readonly wanted: string | undefined
  admitted: number
  /** How long it has had any state, ms. */
  age: number
  /** In which pass. */
  seen: number
}

/** Who exports what under which labels. */
export interface MetricsOptions {
  /**
   * The label of a breaker. Those with the same one are added up, so that `fetch` stands for all origins,
   * for example. Where it throws or returns anything but a string, the label is `other`.
   * @defaultValue the name of the breaker
   */
  readonly label?: ((name: string) => string) | undefined
  /**
   * The number of different labels; what is beyond has the label `other`, and is counted in
   * `circuit_breaker.omitted`. An integer of at least 1.
   * @defaultValue 500
   */
  readonly limit?: number | undefined
}

/**
 * The breakers of a registry as values of metrics, read in one pass. Counters do not go down when one of
 * several breakers with the same label is removed: that would look like many calls.
 */
export class RegistryMetrics {
  readonly cells: readonly Cell[]
  readonly #cells: Cell[] = []
  readonly #index = new Map<string, number>()
  readonly #registry: CircuitRegistry
  readonly #what: string
  readonly #label: (name: string) => string
  readonly #limit: number
  readonly #entries = new Map<string, Entry>()
  readonly #series = new Map<string, MutableSeries>()
  #pass = 0
  #reported = false
  breakers = 0
  omitted = 0

  /** The cells of each of these, in order. */
  readonly #state = STATES.map((state) => this.#cell('state', { state }))
  readonly #calls = OUTCOMES.map((outcome) => this.#cell('calls', { outcome }))
  readonly #rejections = REASONS.map((reason) =>
    this.#cell('rejections', { 'rejection.reason': reason }),
  )
  readonly #time = STATES.map((state) => this.#cell('time', { state }))
  readonly #active = this.#cell('active', {})
  readonly #override = OVERRIDES.map((mode) => this.#cell('override', { 'override.mode': mode }))
  /** Of each bucket what the one before has not; then the number of all calls, and their sum. */
  readonly durations: readonly number[] = [...LATENCY_BOUNDS, '+Inf', 'sum'].map((le) =>
    this.#cell('duration', { le: String(le) }),
  )

  /** @throws TypeError or RangeError for arguments that are wrong, which `what` takes */
  constructor(what: string, registry: CircuitRegistry, { label, limit = 500 }: MetricsOptions) {
    if (typeof registry?.read !== 'function') {
      throw new TypeError(`${what} takes a CircuitRegistry first, got ${typeof registry}`)
    }
    if (!(Number.isInteger(limit) && limit >= 1)) {
      throw new RangeError(`limit must be an integer of at least 1, got ${String(limit)}`)
    }
    this.cells = this.#cells
    this.#what = what
    this.#registry = registry
    this.#label = label ?? ((name) => name)
    this.#limit = limit
  }

  #cell(metric: MetricName, own: Readonly<Record<string, string>>): number {
    const key = `${metric} ${Object.values(own).join(' ')}`
    const known = this.#index.get(key)
    if (known !== undefined) return known
    const prefix = metric === 'duration' ? '' : PREFIX
    const named = Object.entries(own).map(([name, value]) => [prefix + name, value])
    const index = this.#cells.push({ metric, attributes: Object.fromEntries(named) }) - 1
    this.#index.set(key, index)
    return index
  }

  /** The values as they are now. The series are the same objects each time. */
  read(): Iterable<Series> {
    this.#pass++
    this.breakers = this.omitted = 0
    for (const { values, rates } of this.#series.values()) {
      this.#forgetGauges(values)
      rates.failureRate = rates.slowCallRate = -1
    }
    this.#registry.read((reading) => this.#add(reading))
    for (const [name, { series, seen }] of this.#entries) {
      if (seen === this.#pass) continue
      this.#entries.delete(name)
      this.#leave(series)
    }
    return this.#series.values()
  }

  #forgetGauges(values: (number | undefined)[]): void {
    for (let i = 0; i < values.length; i++) {
      if (values[i] === undefined) continue
      const { kind } = METRICS[(this.#cells[i] as Cell).metric]
      if (kind === 'upDownCounter' || kind === 'gauge') values[i] = 0
    }
  }

  #add(reading: BreakerReading): void {
    const entry = this.#entryOf(reading.name)
    const { state, counts, timeInState, override, latency, transitions, rules } = reading
    const { values, rates } = entry.series
    entry.seen = this.#pass
    this.breakers++
    const age = timeInState.closed + timeInState.open + timeInState['half-open']
    if (age < entry.age - ROUNDING || counts.admitted < entry.admitted) entry.last.length = 0
    entry.age = age
    entry.admitted = counts.admitted
    STATES.forEach((name, i) => {
      add(values, this.#state[i] as number, state === name ? 1 : 0)
      count(entry, this.#time[i] as number, timeInState[name] / 1_000)
      for (const reason in transitions[name]) {
        const n = transitions[name][reason as keyof typeof transitions.open]
        count(entry, this.#transition(name, reason), n as number)
      }
    })
    // From 0 on those that are usual; the others once there are any, because each takes a line a breaker.
    OUTCOMES.forEach((outcome, i) => {
      const n = counts[outcome]
      if (n > 0 || i < USUAL) count(entry, this.#calls[i] as number, n)
    })
    REASONS.forEach((reason, i) => {
      const n = counts.rejected[reason]
      if (n > 0 || i < USUAL) count(entry, this.#rejections[i] as number, n)
    })
    if (override !== null) add(values, this.#override[OVERRIDES.indexOf(override)] as number, 1)
    add(values, this.#active, reading.inFlight)
    for (const { rule, observed, threshold, calls = 1, minimumCalls = 1 } of rules) {
      const index = this.#cell('evidence', { rule })
      const share = Math.min(observed / threshold, calls / minimumCalls, 1)
      values[index] = Math.max(values[index] ?? 0, share)
      if ((rule === 'failureRate' || rule === 'slowCallRate') && calls >= minimumCalls) {
        rates[rule] = Math.max(rates[rule], observed)
      }
      // From 0 on, because an increase from nothing is none.
      values[this.#transition('open', rule)] ??= 0
    }
    if (latency !== null) this.#addLatency(entry, latency)
  }

  #transition(state: string, reason: string): number {
    return this.#cell('transitions', { state, 'transition.reason': reason })
  }

  #addLatency(entry: Entry, latency: NonNullable<BreakerReading['latency']>): void {
    const buckets = LATENCY_BOUNDS.map(() => 0)
    latency.forEachBucket((upTo, calls) => {
      const i = LATENCY_BOUNDS.findIndex((bound) => upTo <= bound * 1_000)
      if (i >= 0) buckets[i] = (buckets[i] as number) + calls
    })
    const values = [...buckets, latency.count, latency.sum / 1_000]
    // All of them begin anew at once, or buckets would have more calls than there were.
    const { durations } = this
    if (values.some((value, i) => value < (entry.last[durations[i] as number] ?? 0))) {
      for (const index of durations) entry.last[index] = 0
    }
    values.forEach((value, i) => {
      count(entry, this.durations[i] as number, value)
    })
  }

  #entryOf(name: string): Entry {
    const known = this.#entries.get(name)
    const wanted = known === undefined ? this.#ownLabel(name) : known.wanted
    const label = this.#given(known?.series.label, wanted)
    const entry =
      known?.series.label === label
        ? known
        : { series: this.#join(label), last: [], wanted, admitted: 0, age: 0, seen: 0 }
    if (entry !== known) {
      if (known !== undefined) this.#leave(known.series)
      this.#entries.set(name, entry)
    }
    if (label !== wanted) this.omitted++
    return entry
  }

  /** The wanted label, once it is there or there is room for it. */
  #given(now: string | undefined, wanted: string | undefined): string {
    if (wanted === undefined || now === wanted) return now ?? OTHER
    return this.#series.has(wanted) || this.#hasRoom ? wanted : OTHER
  }

  get #hasRoom(): boolean {
    return this.#series.size - (this.#series.has(OTHER) ? 1 : 0) < this.#limit
  }

  #ownLabel(name: string): string | undefined {
    try {
      const label: unknown = this.#label(name)
      if (typeof label !== 'string') throw new TypeError(`label returned ${typeof label}`)
      return label
    } catch (error) {
      if (!this.#reported) console.error(`short-circuit: label of ${this.#what} threw`, error)
      this.#reported = true
      return undefined
    }
  }

  #join(label: string): MutableSeries {
    const series = this.#series.get(label) ?? {
      label,
      values: [],
      rates: { ...NO_RATES },
      breakers: 0,
    }
    series.breakers++
    this.#series.set(label, series)
    return series
  }

  #leave(series: MutableSeries): void {
    if (--series.breakers === 0) this.#series.delete(series.label)
  }
}

const NO_RATES = { failureRate: -1, slowCallRate: -1 }

function add(values: (number | undefined)[], index: number, value: number): void {
  values[index] = (values[index] ?? 0) + value
}

/** Of times that are the same, ms. */
const ROUNDING = 0.001

/** Adds what has been counted since; times that are less by their rounding take nothing away. */
function count({ series, last }: Entry, index: number, value: number): void {
  const before = last[index] ?? 0
  add(series.values, index, Math.max(0, value - before))
  last[index] = Math.max(before, value)
}
