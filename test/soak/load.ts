import {
  CircuitBreaker,
  type CircuitBreakerOptions,
  type ConfigurePatch,
  isShortCircuitError,
} from '../../src/index.ts'

export type Target = 'http' | 'redis'

/** Callers of one breaker: what they call, and how often. */
export interface LoadPlan {
  readonly name: string
  readonly target: Target
  readonly options: CircuitBreakerOptions
  /** Ms between two calls, on average. */
  readonly every: number
  /** Makes what is called each time. */
  readonly calling: (breaker: CircuitBreaker) => () => Promise<unknown>
  /** Whether it is configured, moved by hand and saved while calls are in flight. */
  readonly operated?: boolean
}

const rate = { threshold: 0.5, minimumCalls: 5 }

/** Under any of them a broken target opens the circuit, and a sound one closes it again. */
const PATCHES: readonly ConfigurePatch[] = [
  { trip: 'auto', recovery: 'auto' },
  { trip: { consecutiveFailures: 3 }, recovery: { probes: 2, timeout: 1_000 } },
  { trip: { failureRate: { ...rate, window: { duration: 1_000 } } } },
  { trip: { slowCallRate: { ...rate, slowerThan: 300, window: { calls: 10 } } } },
  { statistics: true },
  { statistics: false, history: 1 },
  { callTimeout: 400 },
  { callTimeout: undefined },
  { maxConcurrent: 10 },
  { maxConcurrent: undefined },
  { resetTimeout: 'auto' },
  { resetTimeout: { initial: 200, max: 1_000 } },
]

/** Ms between two changes by hand, on average. */
const OPERATED_EVERY = 150

/** More calls than that of one load never wait at once. */
const MOST_WAITING = 20

/** Keeps calling through a breaker of its own, and keeps its own books on what became of it. */
export class Load {
  readonly name: string
  readonly target: Target
  readonly breaker: CircuitBreaker
  /** Calls made, and calls that the caller was given an answer to. */
  made = 0
  answered = 0
  /** Answers by what they were: `ok`, or the code or name of the error. */
  readonly answers: Record<string, number> = {}
  trips = 0
  /** What the breaker could not deliver to a listener, which there should be none of. */
  readonly complaints: string[] = []
  readonly #broken = new Set<string>()
  readonly #every: number
  readonly #call: () => Promise<unknown>
  readonly #random: () => number
  readonly #operated: boolean
  #timer: NodeJS.Timeout | undefined
  #operator: NodeJS.Timeout | undefined

  constructor(plan: LoadPlan, random: () => number) {
    this.name = plan.name
    this.target = plan.target
    this.breaker = new CircuitBreaker({ ...plan.options, name: plan.name, random })
    this.breaker.on('transition', ({ to }) => {
      if (to === 'open') this.trips++
    })
    this.breaker.on('listenerError', ({ error }) => this.complaints.push(String(error)))
    this.#every = plan.every
    this.#call = plan.calling(this.breaker)
    this.#random = random
    this.#operated = plan.operated === true
  }

  get waiting(): number {
    return this.made - this.answered
  }

  start(): void {
    this.#callAgain()
    if (this.#operated) this.#operateAgain()
  }

  #callAgain(): void {
    this.#timer = setTimeout(
      () => {
        if (this.waiting < MOST_WAITING) void this.#callOnce()
        this.#callAgain()
      },
      this.#every * 2 * this.#random(),
    )
  }

  #operateAgain(): void {
    const operate = (): void => {
      this.#operate()
      this.#operateAgain()
    }
    this.#operator = setTimeout(operate, OPERATED_EVERY * 2 * this.#random())
  }

  #operate(): void {
    const { breaker } = this
    const chance = this.#random()
    if (chance < 0.8) {
      breaker.configure(PATCHES[Math.floor((chance / 0.8) * PATCHES.length)] as ConfigurePatch)
    } else if (chance < 0.85) breaker.trip()
    else if (chance < 0.9) breaker.reset()
    else if (chance < 0.95) breaker.forceOpen({ for: 100 })
    else breaker.save()
  }

  stop(): void {
    clearTimeout(this.#timer)
    clearTimeout(this.#operator)
  }

  async #callOnce(): Promise<void> {
    this.made++
    let answer = 'ok'
    try {
      await this.#call()
    } catch (error) {
      answer = labelOf(error)
    }
    this.answered++
    this.answers[answer] = (this.answers[answer] ?? 0) + 1
  }

  /** What has never failed to add up before, and does now: the breaker's books against these. */
  imbalances(): string[] {
    const { counts, inFlight } = this.breaker.snapshot()
    const { admitted, settled, expired, rejected } = counts
    const { success, failure, neutral, cancelled, stale } = counts
    const enforced = rejected.open + rejected['half-open'] + rejected['forced-open'] + rejected.full
    const hidden = this.waiting - inFlight
    const laws: Record<string, boolean> = {
      'admitted = settled + expired + in flight': admitted === settled + expired + inFlight,
      'settled = the sum of outcomes': settled === success + failure + neutral + cancelled + stale,
      'calls made = admitted + rejected': this.made === admitted + enforced + rejected.unenforced,
      // The caller of a probe that was given up may still wait.
      'calls waiting = in flight, but for expired ones': hidden >= 0 && hidden <= expired,
    }
    const books = JSON.stringify({ made: this.made, answered: this.answered, inFlight, counts })
    const broken = Object.keys(laws).filter((law) => !laws[law] && !this.#broken.has(law))
    return broken.map((law) => {
      this.#broken.add(law)
      return `${this.name}: "${law}" is broken: ${books}`
    })
  }
}

function labelOf(error: unknown): string {
  if (isShortCircuitError(error)) return error.code
  const { code, name, cause } = error as { code?: unknown; name?: unknown; cause?: unknown }
  if (typeof code === 'string') return code
  return cause === undefined ? String(name) : labelOf(cause)
}
