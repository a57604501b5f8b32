import type { FleetCounts, Register, Registers } from '../../../src/fleet/index.ts'
import { agrees, type Event, sinceOf } from './history.ts'

/** What a history is judged by. */
export interface Rules {
  /** Probes in flight at once, in the whole fleet. */
  readonly probes: number
  /** How long a lease lasts, ms. */
  readonly leaseMs: number
  /** How many processes must have failed before the fleet opens. */
  readonly minReporters: number
}

type Of<K extends Event['kind']> = Extract<Event, { readonly kind: K }>

/** Everything in which a history breaks what a fleet promises; empty if it keeps it all. */
export function violations(history: readonly Event[], rules: Rules): string[] {
  const judge = new Judge(
    [...history].sort((a, b) => a.at - b.at),
    rules,
  )
  return judge.run()
}

class Judge {
  readonly #events: readonly Event[]
  readonly #rules: Rules
  readonly #found: string[] = []

  constructor(events: readonly Event[], rules: Rules) {
    this.#events = events
    this.#rules = rules
  }

  run(): string[] {
    this.#callers()
    this.#stamps()
    this.#contents()
    this.#leases()
    this.#counts()
    this.#openings()
    for (const rest of this.#rests()) {
      this.#overrides(rest)
      this.#agreement(rest)
    }
    return this.#found
  }

  #of<K extends Event['kind']>(...kinds: readonly K[]): Of<K>[] {
    return this.#events.filter((event) =>
      (kinds as readonly string[]).includes(event.kind),
    ) as Of<K>[]
  }

  #complain(what: string, ...about: readonly unknown[]): void {
    this.#found.push([what, ...about.map((it) => JSON.stringify(it))].join(' '))
  }

  /** They see the upstream and the breaker, never the store; and only one that wants to probe waits for it. */
  #callers(): void {
    const waitedUntil = new Map<string, number>()
    const calls = this.#of('call').sort((a, b) => a.beganAt - b.beganAt)
    for (const call of calls) {
      if (call.outcome === 'error') this.#complain('a caller saw', call.error, call)
      if (call.waitedUntil === undefined) continue
      if (call.view.state === 'closed') this.#complain('a call waited for the store', call)
      const { beganAt, process } = call
      if (beganAt < (waitedUntil.get(process) ?? 0))
        this.#complain('two calls waited at once', call)
      waitedUntil.set(process, call.waitedUntil)
    }
    for (const event of this.#of('trouble', 'ended')) {
      this.#complain(`${event.process} has trouble:`, event)
    }
  }

  /** What a process holds is never older than what it held. */
  #stamps(): void {
    const held = new Map<string, Registers>()
    for (const { process, known, at } of this.#of('ask')) {
      const before = held.get(process) ?? known
      for (const register of ['automatic', 'override'] as const) {
        if (known[register].stamp < before[register].stamp) {
          this.#complain(`${process} went back at ${at}:`, before[register], known[register])
        }
      }
      held.set(process, known)
    }
  }

  /** A stamp names one content, wherever it is seen. */
  #contents(): void {
    const contents = new Map<string, string>()
    for (const { automatic, override } of this.#seen()) {
      for (const [name, register] of Object.entries({ automatic, override })) {
        const key = `${name} ${register.stamp}`
        const content = JSON.stringify(register)
        const before = contents.get(key) ?? content
        if (before !== content) this.#complain('one stamp has two contents:', before, content)
        contents.set(key, content)
      }
    }
  }

  #seen(): Registers[] {
    const known = this.#of('ask').map((event) => event.known)
    return [...known, ...this.#of('answer', 'push', 'store').map((event) => event.registers)]
  }

  /**
   * Never more leases than probes, plus as many again for each time that the store has lost its data meanwhile. A
   * lease is counted for a time in which it certainly lasted: from when its process knew of it, to a
   * lease time after it was asked for or renewed, or until its end was reported or the state of the fleet changed.
   */
  #leases(): void {
    const { probes } = this.#rules
    const leases = this.#grants()
    const losses = this.#of('lost data')
    for (const { from, lease } of leases) {
      const valid = leases.filter((other) => other.from <= from && other.to > from)
      const earliest = Math.min(...valid.map((other) => other.from))
      const lost = losses.filter(({ since, at }) => at >= earliest && since <= from).length
      if (valid.length > probes * (1 + lost)) {
        this.#complain(
          `${valid.length} leases at ${from}, and data lost ${lost} times:`,
          lease,
          valid,
        )
      }
    }
    this.#probes(leases)
  }

  #grants(): Grant[] {
    const asks = this.#of('ask')
    const answers = new Map<string, Of<'answer'>>()
    for (const answer of this.#of('answer')) answers.set(`${answer.process} ${answer.n}`, answer)
    const grants: Grant[] = []
    for (const { process, n, lease, at: askedAt } of asks) {
      const answer = answers.get(`${process} ${n}`)
      if (lease === undefined || !answer?.granted) continue
      const later = asks.filter((ask) => ask.process === process && ask.at >= askedAt)
      let to = askedAt + this.#rules.leaseMs
      for (const renewal of later.filter((ask) => ask.renew === lease)) {
        const renewed = answers.get(`${process} ${renewal.n}`)
        const inTime = renewed !== undefined && renewed.refused === undefined && renewed.at < to
        if (inTime) to = renewal.at + this.#rules.leaseMs
      }
      const reported = later.find((ask) => ask.result === lease)?.at ?? Infinity
      const over = this.#verdictAfter(answer.registers.automatic.stamp)
      grants.push({ process, lease, from: answer.at, to: Math.min(to, reported, over) })
    }
    return grants
  }

  /** When the fleet was first heard to have left a half-open state for good; a store that forgot it does not count. */
  #verdictAfter(stamp: number): number {
    const heard = this.#of('answer', 'push').find(
      ({ registers: { automatic } }) =>
        automatic.stamp > stamp && !['restored', 'elapsed'].includes(automatic.reason),
    )
    return heard?.at ?? Infinity
  }

  /** Each probe that the fleet decides on has a lease of the process that sends it, and no lease has two. */
  #probes(grants: readonly Grant[]): void {
    const used = new Set<string>()
    for (const probe of this.#of('probe')) {
      const { lease, view, process } = probe
      if (view.decides !== 'fleet') continue
      const granted = grants.some((grant) => grant.lease === lease && grant.process === process)
      if (lease === undefined || !granted) this.#complain('a probe without a lease:', probe)
      else if (used.has(lease)) this.#complain('two probes with one lease:', probe)
      else used.add(lease)
    }
  }

  /** What is reported has happened, in the generation that it is reported for; what is counted was reported. */
  #counts(): void {
    const happened = new Map<string, number>()
    const reported = new Map<string, number>()
    const reportedToAll = new Map<number, number>()
    const add = <K>(to: Map<K, number>, key: K, n: number): number => {
      const sum = (to.get(key) ?? 0) + n
      to.set(key, sum)
      return sum
    }
    for (const event of this.#of('call', 'ask', 'answer')) {
      const { process } = event
      if (event.kind === 'call') {
        const counts = event.outcome === 'success' || event.outcome === 'failure'
        if (counts) add(happened, `${process} ${event.admitted?.since}`, 1)
      } else if (event.kind === 'ask') {
        const { stamp, state } = event.known.automatic
        // Nothing is counted while the fleet is not closed.
        if (state !== 'closed') continue
        const n = totalOf(event.report)
        const key = `${process} ${sinceOf(stamp)}`
        const sum = add(reported, key, n)
        add(reportedToAll, stamp, n)
        const most = happened.get(key) ?? 0
        if (sum > most) this.#complain(`${sum} calls reported of ${most}:`, event)
      } else {
        const { stamp, state } = event.registers.automatic
        // Otherwise they are those of the generation before.
        if (state !== 'closed') continue
        const most = reportedToAll.get(stamp) ?? 0
        const counted = totalOf(event.fleet)
        if (counted > most) this.#complain(`${counted} calls counted of ${most} reported:`, event)
      }
    }
  }

  /** One process alone does not open the fleet. */
  #openings(): void {
    const openings = new Map<number, Register>()
    for (const { automatic } of this.#seen()) {
      if (['failureRate', 'slowCallRate'].includes(automatic.reason))
        openings.set(automatic.stamp, automatic)
    }
    for (const opening of openings.values()) {
      const failing = new Set<string>()
      for (const { process, known, report } of this.#of('ask')) {
        const isBefore = known.automatic.stamp < opening.stamp && known.automatic.state === 'closed'
        if (isBefore && (report?.failure ?? 0) + (report?.slow ?? 0) > 0) failing.add(process)
      }
      if (failing.size < this.#rules.minReporters) {
        this.#complain('opened by too few processes:', [...failing], opening)
      }
    }
  }

  /** What the store has once confirmed of an override is not undone by what is older. */
  #overrides({ store }: Rest): void {
    const latest = confirmedOverride(this.#events.filter(({ at }) => at <= store.at))
    const { override } = store.registers
    if (override.stamp < latest) this.#complain('an override is lost:', latest, override)
  }

  /** At rest, all processes have heard what the store has, and do what it says. */
  #agreement({ store, finals }: Rest): void {
    const { automatic, override } = store.registers
    for (const { process, view } of finals) {
      if (!agrees(view, store.registers)) {
        this.#complain(`${process} disagrees with the store:`, view, automatic, override)
      }
      const follows = (view.state === 'closed') === (automatic.state === 'closed')
      if (view.decides === 'fleet' && view.override === null && !follows) {
        this.#complain(`${process} does not follow the fleet:`, view, automatic)
      }
    }
  }

  /** Each time that everything has come to rest. */
  *#rests(): IterableIterator<Rest> {
    let after = Number.NEGATIVE_INFINITY
    for (const store of this.#of('store')) {
      const finals = this.#of('final').filter(({ at }) => at > after && at <= store.at)
      yield { store, finals }
      after = store.at
    }
  }
}

/** The stamp of the newest override of which the store has told the process that set it that it is set. */
export function confirmedOverride(history: readonly Event[]): number {
  const asks = new Set<string>()
  for (const event of history) {
    if (event.kind === 'ask' && event.command !== undefined) asks.add(`${event.process} ${event.n}`)
  }
  const stamps = history.map((event) => {
    const isOne = event.kind === 'answer' && asks.has(`${event.process} ${event.n}`)
    return isOne && event.refused === undefined ? event.registers.override.stamp : 0
  })
  return Math.max(0, ...stamps)
}

/** What the processes and the store have in the end. */
interface Rest {
  readonly store: Of<'store'>
  readonly finals: readonly Of<'final'>[]
}

interface Grant {
  readonly process: string
  readonly lease: string
  readonly from: number
  readonly to: number
}

function totalOf(counts: FleetCounts | undefined): number {
  return (counts?.success ?? 0) + (counts?.failure ?? 0)
}
