import type { BreakerReading, CircuitRegistry, Clock, RegistryEvent, StateName } from '../index.ts'
import type { Log } from './log.ts'
import { span } from './text.ts'

/** What calls meet, and by hand if it is. */
export type Shown = StateName | 'forced-open' | 'forced-closed' | 'disabled'

/** A part of the time that is shown: since when, in milliseconds since 1970, and what. */
export type BandPart = readonly [at: number, shown: Shown]

/** So many changes of a breaker are kept. */
const KEPT = 64

/** What has been done to one breaker since it was first changed. */
interface Changed {
  readonly parts: BandPart[]
  /** When it opened by itself, in milliseconds since 1970. */
  readonly trips: number[]
  automatic: StateName
  override: Exclude<Shown, StateName> | undefined
  /**
   * How often it was overridden, released or configured, moved by hand, and has left the closed state or come
   * back to it. Between, probes move it once a second, which changes nothing for who looks at it.
   */
  stamp: number
  /** When its override lifts itself, in milliseconds since 1970. */
  until: number | null
}

/**
 * Keeps the changes of each breaker to the millisecond, from its events, which come a few times an hour; and
 * enters in the log what is not done by way of the API.
 */
export class Changes {
  readonly #registry: CircuitRegistry
  readonly #clock: Clock
  readonly #log: Log
  readonly #changed = new Map<string, Changed>()
  readonly #stop: (() => void)[]
  /** To which breakers something is being done by the API, which enters it itself. */
  readonly #writing = new Set<string>()

  constructor(registry: CircuitRegistry, clock: Clock, log: Log) {
    this.#registry = registry
    this.#clock = clock
    this.#log = log
    registry.read(({ name, automatic, override, since }) => {
      if (automatic === 'closed' && override === null) return
      const changed = this.#of(name)
      changed.automatic = automatic
      changed.override = override ?? undefined
      changed.parts.push([since, override ?? automatic])
    })
    this.#stop = [
      registry.on('transition', (event) => this.#onTransition(event)),
      registry.on('override', (event) => this.#onOverride(event)),
      registry.on('configure', (event) => this.#onConfigure(event)),
      registry.on('evict', (event) => this.#onEvict(event)),
    ]
  }

  close(): void {
    for (const stop of this.#stop) stop()
  }

  /** Does something to a breaker without entering it in the log. */
  async quietly<T>(name: string, write: () => T | Promise<T>): Promise<T> {
    this.#writing.add(name)
    try {
      return await write()
    } finally {
      this.#writing.delete(name)
    }
  }

  #of(name: string): Changed {
    let changed = this.#changed.get(name)
    if (changed === undefined) {
      if (this.#changed.size >= this.#registry.size + KEPT) this.#forgetRemoved()
      changed = {
        parts: [],
        trips: [],
        automatic: 'closed',
        override: undefined,
        stamp: 0,
        until: null,
      }
      this.#changed.set(name, changed)
    }
    return changed
  }

  #forgetRemoved(): void {
    for (const name of this.#changed.keys()) {
      if (!this.#registry.has(name)) this.#changed.delete(name)
    }
  }

  #part(changed: Changed): void {
    const shown = changed.override ?? changed.automatic
    const { parts } = changed
    if (parts.at(-1)?.[1] === shown) return
    parts.push([this.#clock.wall(), shown])
    if (parts.length > KEPT) forgetOne(parts)
  }

  #onTransition(event: RegistryEvent<'transition'>): void {
    const { breaker, from, to, reason, enforced, note, by } = event
    const changed = this.#of(breaker)
    if (to === 'open' && from === 'closed') {
      changed.trips.push(this.#clock.wall())
      if (changed.trips.length > KEPT) changed.trips.shift()
    }
    if (changed.parts.length === 0) changed.parts.push([0, changed.override ?? from])
    changed.automatic = to
    this.#part(changed)
    const byHand = reason === 'manual' || reason === 'reset'
    if (byHand || from === 'closed' || to === 'closed') changed.stamp++
    if (this.#writing.has(breaker) && (byHand || reason === 'fleet')) return
    const why = to === 'open' ? this.#whyOpened(breaker) : WHY[reason]
    const what = DONE[to] + (enforced ? '' : ' underneath its override')
    this.#log.add({
      kind: 'transition',
      breaker,
      text: why === undefined || why === '' ? what : `${what}: ${why}`,
      by: by ?? null,
      reason: note ?? null,
      via: 'code',
      before: from,
      after: to,
    })
  }

  #whyOpened(breaker: string): string | undefined {
    const trip = this.#registry.get(breaker)?.explain().trips.at(-1)
    if (trip === undefined) return undefined
    if (trip.reopenedBy === null) return trip.text
    const { probeFailure } = trip
    return probeFailure === null
      ? 'a probe did not succeed'
      : `a probe failed: ${probeFailure.name}: ${probeFailure.message}`
  }

  #onOverride(event: RegistryEvent<'override'>): void {
    const { breaker, mode, reason, by, for: ms } = event
    const changed = this.#of(breaker)
    const { override: before, until } = changed
    changed.stamp++
    if (changed.parts.length === 0) changed.parts.push([0, before ?? changed.automatic])
    changed.override = mode
    changed.until = ms === undefined ? null : this.#clock.wall() + ms
    this.#part(changed)
    if (this.#writing.has(breaker)) return
    const over = mode === undefined && by === undefined && reason === undefined && until !== null
    let text = over ? 'its time was over' : 'released'
    if (mode !== undefined) {
      text = `${mode.replace('-', ' ')}${ms === undefined ? ', no end' : ` for ${span(ms)}`}`
    }
    this.#log.add({
      kind: mode === undefined ? 'release' : 'override',
      breaker,
      text,
      by: by ?? null,
      reason: reason ?? null,
      via: 'code',
      until: changed.until,
      before: before ?? changed.automatic,
      after: mode ?? changed.automatic,
    })
  }

  #onConfigure({ breaker, changed, lost, reason, by }: RegistryEvent<'configure'>): void {
    this.#of(breaker).stamp++
    if (this.#writing.has(breaker)) return
    const names = Object.keys(changed).join(', ')
    this.#log.add({
      kind: 'configure',
      breaker,
      text: `changed ${names || 'nothing'}${lost.length === 0 ? '' : `; lost ${lost.join(', ')}`}`,
      by: by ?? null,
      reason: reason ?? null,
      via: 'code',
    })
  }

  #onEvict({ breaker, lost }: RegistryEvent<'evict'>): void {
    this.#changed.delete(breaker)
    this.#log.add({ kind: 'evict', breaker, text: `evicted; lost ${lost.join(', ')}`, via: 'code' })
  }

  /** Changes with whatever a write must not pass over: whether it is closed, the override and the options. */
  versionOf({ name, automatic, override }: BreakerReading): string {
    const state = automatic === 'closed' ? automatic : 'tripped'
    return `${state}-${override ?? 'automatic'}-${this.#changed.get(name)?.stamp ?? 0}`
  }

  /** What calls have met since `from`, oldest first; the first part began earlier, or is not known before. */
  band({ name, automatic, override, since }: BreakerReading, from: number): BandPart[] {
    const shown = override ?? automatic
    const parts = [...(this.#changed.get(name)?.parts ?? [])]
    // Where time has changed it, its events come with the next call.
    if (parts.at(-1)?.[1] !== shown) parts.push([parts.length === 0 ? 0 : since, shown])
    const first = parts.findLastIndex(([at]) => at <= from)
    return parts.slice(Math.max(0, first)).map(([at, what]) => [Math.max(at, from), what])
  }

  /** How often it has opened since then, in milliseconds since 1970. */
  tripsSince(name: string, from: number): number {
    return this.#changed.get(name)?.trips.filter((at) => at >= from).length ?? 0
  }
}

/** Of probes that failed in a row the oldest goes first: when it opened and closed is worth more. */
function forgetOne(parts: BandPart[]): void {
  const probe = parts.findIndex(
    ([, shown], index) =>
      shown === 'half-open' && parts[index - 1]?.[1] === 'open' && parts[index + 1]?.[1] === 'open',
  )
  if (probe === -1) parts.shift()
  else parts.splice(probe, 2)
}

const DONE: Readonly<Record<StateName, string>> = {
  closed: 'closed',
  open: 'opened',
  'half-open': 'half-open',
}

/** Why it changed to another state than open. */
const WHY: Readonly<Partial<Record<string, string>>> = {
  elapsed: 'its open time was over',
  recovered: 'enough probes succeeded',
  overdueCancelled: 'a call that seemed to hang succeeded after all',
  reset: 'it was reset by hand',
  manual: 'by hand',
}
