import type { Outcome } from '../outcome.ts'
import type { Permit } from '../permit.ts'
import type { ProbesInFlight } from '../probes-in-flight.ts'
import type { Decision, ProbeSettings, Recovery, RecoverySettings } from './recovery.ts'

/** A few probes at a time: it closes once enough have succeeded, and re-opens once too many have not. */
export class Probes implements Recovery {
  successes = 0
  failures = 0
  readonly inFlight: ProbesInFlight
  #settings: ProbeSettings

  constructor(settings: ProbeSettings, inFlight: ProbesInFlight) {
    this.#settings = settings
    this.inFlight = inFlight
  }

  get needed(): number {
    return this.#settings.successes
  }

  get limit(): number {
    return this.#settings.concurrent
  }

  onRejected(): void {}

  settle(_: Permit, outcome: Outcome): Decision {
    if (outcome === 'cancelled') return undefined
    if (outcome === 'failure') this.failures++
    else this.successes++
    const { probes, successes } = this.#settings
    if (this.failures > probes - successes) return 'reopen'
    return this.successes >= successes ? 'close' : undefined
  }

  wait(now: number): number {
    return this.inFlight.firstDue - now
  }

  configure(settings: RecoverySettings): boolean {
    if (settings.kind !== 'probes') return false
    this.#settings = settings
    return true
  }

  clone(rename: (probe: Permit) => Permit): Probes {
    const copy = new Probes(this.#settings, this.inFlight.clone(rename))
    copy.successes = this.successes
    copy.failures = this.failures
    return copy
  }
}
