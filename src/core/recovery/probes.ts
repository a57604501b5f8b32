import type { Outcome } from '../outcome.ts'
import type { Permit } from '../permit.ts'
import type { ProbesInFlight } from '../probes-in-flight.ts'
import type { Decision, ProbeSettings, Recovery, RecoverySettings } from './recovery.ts'

/** A few probes at a time: enough successes close, the first failure re-opens. */
export class Probes implements Recovery {
  successes = 0
  readonly inFlight: ProbesInFlight
  #settings: ProbeSettings

  constructor(settings: ProbeSettings, inFlight: ProbesInFlight) {
    this.#settings = settings
    this.inFlight = inFlight
  }

  get needed(): number {
    return this.#settings.probes
  }

  get limit(): number {
    return this.#settings.concurrent
  }

  onRejected(): void {}

  settle(_: Permit, outcome: Outcome): Decision {
    if (outcome === 'failure') return 'reopen'
    if (outcome === 'cancelled') return undefined
    this.successes++
    return this.successes >= this.needed ? 'close' : undefined
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
    return copy
  }
}
