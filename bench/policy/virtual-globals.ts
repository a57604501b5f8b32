import type { VirtualClock } from '../../src/testing/simulation/virtual-clock.ts'

const RealDate = globalThis.Date
const real = {
  Date: globalThis.Date,
  setTimeout: globalThis.setTimeout,
  clearTimeout: globalThis.clearTimeout,
  setInterval: globalThis.setInterval,
  clearInterval: globalThis.clearInterval,
}
const realNow = globalThis.performance.now

/** What the host's timer functions return, as far as libraries use it. */
class Handle {
  #cancel: () => void

  constructor(cancel: () => void) {
    this.#cancel = cancel
  }

  set canceller(cancel: () => void) {
    this.#cancel = cancel
  }

  cancel(): void {
    this.#cancel()
  }

  ref(): this {
    return this
  }

  unref(): this {
    return this
  }
}

/** Gives this thread's dates and timers the time of a simulation; returns what undoes it. */
export function installVirtualTime(clock: VirtualClock): () => void {
  class VirtualDate extends RealDate {
    constructor(...given: unknown[]) {
      super(...((given.length === 0 ? [clock.wall()] : given) as [number]))
    }

    static override now(): number {
      return clock.wall()
    }
  }
  // As the host does: at least one millisecond.
  const later = (ms: number | undefined, fn: () => void): (() => void) =>
    clock.setTimer(Math.max(1, ms ?? 1), fn)
  const every = (ms: number | undefined, fn: () => void): Handle => {
    const again = (): void => {
      handle.canceller = later(ms, again)
      fn()
    }
    const handle = new Handle(later(ms, again))
    return handle
  }
  const clear = (handle: Handle | undefined): void => handle?.cancel()
  Object.assign(globalThis, {
    Date: VirtualDate,
    setTimeout: (fn: (...args: unknown[]) => void, ms?: number, ...args: unknown[]) =>
      new Handle(later(ms, () => fn(...args))),
    setInterval: (fn: (...args: unknown[]) => void, ms?: number, ...args: unknown[]) =>
      every(ms, () => fn(...args)),
    clearTimeout: clear,
    clearInterval: clear,
  })
  globalThis.performance.now = () => clock.now()
  return () => {
    Object.assign(globalThis, real)
    globalThis.performance.now = realNow
  }
}
