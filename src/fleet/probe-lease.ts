import type { FleetMember } from '../index.ts'
import type { Link } from './link.ts'
import type { Answer, Ask, FleetPolicy } from './store.ts'

type LeasedProbes = NonNullable<ReturnType<FleetMember['machine']['leasedProbes']>>
type Result = NonNullable<Ask['result']>

/** A lease that is asked for. */
interface Request {
  readonly lease: string
  /** Lets the call go on that waits for the answer. */
  readonly resolve: () => void
}

/** The lease of a probe: one breaker asks for one at a time, holds it while its probe runs, and says how it ended. */
export class ProbeLease {
  readonly #breaker: FleetMember
  readonly #link: Link
  readonly #policy: () => FleetPolicy
  #request: Request | undefined
  /** The lease that there is, until its probe has ended. */
  #lease: { readonly id: string; readonly probes: LeasedProbes; renewedAt: number } | undefined
  /** Said again until it is heard: that a lease ended is so however often it is said. */
  #result: Result | undefined
  /** How long to keep a lease that no call takes, ms: twice as long after each that was given back. */
  #keepFor: number
  #stopKeeping: (() => void) | undefined
  #counter = 0

  constructor(breaker: FleetMember, link: Link, policy: () => FleetPolicy) {
    this.#breaker = breaker
    this.#link = link
    this.#policy = policy
    this.#keepFor = policy().leaseMs
  }

  /** Undefined if there is no lease to be asked for; then the call finds out by itself whether it passes. */
  ask(clockTime: number): Promise<void> | undefined {
    if (this.#request !== undefined || this.#result !== undefined) return undefined
    const { machine } = this.#breaker
    const { state } = machine
    if (state.name === 'closed' || !state.fleet) return undefined
    const probes = machine.leasedProbes(clockTime)
    if (!probes?.needsLease(machine.now(clockTime))) return undefined
    const lease = `${this.#link.process}.${++this.#counter}.${this.#link.draw(1e9)}`
    this.#link.soon(0)
    // For two deadlines at most: that of the exchange that goes on, and its own. A failure ends it, too.
    return new Promise((resolve) => {
      this.#request = { lease, resolve }
    })
  }

  /** The breaker has changed: perhaps the probe has ended. */
  look(): void {
    if (this.#lease === undefined) return
    const { probes } = this.#lease
    const { ended } = probes
    if (ended !== undefined) {
      probes.ended = undefined
      this.#keepFor = this.#policy().leaseMs
      this.#finish(ended === 'cancelled' ? 'none' : ended === 'failure' ? 'failure' : 'success')
    } else if (this.#isOver(probes)) this.#finish('none')
  }

  /** Its probe ends elsewhere, if there is one: an override has come, or the breaker was moved by hand. */
  #isOver(probes: LeasedProbes): boolean {
    const { state, override, detachedProbes } = this.#breaker.machine
    const isThere = state.name === 'half-open' && state.recovery === probes
    const inFlight = isThere ? probes.inFlight : detachedProbes
    return (override !== undefined || !isThere) && !inFlight?.size
  }

  #finish(outcome: Result['outcome']): void {
    if (this.#lease === undefined) return
    const { id, probes } = this.#lease
    probes.leased = false
    this.forget()
    this.#giveBack(id, outcome)
  }

  #giveBack(lease: string, outcome: Result['outcome']): void {
    this.#result = { lease, outcome }
    this.#link.soon(0)
  }

  /** The parts of an ask that are about leases; undefined if there are none. */
  say(): Pick<Ask, 'lease' | 'renew' | 'result'> | undefined {
    const { machine, clock } = this.#breaker
    // A probe that hangs ends by time alone.
    if (this.#lease !== undefined) machine.leasedProbes(clock.now())
    this.look()
    const result = this.#result
    const lease = this.#request?.lease
    const renew = this.#dueLease()
    return (result ?? renew ?? lease) === undefined ? undefined : { result, renew, lease }
  }

  #dueLease(): string | undefined {
    const lease = this.#lease
    const now = this.#link.now()
    if (lease === undefined || now - lease.renewedAt < this.#policy().leaseMs / 3) return undefined
    lease.renewedAt = now
    return lease.id
  }

  take({ granted, retryMs = 0, refused }: Answer, { lease, result }: Ask): void {
    if (result !== undefined && result === this.#result) this.#result = undefined
    if (lease === undefined || lease !== this.#request?.lease) return
    const { resolve } = this.#request
    const { machine, clock } = this.#breaker
    const reading = clock.now()
    const probes = machine.leasedProbes(reading)
    this.#request = undefined
    if (granted && refused === undefined) {
      if (probes !== undefined) this.#keep(lease, probes)
      else this.#giveBack(lease, 'none')
    } else if (probes !== undefined) probes.askAt = machine.now(reading) + retryMs
    resolve()
    this.#breaker.flush()
  }

  #keep(id: string, probes: LeasedProbes): void {
    this.#lease = { id, probes, renewedAt: this.#link.now() }
    probes.leased = true
    this.#stopKeeping = this.#link.setTimer(this.#keepFor, () => {
      if (!probes.leased || probes.inFlight.size > 0) return
      // Otherwise a breaker that is called less often than that would never have a probe.
      this.#keepFor *= 2
      this.#finish('none')
    })
  }

  /** There is another state of the fleet: the lease of the one before is over. */
  forget(): void {
    this.#stopKeeping?.()
    this.#stopKeeping = undefined
    this.#lease = undefined
  }

  /** The store can't be reached. */
  lose(): void {
    this.forget()
    this.#request?.resolve()
    this.#request = this.#result = undefined
  }

  giveBack(): void {
    this.#finish('none')
  }
}
