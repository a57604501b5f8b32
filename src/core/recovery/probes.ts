import type { Outcome } from '../outcome.ts'
import type { Permit } from '../permit.ts'
import {
  type Decision,
  firstDue,
  type ProbeSettings,
  ProbesInFlight,
  type Recovery,
  type RecoverySettings,
} from './recovery.ts'

/** A few probes at a time: enough successes close, the first failure re-opens. */
export class Probes extends ProbesInFlight implements Recovery {
  #settings: ProbeSettings

  constructor(settings: ProbeSettings) {
    super()
    this.#settings = settings
  }

  get needed(): number {
    return this.#settings.probes
  }

  get limit(): number {
    return this.#settings.concurrent
  }

  onRejected(): void {}

  settle(probe: Permit, outcome: Outcome): Decision {
    this.take(probe)
    if (outcome === 'failure') return 'reopen'
    if (outcome === 'cancelled') return undefined
    this.successes++
    return this.successes >= this.needed ? 'close' : undefined
  }

  wait(now: number): number {
    return firstDue(this.waiting) - now
  }

  configure(settings: RecoverySettings): boolean {
    if (settings.kind !== 'probes') return false
    this.#settings = settings
    return true
  }

  clone(rename: (probe: Permit) => Permit): Probes {
    return this.copyTo(new Probes(this.#settings), rename)
  }
}
