import type { Clock } from '../../index.ts'
import { EventQueue, type SimulatedEvent } from './event-queue.ts'

class Timer implements SimulatedEvent {
  at: number
  order = 0
  #fn: (() => void) | undefined

  constructor(at: number, fn: () => void) {
    this.at = at
    this.#fn = fn
  }

  cancel(): void {
    this.#fn = undefined
  }

  happen(): void {
    this.#fn?.()
  }
}

/** Virtual time: it stands still until the next event, and then is at once what that says. */
export class VirtualClock implements Clock {
  readonly #events = new EventQueue()
  #now = 0

  now(): number {
    return this.#now
  }

  /** The same as {@link now}: virtual time begins in 1970. */
  wall(): number {
    return this.#now
  }

  setTimer(ms: number, fn: () => void): () => void {
    const timer = new Timer(this.#now + Math.max(0, ms), fn)
    this.#events.add(timer)
    return () => timer.cancel()
  }

  add(event: SimulatedEvent): void {
    this.#events.add(event)
  }

  /** When the next event is; `undefined` when there is none. */
  get next(): number | undefined {
    return this.#events.first?.at
  }

  /** Moves time to the next event and lets it happen. */
  step(): void {
    const event = this.#events.take()
    if (event === undefined) return
    this.#now = event.at
    event.happen()
  }
}
