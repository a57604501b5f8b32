import type { Circuit } from './circuit.ts'
import type { CircuitFactory } from './circuit-factory.ts'

/** Where a breaker's circuit and its handle find each other; either is made when first needed. */
export class LazyCircuit {
  readonly name: string
  readonly factory: CircuitFactory
  /** Undefined until somebody needs it: until then the breaker is as new. */
  existing: Circuit | undefined = undefined
  /** The clock reading when it was made; undefined for one whose time begins when it is built. */
  createdAt: number | undefined = undefined
  /** The breaker itself, once somebody has asked for it. */
  breaker: unknown = undefined
  /** Undefined without a key; null once its registry has let it go before it was built. */
  keyed:
    | { readonly lazyCircuits: Map<unknown, LazyCircuit>; readonly key: unknown }
    | undefined
    | null

  constructor(name: string, factory: CircuitFactory, keyed?: LazyCircuit['keyed']) {
    this.name = name
    this.keyed = keyed
    this.factory = factory
  }

  get circuit(): Circuit {
    if (this.existing === undefined) {
      this.existing = this.factory.create(this.name, this.createdAt)
      if (this.keyed === null) this.existing.emitter = undefined
    }
    return this.existing
  }
}
