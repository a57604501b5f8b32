/** What a function for open times can go by. */
export interface OpenTimeView {
  /** 1 when the closed circuit opens, and one more each time that its probes have opened it again. */
  readonly attempt: number
  /** The failure that opens it, as it was thrown; `undefined` where there is none, as by hand. */
  readonly cause: unknown
}

/** Returns how long the circuit stays open this time, in milliseconds. */
export type OpenTimeFunction = (view: OpenTimeView) => number

/** An opening, by the generation that it ends. */
export interface Occasion extends OpenTimeView {
  readonly generation: number
}

/** How long the circuit stays open. */
export type OpenDuration =
  | { readonly kind: 'fixed'; readonly ms: number }
  | {
      readonly kind: 'custom'
      /** The user's own. */
      readonly given: OpenTimeFunction
      /** Asks it; undefined where it returned no open time. The same for readers and for calls. */
      readonly ask: (occasion: Occasion) => number | undefined
    }
  | {
      readonly kind: 'growing'
      readonly initial: number
      readonly max: number
      readonly factor: number
      /** Up to this share longer or shorter, by chance. */
      readonly jitter: number
    }
  | { readonly kind: 'auto' }

/** True when both result in the same durations. */
export function sameOpenDuration(a: OpenDuration, b: OpenDuration): boolean {
  if (a.kind === 'custom' && b.kind === 'custom') return a.given === b.given
  return JSON.stringify(a) === JSON.stringify(b)
}

/** What the user's own function returns for an opening; undefined where `OpenBackoff` decides. */
export function askedTime(settings: OpenDuration, occasion: Occasion): number | undefined {
  return settings.kind === 'custom' ? settings.ask(occasion) : undefined
}

const AUTO_SHORTEST = 1000
const AUTO_LONGEST = 60_000
const AUTO_JITTER = 0.25
/** What a failed probe costs, in lost calls: so much at least, and one more for each so many ms of waiting. */
const PROBE_COST = 0.1
const WAITING_COST = 5000

/** Steps that a growing duration takes at most: each is undone by its own time spent closed. */
export const MOST_STEPS = 1000

/** What earlier openings mean for the next one. */
export class OpenBackoff {
  /** How many steps the growing duration has taken, and had taken at the last opening. */
  #level = 0
  #used = 0
  /** When something last worked: a probe succeeded, or the circuit was closed. */
  #workedAt = 0
  /** How long the probe took by which it last opened, ms; undefined if it hung, or there was none. */
  #took: number | undefined
  #closedSince = 0

  /**
   * The duration of an opening now, ms. `rate` is calls offered per ms; `nextRandom` is in [0, 1);
   * `took` is how long the probe took that has failed, undefined if it has not ended.
   */
  next(
    settings: OpenDuration,
    now: number,
    rate: number,
    nextRandom: number,
    took?: number,
  ): number {
    switch (settings.kind) {
      case 'fixed':
        return settings.ms
      case 'growing': {
        const ms = step(settings, this.#level)
        return jittered(Math.min(ms, settings.max), settings.jitter, nextRandom)
      }
      case 'custom':
      case 'auto': {
        const lasted = now - this.#workedAt
        const cost = took === undefined ? 1 : Math.min(1, PROBE_COST + took / WAITING_COST)
        // Probes at a density of the square root of what they can save by what they cost: an outage
        // that has lasted long will probably last on.
        const ms = rate > 0 ? Math.sqrt((2 * cost * lasted) / rate) : AUTO_SHORTEST
        return jittered(clamp(ms, AUTO_SHORTEST, AUTO_LONGEST), AUTO_JITTER, nextRandom)
      }
    }
  }

  /** As {@link next}, for an opening that has already been counted. */
  recompute(settings: OpenDuration, now: number, rate: number, nextRandom: number): number {
    const copy = this.clone()
    copy.#level = this.#used
    return copy.next(settings, now, rate, nextRandom, this.#took)
  }

  opened(settings: OpenDuration, took?: number): void {
    const longest = settings.kind === 'growing' && step(settings, this.#level) >= settings.max
    this.#used = this.#level
    if (!longest && this.#level < MOST_STEPS) this.#level++
    this.#took = took
  }

  /** A probe has succeeded: the target works, however weakly. */
  probeSucceeded(now: number): void {
    this.#workedAt = now
  }

  closed(now: number): void {
    this.#closedSince = now
  }

  /** Before an opening out of the closed state: a growing duration shrinks by one step per such time spent closed. */
  decay(settings: OpenDuration, now: number): void {
    this.#workedAt = now
    if (settings.kind !== 'growing') return
    let calm = now - this.#closedSince
    while (this.#level > 0) {
      const ms = Math.min(step(settings, this.#level - 1), settings.max)
      if (calm < ms) return
      calm -= ms
      this.#level--
    }
  }

  clone(): OpenBackoff {
    const copy = new OpenBackoff()
    copy.#level = this.#level
    copy.#used = this.#used
    copy.#workedAt = this.#workedAt
    copy.#took = this.#took
    copy.#closedSince = this.#closedSince
    return copy
  }

  save(now: number): SavedOpenings {
    return {
      level: this.#level,
      used: this.#used,
      episodeFor: now - this.#workedAt,
      took: this.#took ?? null,
      closedFor: now - this.#closedSince,
    }
  }

  static restore(saved: SavedOpenings, now: number): OpenBackoff {
    const openings = new OpenBackoff()
    openings.#level = saved.level
    openings.#used = saved.used
    openings.#workedAt = now - (saved.episodeFor ?? 0)
    openings.#took = saved.took ?? undefined
    openings.#closedSince = now - saved.closedFor
    return openings
  }
}

export interface SavedOpenings {
  readonly level: number
  readonly used: number
  /** Ms since something last worked. Older versions: since the first opening, or null. */
  readonly episodeFor: number | null
  /** Older versions did not save it. */
  readonly took?: number | null | undefined
  readonly closedFor: number
}

function step({ initial, factor }: { initial: number; factor: number }, level: number): number {
  return initial * factor ** level
}

function jittered(ms: number, jitter: number, nextRandom: number): number {
  return ms * (1 + jitter * (2 * nextRandom - 1))
}

function clamp(ms: number, min: number, max: number): number {
  return Math.min(Math.max(ms, min), max)
}
