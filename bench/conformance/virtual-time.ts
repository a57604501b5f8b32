import type { TestClock } from '../../src/testing/conformance/index.ts'

interface VirtualTimer {
  readonly id: number
  readonly run: () => void
  readonly every: number | undefined
  due: number
  refed: boolean
}

const RealDate = globalThis.Date
const realImmediate = globalThis.setImmediate
const real = {
  setTimeout: globalThis.setTimeout,
  clearTimeout: globalThis.clearTimeout,
  setInterval: globalThis.setInterval,
  clearInterval: globalThis.clearInterval,
  Date: globalThis.Date,
  now: globalThis.performance.now,
  hrtime: process.hrtime,
}

/**
 * Replaces the clocks and timers of the process, for libraries that read them directly. `setImmediate`, `nextTick` and
 * promises stay real.
 */
export class VirtualTime implements TestClock {
  #elapsed = 0
  #wall = RealDate.UTC(2026, 0, 1)
  #nextId = 1
  readonly #timers = new Map<number, VirtualTimer>()

  install(): void {
    const wall = (): number => Math.floor(this.#wall + this.#elapsed)
    const elapsed = (): number => this.#elapsed
    class VirtualDate extends RealDate {
      constructor(...given: unknown[]) {
        super(...((given.length === 0 ? [wall()] : given) as [number]))
      }
      static override now(): number {
        return wall()
      }
    }
    const hrtime = (): [number, number] => [
      Math.floor(elapsed() / 1_000),
      (elapsed() % 1_000) * 1e6,
    ]
    const clear = (timer: unknown): void => {
      if (timer !== undefined && timer !== null) this.#timers.delete(Number(timer))
    }
    Object.assign(globalThis, {
      setTimeout: (fn: () => void, ms?: number, ...args: unknown[]) =>
        this.#arm(fn, ms, args, false),
      setInterval: (fn: () => void, ms?: number, ...args: unknown[]) =>
        this.#arm(fn, ms, args, true),
      clearTimeout: clear,
      clearInterval: clear,
      Date: VirtualDate,
    })
    globalThis.performance.now = elapsed
    process.hrtime = Object.assign(hrtime, { bigint: () => BigInt(Math.round(elapsed() * 1e6)) })
  }

  uninstall(): void {
    const { now, hrtime, ...globals } = real
    Object.assign(globalThis, globals)
    globalThis.performance.now = now
    process.hrtime = hrtime
    this.#timers.clear()
  }

  async advance(ms: number): Promise<void> {
    const end = this.#elapsed + ms
    for (;;) {
      const next = this.#earliest()
      if (next === undefined || next.due > end) break
      this.#elapsed = Math.max(this.#elapsed, next.due)
      if (next.every === undefined) this.#timers.delete(next.id)
      else next.due = this.#elapsed + next.every
      next.run()
      await new Promise((resolve) => realImmediate(resolve))
    }
    this.#elapsed = end
  }

  stepWall(ms: number): void {
    this.#wall += ms
  }

  freeze(ms: number): void {
    this.#elapsed += ms
  }

  holdingTimers(): number {
    return [...this.#timers.values()].filter((timer) => timer.refed).length
  }

  pendingTimers(): number {
    return this.#timers.size
  }

  #earliest(): VirtualTimer | undefined {
    let earliest: VirtualTimer | undefined
    for (const timer of this.#timers.values()) {
      if (earliest === undefined || timer.due < earliest.due) earliest = timer
    }
    return earliest
  }

  #arm(fn: () => void, ms: number | undefined, args: unknown[], repeats: boolean): object {
    // The clamp is what the host does, and some libraries are wrong because of it.
    const delay = ms !== undefined && ms >= 1 && ms < 2 ** 31 ? ms : 1
    const timer: VirtualTimer = {
      id: this.#nextId++,
      run: () => (fn as (...args: unknown[]) => void)(...args),
      every: repeats ? delay : undefined,
      due: this.#elapsed + delay,
      refed: true,
    }
    this.#timers.set(timer.id, timer)
    return handleOf(timer)
  }
}

function handleOf(timer: VirtualTimer): object {
  const handle = {
    ref: () => {
      timer.refed = true
      return handle
    },
    unref: () => {
      timer.refed = false
      return handle
    },
    hasRef: () => timer.refed,
    [Symbol.toPrimitive]: () => timer.id,
  }
  return handle
}
