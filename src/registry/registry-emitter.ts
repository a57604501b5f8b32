import { Emitter } from '../circuit/emitter.ts'

/**
 * The listeners of a registry. A breaker without listeners publishes to it directly, so that being
 * in a registry with listeners takes no memory per breaker.
 */
export class RegistryEmitter extends Emitter {
  override forBreaker(): Emitter {
    return new Emitter([this])
  }
}

/** A circuit, as far as its listeners go. */
interface Publisher {
  emitter: Emitter | undefined
}

/** Publishes the events of a breaker to the listeners of a registry too. */
export function attach(circuit: Publisher, registry: RegistryEmitter): void {
  const { emitter = registry } = circuit
  if (emitter !== registry) {
    circuit.emitter = emitter.forBreaker()
    circuit.emitter.registries = [...circuit.emitter.registries, registry]
  } else circuit.emitter = registry
}

/** Undoes {@link attach}. */
export function detach(circuit: Publisher, registry: RegistryEmitter): void {
  const { emitter } = circuit
  if (emitter === registry) circuit.emitter = undefined
  else if (emitter !== undefined) {
    emitter.registries = emitter.registries.filter((other) => other !== registry)
  }
}
