import type { TestBed, TestedAction, TestedBreaker } from './adapter.ts'
import { insist } from './conformance-case.ts'

/** The open time of every case that does not need another. */
export const RESET_TIMEOUT = 1_000

const TURNS = 12

// Taken when the module loads, so that an adapter may replace the global timers by its own afterwards.
const immediate = (globalThis as { setImmediate?: (fn: () => void) => unknown }).setImmediate
const timeout = globalThis.setTimeout

function turn(): Promise<void> {
  return new Promise((resolve) => {
    if (immediate !== undefined) {
      immediate(resolve)
    } else if (typeof MessageChannel === 'function') {
      const { port1, port2 } = new MessageChannel()
      port1.addEventListener('message', () => {
        port1.close()
        resolve()
      })
      port1.start()
      port2.postMessage(undefined)
    } else {
      timeout(resolve, 0)
    }
  })
}

/** Lets everything happen that can happen while no time passes. A call still pending afterwards hangs. */
export async function drain(): Promise<void> {
  for (let i = 0; i < TURNS; i++) await turn()
}

/** A call as its caller sees it. */
export class ObservedCall {
  ran = false
  status: 'pending' | 'fulfilled' | 'rejected' = 'pending'
  /** The value or the reason. */
  result: unknown

  constructor(breaker: TestedBreaker, action: TestedAction, signal?: AbortSignal) {
    const observed = (given?: AbortSignal): unknown => {
      this.ran = true
      return action(given)
    }
    // A library that throws instead of rejecting has rejected the call, as far as these cases care.
    const calling = new Promise((resolve) => {
      resolve(breaker.call(observed, signal))
    })
    calling.then(
      (value) => this.#settle('fulfilled', value),
      (reason) => this.#settle('rejected', reason),
    )
  }

  /** Rejected without running. */
  get rejected(): boolean {
    return !this.ran && this.status === 'rejected'
  }

  /** Neither run nor rejected. */
  get waiting(): boolean {
    return !this.ran && this.status === 'pending'
  }

  #settle(status: 'fulfilled' | 'rejected', result: unknown): void {
    this.status = status
    this.result = result
  }
}

/** A call whose action settles when the case says so. */
export class HeldCall extends ObservedCall {
  readonly #succeed: (value: unknown) => void
  readonly #fail: (error: unknown) => void

  constructor(breaker: TestedBreaker, signal?: AbortSignal) {
    let succeed: (value: unknown) => void = () => {}
    let fail: (error: unknown) => void = () => {}
    const settled = new Promise((resolve, reject) => {
      succeed = resolve
      fail = reject
    })
    settled.catch(() => {})
    super(
      breaker,
      (given) => {
        const watched = given ?? signal
        watched?.addEventListener('abort', () => fail(watched.reason))
        return settled
      },
      signal,
    )
    this.#succeed = succeed
    this.#fail = fail
  }

  succeed(value: unknown = 'value'): void {
    this.#succeed(value)
  }

  fail(error: unknown = new Error('down')): void {
    this.#fail(error)
  }
}

export async function observe(
  breaker: TestedBreaker,
  action: TestedAction,
  signal?: AbortSignal,
): Promise<ObservedCall> {
  const call = new ObservedCall(breaker, action, signal)
  await drain()
  return call
}

export async function hold(breaker: TestedBreaker, signal?: AbortSignal): Promise<HeldCall> {
  const call = new HeldCall(breaker, signal)
  await drain()
  return call
}

/** That many calls, started at once. */
export async function holdMany(breaker: TestedBreaker, count: number): Promise<HeldCall[]> {
  const calls = Array.from({ length: count }, () => new HeldCall(breaker))
  await drain()
  return calls
}

export function succeed(breaker: TestedBreaker): Promise<ObservedCall> {
  return observe(breaker, async () => 'value')
}

export function fail(breaker: TestedBreaker): Promise<ObservedCall> {
  return observe(breaker, async () => {
    throw new Error('down')
  })
}

export function ran(calls: readonly ObservedCall[]): number {
  return calls.filter((call) => call.ran).length
}

export async function elapse(bed: TestBed, ms: number): Promise<void> {
  await bed.clock.advance(ms)
  await drain()
}

/** Fails call after call until the circuit is open; resolves to how many it took. */
export async function trip(breaker: TestedBreaker, atMost = 50): Promise<number> {
  for (let failures = 1; failures <= atMost; failures++) {
    await fail(breaker)
    if (breaker.state() === 'open') return failures
  }
  insist(false, `stayed ${breaker.state()} through ${atMost} failures in a row`)
}

/** Trips, lets the open time pass, and leaves the first call after it in flight. */
export async function firstProbe(bed: TestBed, breaker: TestedBreaker): Promise<HeldCall> {
  await trip(breaker)
  await elapse(bed, RESET_TIMEOUT + 1)
  const probe = await hold(breaker)
  insist(probe.ran, 'no call was let through after the open time')
  return probe
}

/** Repeats calls until one is let through, and leaves that one in flight. */
export async function nextProbe(
  bed: TestBed,
  breaker: TestedBreaker,
): Promise<HeldCall | undefined> {
  for (let i = 0; i < 60; i++) {
    await elapse(bed, RESET_TIMEOUT + 1)
    const call = await hold(breaker)
    if (call.ran) return call
  }
  return undefined
}
