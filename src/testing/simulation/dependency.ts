import { normal } from './random.ts'
import type { Schedule, TimedPhase } from './schedule.ts'

/** The settings of a simulated dependency, with every default applied. */
export interface DependencySettings {
  /** The median time to serve a call, ms. */
  readonly latency: number
  /** The standard deviation of the logarithm of these times. */
  readonly spread: number
  /** How many calls one shard serves at once. */
  readonly capacity: number
  /** Calls that wait at one shard when it is busy; more are refused. */
  readonly queue: number
  readonly shards: number
  /** The share of calls that fails even without a fault. */
  readonly errorRate: number
  /** After how many calls a cold cache is two thirds warm. */
  readonly warmCalls: number
  /** The round trip, ms: how long it takes to be refused. */
  readonly roundTrip: number
}

/** How a call will end. Known when it is sent: nothing later is random. */
export interface Fate {
  /** When the answer arrives; `Infinity`: never. */
  at: number
  ok: boolean
  error: string
}

/** Four random numbers in [0, 1) that decide the fate of a call. */
export type Draws = readonly [shard: number, work: number, more: number, error: number]

interface Wipe {
  readonly at: number
  readonly error: 'ECONNRESET' | undefined
}

/** One queue with several servers: first come, first served. */
class Shard {
  /** When each server is free again. */
  readonly freeAt: Float64Array
  /** When the calls that may still be waiting begin to be served, in order. */
  starts: number[] = []
  firstStart = 0
  /** Moments at which everything in flight is lost. */
  readonly wipes: readonly Wipe[]
  nextWipe = 0
  /** Calls served since the cache was cold. */
  warmedBy = 0
  coldPhase = -1

  constructor(capacity: number, wipes: readonly Wipe[]) {
    this.freeAt = new Float64Array(capacity === Infinity ? 0 : capacity)
    this.wipes = wipes
  }

  /** Forgets what was lost up to `now`. */
  advance(now: number): void {
    const { wipes, starts } = this
    let wiped = false
    for (let next = wipes[this.nextWipe]; next !== undefined && next.at <= now; ) {
      next = wipes[++this.nextWipe]
      wiped = true
    }
    if (wiped) {
      this.freeAt.fill(0)
      this.starts = []
      this.firstStart = 0
      return
    }
    while (this.firstStart < starts.length && (starts[this.firstStart] as number) <= now) {
      this.firstStart++
    }
    if (this.firstStart > 1_000) {
      this.starts = starts.slice(this.firstStart)
      this.firstStart = 0
    }
  }

  get waiting(): number {
    return this.starts.length - this.firstStart
  }

  firstFree(): number {
    const { freeAt } = this
    let first = 0
    for (let i = 1; i < freeAt.length; i++) {
      if ((freeAt[i] as number) < (freeAt[first] as number)) first = i
    }
    return first
  }
}

/**
 * A dependency in virtual time: shards of servers behind a bounded queue, with log-normal service
 * times and the faults of a script. It keeps working on calls whose callers have given up.
 */
export class SimulatedDependency {
  readonly #settings: DependencySettings
  readonly #schedule: Schedule
  readonly #shards: readonly Shard[]
  readonly #fate: Fate = { at: 0, ok: true, error: '' }

  constructor(settings: DependencySettings, schedule: Schedule) {
    this.#settings = settings
    this.#schedule = schedule
    this.#shards = Array.from(
      { length: settings.shards },
      (_, shard) => new Shard(settings.capacity, wipesOf(schedule, shard)),
    )
  }

  /** Sends a call. What is returned is overwritten by the next one. */
  send(now: number, draws: Draws): Readonly<Fate> {
    return this.#decide(now, draws, true)
  }

  /** How a call would end if it were sent now. */
  foresee(now: number, draws: Draws): Readonly<Fate> {
    return this.#decide(now, draws, false)
  }

  #decide(now: number, draws: Draws, sent: boolean): Fate {
    const settings = this.#settings
    const index = Math.floor(draws[0] * settings.shards)
    const shard = this.#shards[index] as Shard
    shard.advance(now)
    const phase = this.#schedule.at(now)
    const hit = index < (phase.shards ?? Infinity)
    if (hit && phase.hang) return this.#end(Infinity, false, '')
    if (hit && phase.refuse) return this.#end(now + settings.roundTrip, false, 'ECONNREFUSED')

    const server = shard.firstFree()
    const start = Math.max(now, shard.freeAt[server] ?? 0)
    if (start > now && shard.waiting >= settings.queue) {
      return this.#end(now + settings.roundTrip, false, 'EBUSY')
    }
    const work = settings.latency * Math.exp(settings.spread * normal(draws[1], draws[2]))
    const service = work * this.#effort(shard, index, phase, start, sent)
    if (sent) {
      // Without effect on a shard that is never busy.
      shard.freeAt[server] = start + service
      if (start > now) shard.starts.push(start)
    }
    const late = hit ? work * ((phase.latencyFactor ?? 1) - 1) + (phase.delay ?? 0) : 0
    const at = start + service + late
    const wipe = shard.wipes[shard.nextWipe]
    if (wipe !== undefined && wipe.at < at) {
      return this.#end(wipe.error === undefined ? Infinity : wipe.at, false, wipe.error ?? '')
    }
    const errorRate = Math.max(settings.errorRate, hit ? (phase.errorRate ?? 0) : 0)
    const failed = draws[3] < errorRate
    return this.#end(at, !failed, failed ? 'EFAULT' : '')
  }

  /** How many times as much work a call is that is served from `start` on. */
  #effort(shard: Shard, index: number, asked: TimedPhase, start: number, sent: boolean): number {
    const phase = start < asked.to ? asked : this.#schedule.at(start)
    if (index >= (phase.shards ?? Infinity)) return 1
    const { workFactor = 1, coldFactor = 1 } = phase
    if (coldFactor === 1) return workFactor
    if (shard.coldPhase !== phase.index && sent) {
      shard.coldPhase = phase.index
      shard.warmedBy = 0
    }
    const warmth = shard.coldPhase === phase.index ? shard.warmedBy : 0
    if (sent) shard.warmedBy++
    return workFactor * (1 + (coldFactor - 1) * Math.exp(-warmth / this.#settings.warmCalls))
  }

  #end(at: number, ok: boolean, error: string): Fate {
    const fate = this.#fate
    fate.at = at
    fate.ok = ok
    fate.error = error
    return fate
  }
}

function wipesOf({ phases }: Schedule, shard: number): Wipe[] {
  return phases
    .filter(({ hang, refuse, reset, shards = Infinity }) => {
      return shard < shards && (hang || refuse || reset) === true
    })
    .map(({ from, hang }) => ({ at: from, error: hang ? undefined : 'ECONNRESET' }))
}
