/**
 * What breakers do, on the channels of `node:diagnostics_channel`.
 *
 * @example
 * import { subscribe } from 'node:diagnostics_channel'
 * import { CircuitRegistry } from 'short-circuit'
 * import { diagnostics } from 'short-circuit/diagnostics'
 *
 * const circuits = new CircuitRegistry()
 * diagnostics(circuits)
 * const seen: unknown[] = []
 * subscribe('short-circuit:transition', (event) => seen.push(event))
 * circuits.breaker('users').trip()
 * console.assert(seen.length === 1)
 *
 * @module
 */
import { channel } from 'node:diagnostics_channel'
import { checkAdapterOptions } from '../adapter/call-options.ts'
import type { CircuitRegistry, RegistryEvents } from '../index.ts'

/** What {@link diagnostics} takes. */
export interface DiagnosticsOptions {
  /**
   * Also publishes `reject` and `failure`. Listening to failures costs each call the time to measure it,
   * whether anything has subscribed or not.
   * @defaultValue `false`
   */
  readonly calls?: boolean | undefined
}

const RARE = ['transition', 'override', 'evict', 'configure'] as const
const OF_CALLS = ['reject', 'failure'] as const

/**
 * Publishes the events of all breakers of a registry, as its listeners get them, on `short-circuit:transition`,
 * `short-circuit:override`, `short-circuit:evict` and `short-circuit:configure`, for as long as something has
 * subscribed. Calls that pass cost nothing more. Returns what stops it.
 *
 * @throws TypeError for arguments or options that are wrong
 */
export function diagnostics(
  registry: CircuitRegistry,
  options: DiagnosticsOptions = {},
): () => void {
  if (typeof registry?.read !== 'function') {
    throw new TypeError(`diagnostics takes a CircuitRegistry first, got ${typeof registry}`)
  }
  checkAdapterOptions('diagnostics', options, { calls: 'boolean' })
  const names: readonly (keyof RegistryEvents)[] = [
    ...RARE,
    ...(options.calls === true ? OF_CALLS : []),
  ]
  const stops = names.map((name) => {
    const to = channel(`short-circuit:${name}`)
    return registry.on(name, (event) => {
      if (to.hasSubscribers) to.publish(event)
    })
  })
  return () => {
    for (const stop of stops) stop()
  }
}
