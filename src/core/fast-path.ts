import { mayBeOverdue } from './due.ts'
import { MachineData } from './machine-data.ts'
import type { Permit } from './permit.ts'
import type { Closed } from './state/closed.ts'

/**
 * How nearly every call passes: a closed circuit lets it in and it succeeds, which moves nothing.
 * Whatever may move the circuit is refused here, and left to the machine.
 */
export abstract class Shortcuts extends MachineData {
  /**
   * As `admit`, with a permit that was given back, at a closed circuit that nothing moves at
   * this time; false for any other.
   */
  readmit(permit: Permit, clockTime: number): boolean {
    const { state, settings, counters } = this
    const now = this.time.advance(clockTime)
    if (!this.nothingDue(now) || counters.inFlight >= settings.maxConcurrent) return false
    if (settings.openDuration.kind === 'auto') this.rate.sampleIfDue(counters, now)
    counters.admitted++
    permit.renew(state as Closed, now)
    ;(state as Closed).inFlight?.add(permit)
    return true
  }

  /** Counts a call that needs no permit of its own; false when there is no room. */
  enter(): boolean {
    if (this.counters.inFlight >= this.settings.maxConcurrent) return false
    this.counters.admitted++
    return true
  }

  /**
   * A call that {@link enter}ed under `era` has succeeded. False when nothing was taken in, because
   * that needs to know the time: `conclude` it.
   */
  succeed(state: Closed): boolean {
    const { counters } = this
    if (state !== this.state) counters.rare.stale++
    else {
      if (state.rules !== null && !state.rules.succeed()) return false
      counters.success++
      state.consecutiveFailures = 0
    }
    counters.ended++
    return true
  }

  /** The same for the call that holds this permit; where it is false, `settle` it. */
  succeedWith(permit: Permit): boolean {
    const state = this.state
    // A late success may have been waited for.
    if (permit.state !== state || state.name !== 'closed' || permit.overdue) return false
    const learns = this.learns(state)
    if (this.statistics !== null || (learns && this.baseline.wantsSample)) return false
    if (!permit.open || !this.succeed(state)) return false
    permit.open = false
    state.inFlight?.remove(permit)
    if (learns) this.baseline.skipSample()
    return true
  }

  /** Whether anybody goes by what is usual for the target. */
  protected learns(state: Closed): boolean {
    return state.inFlight !== null || this.settings.recovery.kind === 'slowStart'
  }

  /** True when the circuit is closed and the passing of time moves nothing: nearly always. */
  protected nothingDue(now: number): boolean {
    const { state } = this
    return (
      state.name === 'closed' &&
      this.override === undefined &&
      this.detachedProbes.length === 0 &&
      !mayBeOverdue(state, now)
    )
  }
}
