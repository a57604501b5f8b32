/** How far back a rate looks: the last so many calls, or the calls of the last so many ms. */
export type WindowSettings = { readonly calls: number } | { readonly duration: number }

/** The calls of a window, and how many of them were hits. */
export interface Window {
  /** As of the last record. */
  readonly hits: number
  readonly calls: number
  /** Whether calls leave it as time passes. */
  readonly timed: boolean
  record(hit: boolean, now: number): void
  /** As of now, without calls that have become too old. Reading does not change it. */
  read(now: number): { readonly hits: number; readonly calls: number }
  clone(): Window
  save(now: number): SavedWindow
}

/** A window as plain data: calls oldest first, or slices with the age of their beginning. */
export type SavedWindow =
  | { readonly flags: readonly (0 | 1)[] }
  | { readonly slices: readonly (readonly [age: number, hits: number, calls: number])[] }

export function createWindow(settings: WindowSettings): Window {
  return 'calls' in settings ? new CountWindow(settings.calls) : new TimeWindow(settings.duration)
}

/** Continues from saved data. What is of the other kind, or does not fit any more, is left out. */
export function restoreWindow(settings: WindowSettings, saved: SavedWindow, now: number): Window {
  const window = createWindow(settings)
  if (window instanceof CountWindow && 'flags' in saved) {
    for (const flag of saved.flags) window.record(flag === 1)
  }
  if (window instanceof TimeWindow && 'slices' in saved) window.restore(saved.slices, now)
  return window
}

/** So many that every engine keeps them in a small integer. */
const BITS = 30

/** The last n calls, one bit each. Not in a typed array: an empty one takes 200 bytes. */
class CountWindow implements Window {
  hits = 0
  calls = 0
  readonly #size: number
  /** Where the next call goes: its number, word and bit. */
  #next = 0
  #word = 0
  #bit = 1
  #words: number[]

  constructor(size: number) {
    this.#size = size
    this.#words = new Array<number>(Math.ceil(size / BITS)).fill(0)
  }

  get timed(): boolean {
    return false
  }

  record(hit: boolean): void {
    const old = this.#words[this.#word] as number
    if (this.calls < this.#size) this.calls++
    else if ((old & this.#bit) !== 0) this.hits--
    this.#words[this.#word] = hit ? old | this.#bit : old & ~this.#bit
    if (hit) this.hits++
    this.#advance()
  }

  #advance(): void {
    this.#next++
    this.#bit <<= 1
    if (this.#next === this.#size) {
      this.#next = 0
      this.#word = 0
      this.#bit = 1
    } else if (this.#bit === 1 << BITS) {
      this.#word++
      this.#bit = 1
    }
  }

  read(): { hits: number; calls: number } {
    return { hits: this.hits, calls: this.calls }
  }

  clone(): CountWindow {
    const copy = new CountWindow(this.#size)
    copy.hits = this.hits
    copy.calls = this.calls
    copy.#next = this.#next
    copy.#word = this.#word
    copy.#bit = this.#bit
    copy.#words = this.#words.slice()
    return copy
  }

  save(): SavedWindow {
    const flags: (0 | 1)[] = []
    for (let i = this.calls; i > 0; i--) {
      const at = (this.#next - i + this.#size) % this.#size
      const word = this.#words[Math.floor(at / BITS)] as number
      flags.push(((word >>> (at % BITS)) & 1) as 0 | 1)
    }
    return { flags }
  }
}

/** A time window is kept in that many slices: a call leaves it with its slice. */
const SLICES = 10

/** The calls of the last `duration` ms, to a tenth of it. */
class TimeWindow implements Window {
  hits = 0
  calls = 0
  readonly #width: number
  /** Slices begin at whole multiples of their width from here. */
  #origin = 0
  /** Number of the newest slice since then, where it is kept, and when it ends. */
  #newest = Number.NEGATIVE_INFINITY
  #at = 0
  #until = Number.NEGATIVE_INFINITY
  readonly #hits = new Array<number>(SLICES).fill(0)
  readonly #calls = new Array<number>(SLICES).fill(0)

  constructor(duration: number) {
    this.#width = duration / SLICES
  }

  get timed(): boolean {
    return true
  }

  record(hit: boolean, now: number): void {
    if (now >= this.#until) this.#age(now)
    this.calls++
    ;(this.#calls[this.#at] as number)++
    if (!hit) return
    this.hits++
    ;(this.#hits[this.#at] as number)++
  }

  read(now: number): { hits: number; calls: number } {
    if (now < this.#until) return { hits: this.hits, calls: this.calls }
    const sum = { hits: 0, calls: 0 }
    for (const slice of this.#live(now)) {
      sum.hits += this.#hits[position(slice)] as number
      sum.calls += this.#calls[position(slice)] as number
    }
    return sum
  }

  #sliceOf(now: number): number {
    return Math.floor((now - this.#origin) / this.#width)
  }

  /** The slices that are not too old. */
  #live(now: number): number[] {
    const oldest = this.#sliceOf(now) - SLICES + 1
    const live: number[] = []
    for (let i = SLICES - 1; i >= 0; i--) {
      if (this.#newest - i >= oldest) live.push(this.#newest - i)
    }
    return live
  }

  #age(now: number): void {
    const slice = this.#sliceOf(now)
    const turns = Math.min(slice - this.#newest, SLICES)
    for (let i = 0; i < turns; i++) {
      const at = position(slice - i)
      this.hits -= this.#hits[at] as number
      this.calls -= this.#calls[at] as number
      this.#hits[at] = this.#calls[at] = 0
    }
    this.#begin(slice)
  }

  #begin(slice: number): void {
    this.#newest = slice
    this.#at = position(slice)
    this.#until = this.#origin + (slice + 1) * this.#width
  }

  #add(slice: number, hits: number, calls: number): void {
    const at = position(slice)
    ;(this.#hits[at] as number) += hits
    ;(this.#calls[at] as number) += calls
    this.hits += hits
    this.calls += calls
  }

  clone(): TimeWindow {
    const copy = new TimeWindow(this.#width * SLICES)
    copy.#origin = this.#origin
    copy.#begin(this.#newest)
    for (let i = 0; i < SLICES; i++) {
      copy.#hits[i] = this.#hits[i] as number
      copy.#calls[i] = this.#calls[i] as number
    }
    copy.hits = this.hits
    copy.calls = this.calls
    return copy
  }

  save(now: number): SavedWindow {
    const slices: [number, number, number][] = []
    for (const slice of this.#live(now)) {
      const calls = this.#calls[position(slice)] as number
      const hits = this.#hits[position(slice)] as number
      if (calls > 0) slices.push([now - this.#origin - slice * this.#width, hits, calls])
    }
    return { slices }
  }

  restore(slices: readonly (readonly [number, number, number])[], now: number): void {
    const newest = slices.at(-1)
    // The borders stay where they were, or each saving would make the calls older.
    if (newest !== undefined) this.#origin = now - newest[0]
    this.#age(now)
    for (const [age, hits, calls] of slices) {
      // By its middle: borders don't survive arithmetic to the last bit.
      const slice = this.#sliceOf(now - age + this.#width / 2)
      if (slice > this.#newest - SLICES) this.#add(Math.min(slice, this.#newest), hits, calls)
    }
  }
}

/** Slices before time 0 exist too: a restored window is older than its machine. */
function position(slice: number): number {
  return ((slice % SLICES) + SLICES) % SLICES
}
