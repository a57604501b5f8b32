import { type Permit, PermitList } from './permit.ts'

/**
 * Probes that have not ended. There may be thousands, and every call asks whether one is due, so they
 * are kept in lists whose first permit began first, is due first and expires first: one list for each
 * time limit in use, which are those of calls with and without a timer of their own.
 */
export class ProbesInFlight {
  #lists: readonly ProbeList[] = []

  get size(): number {
    return this.#sum('size')
  }

  /** Those that take a slot: they have not delivered anything yet. */
  get waiting(): number {
    return this.#sum('size') - this.#sum('delivered')
  }

  #sum(what: 'size' | 'delivered'): number {
    let sum = 0
    for (const list of this.#lists) sum += list[what]
    return sum
  }

  add(probe: Permit): void {
    let list = this.#lists.find((list) => list.fits(probe))
    if (list === undefined) {
      list = new ProbeList()
      // Those of limits that are not in use any more go.
      this.#lists = [...this.#lists.filter(({ size }) => size > 0), list]
    }
    list.add(probe)
  }

  get oldestWaiting(): Permit | undefined {
    return least(this.#lists, (list) => list.firstWaiting, 'startedAt')
  }

  /** When the next one that waits must have ended; `Infinity` for none. */
  get firstDue(): number {
    return least(this.#lists, (list) => list.firstWaiting, 'due')?.due ?? Infinity
  }

  /** The first deadline that has passed; `Infinity` for none. */
  firstDeadline(now: number): number {
    return this.#firstExpired(now)?.deadline ?? Infinity
  }

  /** Removes the probe that expired first and returns it. */
  takeExpired(now: number): Permit | undefined {
    const probe = this.#firstExpired(now)
    probe?.list?.remove(probe)
    return probe
  }

  #firstExpired(now: number): Permit | undefined {
    return least(this.#lists, (list) => list.firstExpired(now), 'deadline')
  }

  /** Takes over all probes of another one. */
  takeFrom(others: ProbesInFlight): void {
    for (;;) {
      const probe = least(others.#lists, ({ first }) => first, 'startedAt')
      if (probe === undefined) return
      probe.list?.remove(probe)
      this.add(probe)
    }
  }

  *[Symbol.iterator](): IterableIterator<Permit> {
    for (const { first } of this.#lists) {
      for (let probe = first; probe !== undefined; probe = probe.next) yield probe
    }
  }

  clone(rename: (probe: Permit) => Permit): ProbesInFlight {
    const copy = new ProbesInFlight()
    copy.#lists = this.#lists.map((list) => list.clone(rename))
    return copy
  }
}

/** Those of a machine, kept from the first one on. */
export function detachedOf(data: { detachedProbes: ProbesInFlight | undefined }): ProbesInFlight {
  data.detachedProbes ??= new ProbesInFlight()
  return data.detachedProbes
}

function least(
  lists: readonly ProbeList[],
  candidate: (list: ProbeList) => Permit | undefined,
  time: 'deadline' | 'due' | 'startedAt',
): Permit | undefined {
  let least: Permit | undefined
  for (const list of lists) {
    const probe = candidate(list)
    if (probe !== undefined && !(least !== undefined && least[time] <= probe[time])) least = probe
  }
  return least
}

/** Takes their permits from those of them that have reached their deadlines. */
export function expireDetached(
  {
    detachedProbes: probes,
    counters,
  }: {
    readonly detachedProbes: ProbesInFlight | undefined
    readonly counters: { expire(probe: Permit): void }
  },
  now: number,
): void {
  for (let probe = probes?.takeExpired(now); probe; probe = probes?.takeExpired(now)) {
    counters.expire(probe)
  }
}

/** Permits that began, are due and expire in this order, but for those that have delivered. */
class ProbeList extends PermitList {
  /** The deadline of the last one when it was added: a delivery makes it earlier. */
  #lastDeadline = Number.NEGATIVE_INFINITY
  /** None before it waits. */
  #waiting: Permit | undefined = undefined

  override add(probe: Permit): void {
    super.add(probe)
    this.#lastDeadline = probe.deadline
    this.#waiting ??= probe
  }

  override remove(probe: Permit): void {
    if (probe === this.#waiting) this.#waiting = probe.next
    super.remove(probe)
  }

  /** True for a probe that may be the last one. */
  fits({ startedAt, due, deadline }: Permit): boolean {
    const { last } = this
    if (last === undefined) return true
    return last.startedAt <= startedAt && last.due <= due && this.#lastDeadline <= deadline
  }

  get firstWaiting(): Permit | undefined {
    while (this.#waiting?.delivered) this.#waiting = this.#waiting.next
    return this.#waiting
  }

  firstExpired(now: number): Permit | undefined {
    let first: Permit | undefined
    for (let probe = this.first; probe !== undefined && probe.due <= now; probe = probe.next) {
      const { deadline } = probe
      if (deadline <= now && !(first !== undefined && first.deadline <= deadline)) first = probe
      // Without deliveries, the first expires first.
      if (this.delivered === 0) break
    }
    return first
  }

  clone(rename: (probe: Permit) => Permit): ProbeList {
    const copy = this.copyTo(new ProbeList(), rename)
    copy.#lastDeadline = this.#lastDeadline
    return copy
  }
}
