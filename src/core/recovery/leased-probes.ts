import type { Outcome } from '../outcome.ts'
import type { Permit } from '../permit.ts'
import type { ProbesInFlight } from '../probes-in-flight.ts'
import type { Recovery } from './recovery.ts'

/**
 * The probes of a fleet that is half-open: each needs a lease, one at a time here, and what follows from how it
 * ends is decided by the fleet.
 */
export class LeasedProbes implements Recovery {
  successes = 0
  failures = 0
  readonly needed = 1
  readonly inFlight: ProbesInFlight
  /** True while there is a lease; its probe may be in flight. */
  leased = false
  /** When to ask for a lease again, after one was not granted. */
  askAt = 0
  /** How the last probe ended, until that is reported. */
  ended: Outcome | undefined = undefined

  constructor(inFlight: ProbesInFlight) {
    this.inFlight = inFlight
  }

  get limit(): number {
    // One that has delivered a part of its answer still has the lease.
    return this.leased && this.inFlight.size === 0 ? 1 : this.inFlight.waiting
  }

  /** True when the next call must ask for a lease first. */
  needsLease(now: number): boolean {
    return !this.leased && this.ended === undefined && now >= this.askAt
  }

  onRejected(): void {}

  settle(_: Permit, outcome: Outcome): undefined {
    this.leased = false
    this.ended = outcome
  }

  wait(now: number): number {
    return this.leased ? this.inFlight.firstDue - now : Math.max(0, this.askAt - now)
  }

  configure(): true {
    return true
  }

  clone(rename: (probe: Permit) => Permit): LeasedProbes {
    return Object.assign(new LeasedProbes(this.inFlight.clone(rename)), {
      leased: this.leased,
      askAt: this.askAt,
      ended: this.ended,
    })
  }
}
