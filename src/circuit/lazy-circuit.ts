import type { Circuit } from './circuit.ts'
import type { Blueprint } from './circuit-factory.ts'

/** Where a breaker's circuit and its handle find each other; either is made when first needed. */
export class Seat {
  readonly name: string
  readonly blueprint: Blueprint
  /** Undefined until somebody needs it: until then the breaker is as new. */
  built: Circuit | undefined = undefined
  /** The clock reading when it was made; undefined for one whose time begins when it is built. */
  born: number | undefined = undefined
  /** The breaker itself, once somebody has asked for it. */
  handle: unknown = undefined
  /** Undefined without a key; null once its registry has let it go before it was built. */
  keyed: { readonly seats: Map<unknown, Seat>; readonly key: unknown } | undefined | null

  constructor(name: string, blueprint: Blueprint, keyed?: Seat['keyed']) {
    this.name = name
    this.keyed = keyed
    this.blueprint = blueprint
  }

  get circuit(): Circuit {
    if (this.built === undefined) {
      this.built = this.blueprint.build(this.name, this.born)
      if (this.keyed === null) this.built.emitter = undefined
    }
    return this.built
  }
}
