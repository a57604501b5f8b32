import type { CircuitFactory } from '../circuit/circuit-factory.ts'
import { type ConfigureResult, configure } from '../circuit/configure.ts'
import type { LazyCircuit } from '../circuit/lazy-circuit.ts'
import { areEqual } from '../options/compare-options.ts'
import type { ConfigurePatch } from '../options.ts'
import { RegistryCircuitFactory } from './configuration.ts'

/** True when the breaker can't be told from one that is created now. */
export function isUnused({ existing, factory }: LazyCircuit): boolean {
  if (existing === undefined) return true
  const { machine, userOptions } = existing
  const { counters, history, override } = machine
  const isRestored = factory instanceof RegistryCircuitFactory && factory.given.saved !== undefined
  const isTouched = history !== undefined || override !== undefined || isRestored
  return counters.offered === 0 && !isTouched && userOptions === factory.userOptions
}

/**
 * Gives a breaker the options of another factory; to one in use, all but the clock and the source of
 * random numbers. Returns what changed for a breaker in use.
 */
export function reconfigure(
  lazy: LazyCircuit,
  factory: CircuitFactory,
): ConfigureResult | undefined {
  const isOwn = factory instanceof RegistryCircuitFactory
  if (isOwn && isUnused(lazy)) {
    lazy.factory = factory
    if (lazy.existing !== undefined) factory.renew(lazy.existing)
    return undefined
  }
  const { circuit } = lazy
  if (isOwn) lazy.factory = factory
  const isSame = areEqual({ ...circuit.options, name: '' }, { ...factory.options, name: '' })
  const result = isSame ? undefined : configure(circuit, lazy.name, patchFor(circuit, factory))
  circuit.replaceOptions(circuit.options, factory.userOptions)
  return result
}

type HasUserOptions = Pick<CircuitFactory, 'userOptions'>

/** What turns the options of `before` into those of `after`. */
function patchFor(before: HasUserOptions, after: HasUserOptions): ConfigurePatch {
  const { name: _, ...options } = before.userOptions
  const none = Object.fromEntries(Object.keys(options).map((key) => [key, undefined]))
  return { ...none, ...after.userOptions }
}
