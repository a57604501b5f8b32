/**
 * What tests of code with circuit breakers need: time that moves by hand.
 *
 * @example
 * import { ManualClock } from 'short-circuit/testing'
 *
 * const clock = new ManualClock()
 * await clock.advance(1_000)
 * console.assert(clock.now() === 1_000)
 *
 * @module
 */
export { ManualClock } from './manual-clock.ts'
