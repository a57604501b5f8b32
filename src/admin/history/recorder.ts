import type { BreakerReading, CircuitRegistry, Clock } from '../../index.ts'
import { inTurns, readAll } from '../turns.ts'
import { LatencyReader, NO_LATENCY } from './latency-counts.ts'
import { Recording, RING, SLOTS } from './recording.ts'
import { callsOf, isUnchanged, NO_TOTALS, totalsOf } from './totals.ts'

const STEP = 5_000
const MINUTE = 60_000
/** So many breakers are looked at for one whose memory is needed elsewhere. */
const LOOKED_AT = 100
/** Steps without a call after which a breaker's history is dropped. */
const IDLE_STEPS = (6 * 60 * MINUTE) / STEP

/** What the last minutes or hours of a breaker were like: a value for each step, null where none is known. */
export interface History {
  /** How long a step is, ms. */
  readonly step: number
  /** When the last one ended, in milliseconds since 1970. */
  readonly until: number
  readonly ok: readonly (number | null)[]
  readonly failed: readonly (number | null)[]
  readonly rejected: readonly (number | null)[]
  readonly inFlight: readonly (number | null)[]
  readonly p50: readonly (number | null)[]
  readonly p90: readonly (number | null)[]
  readonly p99: readonly (number | null)[]
  /** False where the memory for this window was needed elsewhere. */
  readonly kept: boolean
}

/**
 * Reads the counters of all breakers every 5 s and keeps what has been added. Calls know nothing of it. A
 * breaker takes about 4 kB once it has had calls.
 */
export class Recorder {
  /** In milliseconds since 1970. */
  readonly since: number
  readonly #startedAt: number
  readonly #registry: CircuitRegistry
  readonly #clock: Clock
  readonly #memory: number
  readonly #recordings = new Map<string, Recording>()
  readonly #latency = new LatencyReader()
  /** Which step, and which two minutes, the slots of the rings have. */
  readonly #steps = new Float64Array(SLOTS).fill(-1)
  readonly #spans = new Float64Array(SLOTS).fill(-1)
  #used = 0
  /** Kept no longer than it is used: a map that has grown since keeps all that it had for its iterators. */
  #lookedAt: Iterator<Recording> | undefined = undefined
  #lookedAtIn = 0
  #keepsHours = true
  #pass = 0
  /** When it last read, and the time before that. */
  #stepAt: number
  #stepBeforeAt: number
  #cancel: (() => void) | undefined = undefined
  #updating: Promise<void> | undefined = undefined

  constructor(registry: CircuitRegistry, clock: Clock, memory: number) {
    this.#registry = registry
    this.#clock = clock
    this.#memory = memory
    this.since = clock.wall()
    this.#startedAt = this.#stepAt = this.#stepBeforeAt = clock.now()
    registry.read((reading) => {
      const totals = totalsOf(reading)
      if (callsOf(totals) === 0) return
      const mark = { totals, latency: this.#latencyOf(reading) }
      const recording = new Recording(mark)
      recording.readState(reading)
      this.#recordings.set(reading.name, recording)
    })
    this.#arm()
  }

  #arm(): void {
    try {
      this.#cancel = this.#clock.setTimer(STEP - (this.#clock.now() % STEP), () => {
        void this.update()
        this.#arm()
      })
    } catch {
      // Workers have no timers outside of requests; then it reads whenever it is asked.
    }
  }

  close(): void {
    this.#cancel?.()
  }

  /** Reads the counters if a step has ended since they were read. Undefined if that is done. */
  update(): Promise<void> | undefined {
    this.#updating ??= inTurns(this.#update())?.finally(() => {
      this.#updating = undefined
    })
    return this.#updating
  }

  *#update(): Generator<void> {
    const now = this.#clock.now()
    const step = Math.floor(now / STEP)
    const last = Math.floor(this.#stepAt / STEP)
    if (step <= last) return
    const minutes = Math.floor(now / MINUTE) - Math.floor(this.#stepAt / MINUTE)
    // What is read now was in the step that has just ended.
    const ended = step - 1
    this.#pass++
    let seen = 0
    yield* readAll(this.#registry, (reading) => {
      const recording = this.read(reading)
      if (recording === undefined) return
      seen++
      recording.pass = this.#pass
      this.#shorten(recording)
      this.#allocate(recording, ended)
      recording.endStep(ended)
      if (minutes > 1) recording.skipMinutes()
      else if (minutes === 1) recording.endMinute(spanEnding(now))
      if (ended - recording.activeStep > IDLE_STEPS) this.#free(recording)
    })
    if (seen < this.#recordings.size) this.#forgetRemoved()
    if (this.#lookedAtIn !== this.#pass) this.#lookedAt = undefined
    this.#steps[ended % SLOTS] = ended
    const span = minutes === 1 ? spanEnding(now) : undefined
    if (span !== undefined) this.#spans[span % SLOTS] = span
    this.#stepBeforeAt = this.#stepAt
    this.#stepAt = now
  }

  /** Brings what is known of one breaker up to date; undefined for one that never had calls. */
  read(reading: BreakerReading): Recording | undefined {
    const recording = this.#recordings.get(reading.name)
    const { totals, latency } = recording?.now ?? { totals: NO_TOTALS, latency: NO_LATENCY }
    if (isUnchanged(reading, totals)) {
      recording?.readState(reading)
      return recording
    }
    const changed = recording ?? new Recording()
    if (recording === undefined) {
      changed.pass = this.#pass
      this.#recordings.set(reading.name, changed)
    }
    changed.read(reading, totalsOf(reading), reading.latency ? this.#latencyOf(reading) : latency)
    return changed
  }

  #latencyOf({ latency }: BreakerReading) {
    return latency === null ? NO_LATENCY : this.#latency.read(latency)
  }

  /** The time that `Recording.latest` is about, s. */
  get latestSeconds(): number {
    return Math.max(1, (this.#clock.now() - this.#stepBeforeAt) / 1_000)
  }

  get(name: string): Recording | undefined {
    return this.#recordings.get(name)
  }

  /** How long ago a breaker was last called, as far as that is known; ms. */
  idleFor(recording: Recording | undefined): number {
    const now = this.#clock.now()
    if (recording !== undefined && recording.now !== recording.step) return 0
    const active = recording?.activeStep ?? -Infinity
    return Math.max(0, now - Math.max(this.#startedAt, (active + 1) * STEP))
  }

  /** The history of a breaker; of one that never had calls it has none. */
  history(name: string, window: '15m' | '6h'): History {
    const recording = this.#recordings.get(name)
    const hours = window === '6h'
    const length = hours ? 2 * MINUTE : STEP
    const numbers = hours ? this.#spans : this.#steps
    const now = this.#clock.now()
    const last = Math.floor(now / length) - 1
    const slots = Array.from({ length: SLOTS }, (_, index) => {
      const number = last - SLOTS + 1 + index
      if (number < 0 || numbers[number % SLOTS] !== number) return undefined
      const known = recording ?? NEVER_USED
      if (number * length < known.lostAt) return undefined
      return known.slot((number % SLOTS) + (hours ? SLOTS : 0))
    })
    const field = (key: keyof ReturnType<Recording['slot']>) =>
      slots.map((slot) => slot?.[key] ?? null)
    return {
      step: length,
      until: Math.round(this.#clock.wall() - (now - (last + 1) * length)),
      ok: field('ok'),
      failed: field('failed'),
      rejected: field('rejected'),
      inFlight: field('inFlight'),
      p50: field('p50'),
      p90: field('p90'),
      p99: field('p99'),
      kept: recording?.bytes === undefined || recording.bytes.length > (hours ? RING : 0),
    }
  }

  /** Takes memory for a breaker that did something for the first time. */
  #allocate(recording: Recording, ended: number): void {
    if (recording.bytes !== undefined || recording.now === recording.step) return
    if (this.#used + this.#size > this.#memory && this.#keepsHours) {
      // Each loses its hours when its turn comes; they are not counted any more.
      this.#keepsHours = false
      this.#used /= 2
    }
    if (this.#used + this.#size > this.#memory && !this.#freeIdle(ended)) return
    recording.bytes = new Uint8Array(this.#size)
    this.#used += this.#size
  }

  /** The bytes of one breaker. */
  get #size(): number {
    return this.#keepsHours ? 2 * RING : RING
  }

  #shorten(recording: Recording): void {
    const { bytes } = recording
    if (bytes !== undefined && bytes.length > this.#size) recording.bytes = bytes.slice(0, RING)
  }

  /**
   * Frees what is kept of the breaker that has been idle for longest, among some: of thousands, looking at all of
   * them each time would take too long. False where none of them is idle.
   */
  #freeIdle(ended: number): boolean {
    let idlest: Recording | undefined
    for (let left = Math.min(LOOKED_AT, this.#recordings.size); left > 0; left--) {
      const recording = this.#nextLookedAt()
      if (recording?.bytes === undefined || recording.isTroubled) continue
      // Whether one whose turn is still to come was active in this step is not known yet.
      const idleBefore = recording.pass === this.#pass ? ended : ended - 1
      if (recording.activeStep >= idleBefore) continue
      if (recording.activeStep < (idlest?.activeStep ?? Infinity)) idlest = recording
    }
    if (idlest === undefined) return false
    this.#free(idlest)
    idlest.lostAt = this.#clock.now()
    return true
  }

  /** One after the other, and then again from the first. */
  #nextLookedAt(): Recording | undefined {
    this.#lookedAtIn = this.#pass
    const next = this.#lookedAt?.next()
    if (next !== undefined && !next.done) return next.value
    this.#lookedAt = this.#recordings.values()
    return this.#lookedAt.next().value
  }

  #free(recording: Recording): void {
    if (recording.bytes === undefined) return
    this.#used -= this.#size
    recording.bytes = undefined
  }

  #forgetRemoved(): void {
    for (const [name, recording] of this.#recordings) {
      if (recording.pass === this.#pass) continue
      this.#free(recording)
      this.#recordings.delete(name)
    }
  }

  /** The bytes that the histories take. */
  get memory(): number {
    return this.#used
  }
}

const NEVER_USED = /* @__PURE__ */ new Recording()

/** The number of the two minutes that have just ended, if a minute that is even has begun. */
function spanEnding(now: number): number | undefined {
  const minute = Math.floor(now / MINUTE)
  return minute % 2 === 0 ? minute / 2 - 1 : undefined
}
