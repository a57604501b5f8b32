import { mayBeOverdue } from './due.ts'
import { Memory } from './machine-data.ts'
import type { Permit } from './permit.ts'
import type { Closed } from './state/closed.ts'

/**
 * How nearly every call passes: a closed circuit lets it in and it succeeds, which moves nothing.
 * Whatever may move the circuit is refused here, and left to the machine.
 */
export abstract class Shortcuts extends Memory {
  /**
   * As `admit`, with a permit that was given back, at a closed circuit that nothing moves at
   * this time; false for any other.
   */
  readmit(permit: Permit, reading: number): boolean {
    const { state, settings, tally } = this
    const now = this.timeline.advance(reading)
    if (!this.isCalm(now) || tally.inFlight >= settings.maxConcurrent) return false
    if (settings.openDuration.kind === 'auto') this.rate.look(tally, now)
    tally.admitted++
    permit.renew(state as Closed, now)
    ;(state as Closed).inFlight?.add(permit)
    return true
  }

  /** Counts a call that needs no permit of its own; false when there is no room. */
  enter(): boolean {
    if (this.tally.inFlight >= this.settings.maxConcurrent) return false
    this.tally.admitted++
    return true
  }

  /**
   * A call that {@link enter}ed under `era` has succeeded. False when nothing was taken in, because
   * that needs to know the time: `conclude` it.
   */
  succeed(era: Closed): boolean {
    const { tally } = this
    if (era !== this.state) tally.trouble.stale++
    else {
      if (era.rules !== null && !era.rules.succeed()) return false
      tally.success++
      era.streak = 0
    }
    tally.ended++
    return true
  }

  /** The same for the call that holds this permit; where it is false, `settle` it. */
  succeedWith(permit: Permit): boolean {
    const era = this.state
    // A late success may have been waited for.
    if (permit.era !== era || era.name !== 'closed' || permit.overdue) return false
    const learns = this.learns(era)
    if (this.statistics !== null || (learns && this.baseline.listens)) return false
    if (!permit.held || !this.succeed(era)) return false
    permit.held = false
    era.inFlight?.remove(permit)
    if (learns) this.baseline.pass()
    return true
  }

  /** Whether anybody goes by what is usual for the target. */
  protected learns(era: Closed): boolean {
    return era.inFlight !== null || this.settings.recovery.kind === 'slowStart'
  }

  /** True when the circuit is closed and the passing of time moves nothing: nearly always. */
  protected isCalm(now: number): boolean {
    const { state } = this
    return (
      state.name === 'closed' &&
      this.override === undefined &&
      this.orphans.length === 0 &&
      !mayBeOverdue(state, now)
    )
  }
}
