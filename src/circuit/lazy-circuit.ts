import { nameOf } from '../options/resolve-options.ts'
import type { CircuitBreakerOptions } from '../options.ts'
import type { Circuit } from './circuit.ts'
import { type CircuitFactory, circuitFactoryFor } from './circuit-factory.ts'
import { printListenerError } from './emitter.ts'
import { guardClock } from './guard-sources.ts'

/** Where keyed functions look up the breaker of a key. */
export interface KeyedEntry {
  readonly group: { readonly name: string; readonly circuits: Map<unknown, LazyCircuit> }
  readonly key: unknown
}

/** Holds a breaker's circuit and its public handle; both are created when first needed. */
export class LazyCircuit {
  readonly name: string
  /** A registry may replace it until the breaker is used. */
  factory: CircuitFactory
  /** Undefined until it is needed; until then the breaker does not differ from a new one. */
  existing: Circuit | undefined = undefined
  /** The clock time at which the breaker was created; undefined if time begins with the circuit. */
  createdAt: number | undefined = undefined
  /** The `CircuitBreaker`, a type that this layer does not know. */
  breaker: unknown = undefined
  /** Undefined without a key. Null when its registry dropped it before the circuit was created. */
  keyed: KeyedEntry | undefined | null

  constructor(name: string, factory: CircuitFactory, keyed?: KeyedEntry) {
    this.name = name
    this.keyed = keyed
    this.factory = factory
  }

  /** A circuit that belongs to its fleet from now on. */
  create(): Circuit {
    const circuit = this.factory.create(this.name, this.createdAt)
    circuit.membership = this.factory.shared?.join(circuit)
    return circuit
  }

  get circuit(): Circuit {
    if (this.existing === undefined) {
      this.existing = this.create()
      if (this.keyed === null) this.existing.emitter = undefined
    }
    return this.existing
  }
}

/** Checks options, a copy by `readOptions`, at once and creates the circuit when it is needed. */
export function createLazyCircuit(options: CircuitBreakerOptions<unknown>): LazyCircuit {
  const factory = circuitFactoryFor(options)
  const lazy = new LazyCircuit(nameOf(options), factory)
  // Time begins with the breaker, however late the circuit is created.
  const { name } = lazy
  const report = (error: unknown, source: string) =>
    printListenerError({ breaker: name, error, source })
  lazy.createdAt = guardClock(factory.clock, report).now()
  // Saved state must be checked, and a fleet heard, before the first call.
  if (options.saved !== undefined || options.shared !== undefined) lazy.existing = lazy.create()
  return lazy
}
