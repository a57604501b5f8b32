import type { Outcome } from '../outcome.ts'
import type { Permit } from '../permit.ts'

/** How a half-open circuit decides. */
export interface ProbeSettings {
  /** That many successes in a row close the circuit. */
  readonly probes: number
  /** At most that many probes at once. */
  readonly concurrent: number
  /** A probe is given up after that many ms. */
  readonly timeout: number
}

/** The probes of one half-open state: a limited number at a time, every one with a deadline. */
export class Probes {
  successes = 0
  readonly outstanding: Permit[] = []

  admits(settings: ProbeSettings): boolean {
    return this.outstanding.length < settings.concurrent
  }

  grant(permit: Permit): void {
    this.outstanding.push(permit)
  }

  /** The probe that is given up first, or `undefined` when none is outstanding. */
  get first(): Permit | undefined {
    let first: Permit | undefined
    for (const permit of this.outstanding) {
      if (first === undefined || permit.deadline < first.deadline) first = permit
    }
    return first
  }

  /** Takes a probe back and says what follows from it. */
  settle(
    permit: Permit,
    outcome: Outcome,
    settings: ProbeSettings,
  ): 'close' | 'reopen' | undefined {
    this.outstanding.splice(this.outstanding.indexOf(permit), 1)
    if (outcome === 'failure') return 'reopen'
    if (outcome === 'cancelled') return undefined
    this.successes++
    return this.successes >= settings.probes ? 'close' : undefined
  }
}
