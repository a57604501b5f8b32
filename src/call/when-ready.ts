import type { Circuit } from '../circuit/circuit.ts'
import { rejectWith } from '../circuit/deferred-rejection.ts'
import { sharedClock, timersLast } from '../clock.ts'
import { freeSlots } from '../core/state/state.ts'
import { checkCall } from '../options/check-options.ts'
import type { WaitOptions } from '../options.ts'
import { type AbortListener, addAbortListener, removeAbortListener } from './abort-listeners.ts'

/**
 * How often to look, ms, for what does not tell when it happens: a probe that hangs gives its slot back by
 * time alone.
 */
const CHECK_INTERVAL = 100

/** Resolves when a call would be let through. */
export function whenReady(circuit: Circuit, options: WaitOptions): Promise<void> {
  try {
    checkCall('whenReady', options)
  } catch (error) {
    return rejectWith(error)
  }
  const { signal } = options
  if (signal?.aborted) return rejectWith(signal.reason)
  return new Promise((resolve, reject) => {
    const list = listOf(circuit)
    const waiter = {
      resolve() {
        if (signal !== undefined) removeAbortListener(signal, waiter)
        resolve()
      },
      onAbort(reason: unknown) {
        list.delete(waiter)
        reject(reason)
      },
    }
    if (signal !== undefined) addAbortListener(signal, waiter)
    list.add(waiter)
  })
}

interface Waiter extends AbortListener {
  resolve(): void
}

const lists = /* @__PURE__ */ new WeakMap<Circuit, WaitingList>()

function listOf(circuit: Circuit): WaitingList {
  // In Workers a request can neither resolve what another one waits for nor rely on its timers.
  if (!timersLast()) return new WaitingList(circuit, false)
  let list = lists.get(circuit)
  if (list === undefined) {
    list = new WaitingList(circuit)
    lists.set(circuit, list)
  }
  return list
}

/**
 * Those who wait for a circuit to let calls pass. While it lets only some pass, as many waiters are
 * resolved, in the order in which they came; a turn of the event loop later, when these have made their
 * calls, it is seen whether there is room for more.
 */
class WaitingList {
  readonly #circuit: Circuit
  /** False for one waiter by itself, who learns by its own timer alone that calls would pass. */
  readonly #shared: boolean
  readonly #waiters = new Set<Waiter>()
  #cancelTurn: (() => void) | undefined
  /** Undefined for a timer that is not sure to fire. */
  #cancelTimer: (() => void) | undefined
  /** When the timer is to fire, in the machine's own time. */
  #timerAt = Infinity

  constructor(circuit: Circuit, shared = true) {
    this.#circuit = circuit
    this.#shared = shared
  }

  add(waiter: Waiter): void {
    this.#waiters.add(waiter)
    if (this.#shared) this.#circuit.onProgress = this.#check
    // A fake timer may be lost.
    if (this.#cancelTimer === undefined) this.#timerAt = Infinity
    this.#check()
  }

  delete(waiter: Waiter): void {
    this.#waiters.delete(waiter)
    this.#check()
  }

  readonly #check = (): void => {
    if (this.#cancelTurn !== undefined) return
    const { machine, clock } = this.#circuit
    const reading = clock.now()
    void this.#circuit.askFleet(reading)
    const view = machine.peek(reading)
    const slots = freeSlots(view)
    const resolved = this.#resolve(slots)
    // Where only some pass, who comes in the same turn must not be told of the same room.
    const awaitsCalls = resolved && slots < Infinity
    if (this.#waiters.size === 0 && !awaitsCalls) {
      this.#circuit.onProgress = undefined
      this.#stopTimer()
    } else if (resolved) {
      this.#cancelTurn = clock.setTimer(0, () => {
        this.#cancelTurn = undefined
        this.#check()
      })
    } else {
      const wait = view.retryAfter(reading) ?? Infinity
      const shortest = view.state.name === 'half-open' ? CHECK_INTERVAL : 0
      const longest = this.#shared ? Infinity : CHECK_INTERVAL
      this.#setTimer(view.now(reading), Math.min(Math.max(wait, shortest), longest))
    }
  }

  /** True if there was one to resolve. */
  #resolve(slots: number): boolean {
    let free = slots
    for (const waiter of this.#waiters) {
      if (free < 1) break
      free--
      this.#waiters.delete(waiter)
      waiter.resolve()
    }
    return free < slots
  }

  /** `wait` is `Infinity` where time alone lets no call pass. */
  #setTimer(now: number, wait: number): void {
    const at = now + wait
    // A timer that fires too early sets another one.
    if (at >= this.#timerAt && at < Infinity) return
    this.#stopTimer()
    if (at === Infinity) return
    this.#timerAt = at
    const { clock } = this.#circuit
    const cancel = clock.setTimer(wait, () => {
      this.#stopTimer()
      this.#check()
    })
    // Fake timers that were taken out must not be touched; to fire in vain does no harm.
    if (sharedClock(clock) !== undefined) this.#cancelTimer = cancel
  }

  #stopTimer(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    this.#timerAt = Infinity
  }
}
