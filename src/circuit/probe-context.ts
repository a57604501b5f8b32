import { builtinModule } from '../clock.ts'
import type { Machine } from '../core/machine.ts'
import { type Classification, NEUTRAL } from '../core/outcome.ts'
import type { Permit } from '../core/permit.ts'
import { ownCause } from '../errors.ts'
import type { AdmittedPermit } from './settle-handlers.ts'

/** A probe, in the async context of its call. */
interface ProbeContext {
  readonly circuit: object
  readonly permit: Permit
  /** That of another circuit, whose probe made this call. */
  readonly outer: ProbeContext | undefined
}

type MachineView = Pick<Machine, 'state' | 'override'>

interface Storage {
  run<T>(context: ProbeContext, fn: () => T): T
  getStore(): ProbeContext | undefined
  disable(): void
}

interface Platform {
  readonly AsyncLocalStorage?: new () => Storage
}

/** Tells contexts apart until the first `await`, where the platform can't do better. */
class SynchronousStorage implements Storage {
  #current: ProbeContext | undefined

  run<T>(context: ProbeContext, fn: () => T): T {
    const before = this.#current
    this.#current = context
    try {
      return fn()
    } finally {
      this.#current = before
    }
  }

  getStore(): ProbeContext | undefined {
    return this.#current
  }

  disable(): void {}
}

/** Made for the first probe. */
let storage: Storage | undefined

function createStorage(): Storage {
  const hooks = builtinModule<Platform>('node:async_hooks')
  const { AsyncLocalStorage } = globalThis as Platform
  const Best = hooks?.AsyncLocalStorage ?? AsyncLocalStorage ?? SynchronousStorage
  return new Best()
}

/** Those whose actions run: held weakly, as one that never ends must not keep its dropped breaker. */
const probes = /* @__PURE__ */ new WeakSet<Permit>()
let running = 0

/**
 * Runs the action of a call, or a part of it. Where that call is a probe, one that it makes through the
 * same circuit is a part of it. A probe takes 1.2 µs in place of 0.6 by that, and 2.4 µs before Node 24,
 * where the first one also makes later promises slower, as any use of AsyncLocalStorage does.
 */
export function runInContext<T>(circuit: object, permit: AdmittedPermit, fn: () => T): T {
  // What is read of a stream after its end is no part of the call any more.
  if (!permit.probe || !permit.open) return fn()
  storage ??= createStorage()
  if (!probes.has(permit as Permit)) running++
  probes.add(permit as Permit)
  return storage.run({ circuit, permit: permit as Permit, outer: outerProbe(storage) }, fn)
}

/** Not one that is over: where each probe begins the next one, all of an outage would be kept. */
function outerProbe(storage: Storage): ProbeContext | undefined {
  let probe = storage.getStore()
  while (probe !== undefined && !probe.permit.open) probe = probe.outer
  return probe
}

/** To follow contexts makes all promises of some platforms slower: it ends with the last probe. */
function leaveContext(permit: AdmittedPermit): void {
  if (probes.delete(permit as Permit) && --running === 0) storage?.disable()
}

/**
 * True for a call that a probe of the same circuit makes, in the same half-open state. Both are one
 * call, which needs one permit and gives one result.
 */
export function isPartOfProbe(circuit: object, { state, override }: MachineView): boolean {
  if (running === 0 || override?.mode === 'forced-open') return false
  for (let probe = storage?.getStore(); probe !== undefined; probe = probe.outer) {
    if (probe.circuit === circuit) return probe.permit.open && probe.permit.state === state
  }
  return false
}

/** By error: the state whose probes left no room for a call. */
const rejections = /* @__PURE__ */ new WeakMap<object, object>()

/** Remembers why a call was rejected: a probe may have made it whose context was lost on the way. */
export function noteRejection(state: object, error: object): void {
  rejections.set(error, state)
}

/** True for a probe that ended with the rejection of a call for which it left no room itself. */
function rejectedItself({ state }: AdmittedPermit, error: unknown): boolean {
  const cause = ownCause(error)
  return cause !== undefined && rejections.get(cause) === state
}

interface Host {
  report(error: unknown, source: string): void
}

/** Those that have been told what they do. */
const toldOfNesting = /* @__PURE__ */ new WeakSet<object>()

/** Returns what a probe counts as that has ended. `error` is what it was rejected with. */
export function endProbe(
  circuit: Host,
  permit: AdmittedPermit,
  classification: Classification,
  error: unknown,
): Classification {
  leaveContext(permit)
  if (classification.outcome !== 'cancelled' || !rejectedItself(permit, error)) {
    return classification
  }
  // Otherwise no probe would ever succeed.
  if (!toldOfNesting.has(circuit)) {
    toldOfNesting.add(circuit)
    const message =
      'a guarded function calls another one of the same breaker, in an async context that is not its own: this fails while half-open'
    circuit.report(new Error(message), 'a nested call')
  }
  return NEUTRAL
}
