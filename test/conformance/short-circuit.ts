import { CircuitBreaker, type CircuitBreakerOptions, type Clock } from '../../src/index.ts'
import type {
  BreakerAdapter,
  BreakerSetup,
  TestBed,
  TestClock,
  TestedBreaker,
} from '../../src/testing/conformance/index.ts'
import { ManualClock } from '../../src/testing/manual-clock.ts'
import { collectGarbage } from './collect-garbage.ts'

/** A manual clock whose wall clock can be set apart from it. */
class BedClock implements TestClock, Clock {
  readonly #manual = new ManualClock()
  #wallOffset = 1_700_000_000_000

  now(): number {
    return this.#manual.now()
  }

  wall(): number {
    return this.#manual.wall() + this.#wallOffset
  }

  setTimer(ms: number, fn: () => void): () => void {
    return this.#manual.setTimer(ms, fn)
  }

  advance(ms: number): Promise<void> {
    return this.#manual.advance(ms)
  }

  stepWall(ms: number): void {
    this.#wallOffset += ms
  }

  freeze(ms: number): void {
    this.#manual.set(this.#manual.now() + ms)
  }

  /** Every timer of a breaker holds the process. */
  holdingTimers(): number {
    return this.#manual.timers
  }

  pendingTimers(): number {
    return this.#manual.timers
  }
}

function optionsFor(setup: BreakerSetup, clock: Clock): CircuitBreakerOptions {
  const { maxFailures, failureRate, resetTimeout, probes, callTimeout, ignore } = setup
  return {
    ...(failureRate === undefined
      ? { maxFailures }
      : { trip: { failureRate: rateOf(failureRate) } }),
    resetTimeout,
    recovery: { probes },
    callTimeout: callTimeout === 'default' ? undefined : callTimeout,
    classify:
      ignore &&
      ((settled) =>
        settled.status === 'rejected' && ignore(settled.reason) ? 'neutral' : undefined),
    clock,
  }
}

function rateOf({ duration, ...rate }: NonNullable<BreakerSetup['failureRate']>) {
  return { ...rate, window: { duration } }
}

function tested(breaker: CircuitBreaker): TestedBreaker {
  return {
    target: breaker,
    call: (action, signal) => breaker.run(action, { signal }),
    state: () => breaker.state,
    stream: (produce) => breaker.stream(produce)(),
    acquire: () => breaker.tryAcquire(),
    onSuccess(listener) {
      breaker.on('success', listener)
      breaker.on('listenerError', () => {})
    },
    trip: () => breaker.trip(),
    reset: () => breaker.reset(),
  }
}

export const shortCircuit: BreakerAdapter = {
  name: 'short-circuit',
  setUp(): TestBed {
    const clock = new BedClock()
    const escaped: unknown[] = []
    const escapes = (error: unknown): void => {
      escaped.push(error)
    }
    process.on('uncaughtException', escapes).on('unhandledRejection', escapes)
    return {
      clock,
      create: (setup) => tested(new CircuitBreaker(optionsFor(setup, clock))),
      createTwins(setup) {
        const options = optionsFor(setup, clock)
        return [tested(new CircuitBreaker(options)), tested(new CircuitBreaker(options))]
      },
      collectGarbage,
      escapedErrors: () => escaped,
      tearDown() {
        process.off('uncaughtException', escapes).off('unhandledRejection', escapes)
      },
    }
  },
}
