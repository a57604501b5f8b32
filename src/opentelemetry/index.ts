/**
 * The breakers of a registry in OpenTelemetry: metrics that are read when they are collected, and events on
 * the spans of calls.
 *
 * @example
 * import { CircuitRegistry } from 'short-circuit'
 * import { openTelemetry } from 'short-circuit/opentelemetry'
 *
 * const circuits = new CircuitRegistry()
 * const stop = openTelemetry(circuits) // once the SDK has started
 * await circuits.breaker('users').run(async () => 'answer')
 * stop()
 *
 * @module
 */
export { type CallDurations, callDurations } from './call-durations.ts'
export { type OpenTelemetryOptions, openTelemetry } from './observe.ts'
