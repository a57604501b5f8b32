import { originalClock } from '../circuit/guard-sources.ts'
import { type Clock, outside, sharedClock } from '../clock.ts'

/** A call that must end within a duration; its neighbours are those with the same one. */
export interface TimeoutEntry {
  deadline: number
  previous: TimeoutEntry | undefined
  next: TimeoutEntry | undefined
  /** Where it waits for its end; undefined when it has ended. */
  queue: TimeoutQueue | undefined
  /** Called when its time is up, in the async context of some other call, or of none. */
  expire(): void
}

/**
 * All calls with one timeout, oldest first, behind one timer: equal durations end in the order in
 * which they began. The timer exists only while such calls are in flight. Where timers can't be
 * shared, each call has a queue for itself.
 *
 * When it fires, the decision is taken one turn of the event loop later. A blocked loop runs its
 * late timers before it reads its sockets: answers that have long arrived must win.
 */
export class TimeoutQueue {
  #first: TimeoutEntry | undefined
  #last: TimeoutEntry | undefined
  #cancelTimer: (() => void) | undefined
  #cancelDecision: (() => void) | undefined
  #disposing = false
  readonly #clock: Clock
  /** Where calls find it; undefined for the queue of one call. */
  readonly #shared: Map<number, TimeoutQueue> | undefined
  readonly duration: number

  constructor(clock: Clock, duration: number, shared?: Map<number, TimeoutQueue>) {
    this.#clock = clock
    this.#shared = shared
    this.duration = duration
  }

  add(entry: TimeoutEntry): void {
    entry.deadline = this.#clock.now() + this.duration
    entry.previous = this.#last
    entry.queue = this
    if (this.#last === undefined) this.#first = entry
    else this.#last.next = entry
    this.#last = entry
    const idle = this.#cancelTimer === undefined && this.#cancelDecision === undefined
    if (idle) this.#arm(this.#first as TimeoutEntry)
  }

  #arm(first: TimeoutEntry): void {
    // A clock that stepped back must not make a call wait longer than its timeout.
    const wait = Math.min(first.deadline - this.#clock.now(), this.duration)
    // Its time is up already: the loop was blocked for long.
    if (wait <= 0) {
      this.#fired(first)
      return
    }
    const arm = (): (() => void) => this.#clock.setTimer(wait, () => this.#fired(first))
    // Armed within a call, a shared timer would keep what belongs to that call alive for others.
    this.#cancelTimer = this.#shared !== undefined && outside !== undefined ? outside(arm) : arm()
  }

  #fired(armedFor: TimeoutEntry): void {
    this.#cancelTimer = undefined
    const reading = this.#clock.now()
    // The timer is believed where the clock disagrees: it may fire early, or the clock step back.
    let now = Math.max(reading, armedFor.queue === this ? armedFor.deadline : -Infinity)
    const due: TimeoutEntry[] = []
    for (let entry = this.#first; entry !== undefined; entry = entry.next) {
      // It began after the clock had stepped back, and goes by it.
      if (entry.previous !== undefined && entry.deadline < entry.previous.deadline) now = reading
      if (entry.deadline > now) break
      due.push(entry)
    }
    if (due.length > 0) this.#cancelDecision = this.#clock.setTimer(0, () => this.#decide(due))
    else if (this.#first !== undefined) this.#arm(this.#first)
  }

  #decide(due: readonly TimeoutEntry[]): void {
    this.#cancelDecision = undefined
    for (const entry of due) {
      if (entry.queue !== this) continue
      this.#unlink(entry)
      entry.expire()
    }
    if (this.#first === undefined) this.#dispose()
    else if (this.#cancelTimer === undefined) this.#arm(this.#first)
  }

  remove(entry: TimeoutEntry): void {
    this.#unlink(entry)
    if (this.#first === undefined) this.#dispose()
  }

  /** Clears a shared timer a turn after its last call has settled: the next one may come at once. */
  #dispose(): void {
    if (this.#shared === undefined) this.#clear()
    else if (!this.#disposing) {
      this.#disposing = true
      this.#clock.setTimer(0, () => {
        this.#disposing = false
        if (this.#first !== undefined) return
        this.#clear()
        this.#shared?.delete(this.duration)
      })
    }
  }

  #clear(): void {
    this.#cancelTimer?.()
    this.#cancelDecision?.()
    this.#cancelTimer = this.#cancelDecision = undefined
  }

  #unlink(entry: TimeoutEntry): void {
    entry.queue = undefined
    if (entry.previous === undefined) this.#first = entry.next
    else entry.previous.next = entry.next
    if (entry.next === undefined) this.#last = entry.previous
    else entry.next.previous = entry.previous
    entry.previous = entry.next = undefined
  }
}

/** By clock, then by duration; a queue lives while a call of it is in flight, and a turn longer. */
const queues = /* @__PURE__ */ new WeakMap<Clock, Map<number, TimeoutQueue>>()

/**
 * Calls `entry.expire()` when `duration` ms have passed and the answers of that moment were handled,
 * unless it was stopped before. Calls of all breakers share one timer a duration, where timers last.
 */
export function startTimeout(clock: Clock, duration: number, entry: TimeoutEntry): void {
  queueOf(clock, duration).add(entry)
}

/** The call has ended. */
export function stopTimeout(entry: TimeoutEntry): void {
  entry.queue?.remove(entry)
}

function queueOf(clock: Clock, duration: number): TimeoutQueue {
  const shared = sharedClock(clock)
  if (shared === undefined) return new TimeoutQueue(clock, duration)
  const original = originalClock(shared)
  let durations = queues.get(original)
  if (durations === undefined) {
    durations = new Map()
    queues.set(original, durations)
  }
  let queue = durations.get(duration)
  if (queue === undefined) {
    queue = new TimeoutQueue(shared, duration, durations)
    durations.set(duration, queue)
  }
  return queue
}

/**
 * Calls `expire` after a duration, in the async context of now, for what is not a whole call. Returns
 * a function that stops it.
 */
export function timeLimit(clock: Clock, duration: number, expire: () => void): () => void {
  const entry = new TimeLimit(expire)
  startTimeout(clock, duration, entry)
  return () => entry.stop()
}

class TimeLimit implements TimeoutEntry {
  deadline = 0
  previous: TimeoutEntry | undefined = undefined
  next: TimeoutEntry | undefined = undefined
  queue: TimeoutQueue | undefined = undefined
  expire!: () => void
  #stopped = false

  constructor(expire: () => void) {
    // A reaction runs in the context in which it was attached.
    void new Promise<void>((resolve) => {
      this.expire = resolve
    }).then(() => {
      if (!this.#stopped) expire()
    })
  }

  stop(): void {
    this.#stopped = true
    stopTimeout(this)
  }
}
