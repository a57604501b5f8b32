import { CircuitFactory } from '../circuit/circuit-factory.ts'
import type { LazyCircuit } from '../circuit/lazy-circuit.ts'
import { describeDifference, differences } from '../options/compare-options.ts'
import { show } from '../options/validate.ts'
import type { ResolvedOptions } from '../options.ts'
import { type RegisteredOptions, RegistryCircuitFactory } from './configuration.ts'

type Options = RegisteredOptions<unknown>

/** A breaker, or what the breakers of a keyed function have in common. */
type Entry = Pick<LazyCircuit, 'name' | 'factory'> & Partial<Pick<LazyCircuit, 'existing'>>

/**
 * Throws when a breaker or a keyed function has other options than these: neither those in code, nor
 * those that were configured live.
 */
export function checkSame({ name, factory, existing }: Entry, options: Options): void {
  if (Object.keys(options).length === 0) return
  const isOwn = factory instanceof RegistryCircuitFactory
  if (isOwn && factory.isGiven(options)) return
  const asked = isOwn ? factory.withGiven(options) : new CircuitFactory(options)
  if (describeDifferences(factory, asked).length === 0) return
  const { clock, random } = factory
  const current = { options: existing?.options ?? factory.options, clock, random }
  const differing = describeDifferences(current, asked)
  if (differing.length > 0) throw new TypeError(message(name, differing, options))
}

/** Returns the error for a breaker whose name another one has. */
export function nameTaken(by: LazyCircuit, factory: CircuitFactory): TypeError {
  const differing = describeDifferences(by.factory, factory)
  if (differing.length > 0) return new TypeError(message(by.name, differing, {}))
  return new TypeError(
    `circuit ${show(by.name)} is registered already; use registry.breaker(${show(by.name)}) to share it`,
  )
}

interface Compared extends Pick<CircuitFactory, 'clock' | 'random'> {
  readonly options: ResolvedOptions
}

function describeDifferences(before: Compared, after: Compared): string[] {
  const found = differences({ ...before.options, name: '' }, { ...after.options, name: '' })
  const texts = found.map(describeDifference)
  if (before.clock !== after.clock) texts.push('clock is another one')
  if (before.random !== after.random) texts.push('random is another function')
  return texts
}

function message(name: string, differing: readonly string[], { maxFailures }: Options): string {
  const text = differing.join('; ')
  const named = maxFailures && text.replace('trip.consecutiveFailures is', 'maxFailures is')
  return `circuit ${show(name)} is registered with other options: ${named ?? text}`
}
