import type { Clock } from './clock.ts'

/** One call that must end within the duration of its queue. */
interface Entry {
  readonly deadline: number
  readonly expire: () => void
  previous: Entry | undefined
  next: Entry | undefined
  waiting: boolean
}

/**
 * All calls with one timeout, oldest first, behind one timer: equal durations end in the order in
 * which they began. The timer exists only while such calls are in flight.
 *
 * When it fires, the verdict is taken one turn of the event loop later. A blocked loop runs its
 * late timers before it reads its sockets: answers that have long arrived must win.
 */
class TimeoutQueue {
  #first: Entry | undefined
  #last: Entry | undefined
  #cancelTimer: (() => void) | undefined
  #cancelVerdict: (() => void) | undefined
  readonly #clock: Clock
  readonly #duration: number
  readonly #onEmpty: (queue: TimeoutQueue) => void

  constructor(clock: Clock, duration: number, onEmpty: (queue: TimeoutQueue) => void) {
    this.#clock = clock
    this.#duration = duration
    this.#onEmpty = onEmpty
  }

  add(expire: () => void): () => void {
    const deadline = this.#clock.now() + this.#duration
    const entry: Entry = { deadline, expire, previous: this.#last, next: undefined, waiting: true }
    if (this.#last === undefined) this.#first = entry
    else this.#last.next = entry
    this.#last = entry
    if (this.#cancelTimer === undefined) this.#arm(this.#first as Entry)
    return () => this.#remove(entry)
  }

  #arm(first: Entry): void {
    // A clock that stepped back must not make a call wait longer than it was given.
    const wait = Math.min(first.deadline - this.#clock.now(), this.#duration)
    this.#cancelTimer = this.#clock.setTimer(Math.max(wait, 1), () => this.#fired(first))
  }

  #fired(armedFor: Entry): void {
    this.#cancelTimer = undefined
    // The timer is believed where the clock disagrees: it may fire early, or the clock step back.
    const now = Math.max(this.#clock.now(), armedFor.waiting ? armedFor.deadline : 0)
    const due: Entry[] = []
    for (
      let entry = this.#first;
      entry !== undefined && entry.deadline <= now;
      entry = entry.next
    ) {
      due.push(entry)
    }
    if (due.length > 0) this.#cancelVerdict = this.#clock.setTimer(0, () => this.#decide(due))
    else if (this.#first !== undefined) this.#arm(this.#first)
  }

  #decide(due: readonly Entry[]): void {
    this.#cancelVerdict = undefined
    for (const entry of due) {
      if (!entry.waiting) continue
      this.#unlink(entry)
      entry.expire()
    }
    if (this.#first === undefined) this.#onEmpty(this)
    else if (this.#cancelTimer === undefined) this.#arm(this.#first)
  }

  #remove(entry: Entry): void {
    if (!entry.waiting) return
    this.#unlink(entry)
    if (this.#first !== undefined) return
    this.#cancelTimer?.()
    this.#cancelVerdict?.()
    this.#cancelTimer = this.#cancelVerdict = undefined
    this.#onEmpty(this)
  }

  #unlink(entry: Entry): void {
    entry.waiting = false
    if (entry.previous === undefined) this.#first = entry.next
    else entry.previous.next = entry.next
    if (entry.next === undefined) this.#last = entry.previous
    else entry.next.previous = entry.previous
  }
}

/** By clock, then by duration; a queue lives while a call of it is in flight. */
const queues = /* @__PURE__ */ new WeakMap<Clock, Map<number, TimeoutQueue>>()

/**
 * Calls `expire` when `duration` ms have passed and the answers of that moment were handled, unless
 * the returned function was called before. Calls of all breakers share one timer a duration.
 */
export function startTimeout(clock: Clock, duration: number, expire: () => void): () => void {
  let byDuration = queues.get(clock)
  if (byDuration === undefined) {
    byDuration = new Map()
    queues.set(clock, byDuration)
  }
  const durations = byDuration
  let queue = durations.get(duration)
  if (queue === undefined) {
    queue = new TimeoutQueue(clock, duration, (empty) => {
      if (durations.get(duration) === empty) durations.delete(duration)
    })
    durations.set(duration, queue)
  }
  return queue.add(expire)
}
