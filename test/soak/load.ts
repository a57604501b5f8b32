import { CircuitBreaker, type CircuitBreakerOptions, isShortCircuitError } from '../../src/index.ts'

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
}

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
  #timer: NodeJS.Timeout | undefined

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
  }

  get waiting(): number {
    return this.made - this.answered
  }

  start(): void {
    this.#timer = setTimeout(
      () => {
        if (this.waiting < MOST_WAITING) void this.#callOnce()
        this.start()
      },
      this.#every * 2 * this.#random(),
    )
  }

  stop(): void {
    clearTimeout(this.#timer)
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
