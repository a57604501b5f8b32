/**
 * For consumers of queues: no job is taken while the circuit that it needs is open.
 *
 * @example
 * import { CircuitBreaker } from 'short-circuit'
 * import { pauseWhileOpen } from 'short-circuit/consumers'
 *
 * const breaker = new CircuitBreaker({ name: 'mail', maxFailures: 3, resetTimeout: 3_000 })
 * let consuming = true
 * const { stop } = pauseWhileOpen(breaker, {
 *   pause: () => (consuming = false),
 *   resume: () => (consuming = true),
 * })
 * breaker.trip()
 * console.assert(!consuming)
 * stop()
 *
 * @module
 */
export { type ConsumerPause, type PauseOptions, pauseWhileOpen } from './pause-while-open.ts'
