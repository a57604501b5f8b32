import { ownSignal } from '../call/call-signal.ts'
import { findSignal, replaceSignal } from '../call/caller-signal.ts'
import { withFallback } from '../call/fallback.ts'
import { follow } from '../call/follow.ts'
import { GuardedStream } from '../call/guarded-stream.ts'
import { InterruptibleCall } from '../call/interruptible-call.ts'
import { Settlement } from '../call/settlement.ts'
import { type Iterator, isStream, type Source } from '../call/stream-iterators.ts'
import type { Circuit } from '../circuit/circuit.ts'
import { Rejection } from '../circuit/deferred-rejection.ts'
import { runInContext } from '../circuit/probe-context.ts'
import type { AdmittedPermit, SettleHandlers } from '../circuit/settle-handlers.ts'
import type { RejectReason } from '../core/measure/counters.ts'
import { CANCELLED } from '../core/outcome.ts'
import { namesCancellation } from './cancellation.ts'

/** What a call takes from the client that it belongs to. */
export interface ClientCallHost {
  readonly circuit: Circuit
  /** It is made on a connection: it is recorded, takes no capacity, and no fallback replaces it. */
  readonly onSession: boolean
  readonly client: {
    isClient(value: unknown): boolean
    proxyIfClient(value: unknown): unknown
  }
}

/** One admitted call of a client's method. */
export class ClientCall {
  readonly settlement: Settlement
  readonly handlers: SettleHandlers
  /** With the signal of the call in place of its caller's. */
  readonly args: readonly unknown[]
  /** What it may take. */
  readonly timeout: number | undefined
  readonly #host: ClientCallHost

  constructor(host: ClientCallHost, permit: AdmittedPermit, args: readonly unknown[]) {
    const { circuit, onSession, client } = host
    const { callTimeout, fallback, maxConcurrent } = circuit.options
    const timeout = circuit.timeLimit(permit, callTimeout)
    const signal = findSignal(args)
    const own = ownSignal(signal, timeout)
    const settlement = new Settlement(circuit, permit, signal, undefined, own)
    // Where no number of calls matters it keeps its duration.
    if (onSession && (permit.probe || maxConcurrent !== undefined)) settlement.deliver()
    const handlers: SettleHandlers = {
      // The call of a stream ends with its iteration, so the stream takes the permit over.
      onFulfilled: (value) =>
        isStream(value) && !client.isClient(value)
          ? this.handOut(value)
          : client.proxyIfClient(settlement.onFulfilled(value)),
      onRejected: (reason, timedOut) =>
        !timedOut && signal === undefined && namesCancellation(reason)
          ? this.#rejectCancelled(reason)
          : settlement.onRejected(reason, timedOut),
    }
    this.#host = host
    this.settlement = settlement
    this.args = replaceSignal(args, own, 1)
    this.timeout = timeout
    this.handlers =
      fallback === undefined || onSession
        ? handlers
        : withFallback(circuit, handlers, fallback, args)
  }

  get circuit(): Circuit {
    return this.#host.circuit
  }

  get onSession(): boolean {
    return this.#host.onSession
  }

  /** What the caller receives in place of a value. */
  proxyOf(value: unknown): unknown {
    return this.#host.client.proxyIfClient(value)
  }

  /** Runs the method, or a part of it. */
  run<T>(fn: (args: readonly unknown[]) => T): T {
    const { circuit } = this.#host
    return runInContext(circuit, this.settlement.permit, () => fn(this.args))
  }

  /** A call by itself of what goes on after the first one has ended, or why it is rejected. */
  again(): ClientCall | RejectReason {
    const { circuit } = this.#host
    const permit = circuit.admitInParts(circuit.options.callTimeout)
    return typeof permit === 'string' ? permit : new ClientCall(this.#host, permit, this.args)
  }

  /** True if another call would be admitted. */
  get wouldPass(): boolean {
    return wouldAdmit(this.#host.circuit)
  }

  /** Only the error tells that the caller has gone: it has passed no signal. */
  #rejectCancelled(reason: unknown): Rejection {
    const { circuit } = this.#host
    const classification = circuit.classify({ status: 'rejected', reason }, { callerGone: true })
    this.settlement.settleAs(classification, reason)
    return new Rejection(reason)
  }

  /** Returns the permit without evidence. */
  cancel(): void {
    this.settlement.settleAs(CANCELLED)
  }

  /** Returns a plain promise, whose end settles the call. */
  follow(promise: Promise<unknown>): Promise<unknown> {
    const { onFulfilled, onRejected } = this.handlers
    const { timeout } = this
    if (timeout === undefined) return follow(onFulfilled, onRejected, promise)
    const call = new InterruptibleCall(this.#host.circuit, this.handlers, this.settlement.own)
    return call.run(timeout, () => promise)
  }

  /** Tells the method that its time is up. */
  abort(reason: unknown): void {
    this.settlement.own?.abort(reason)
  }

  /** What the caller receives for a stream, whose end settles the call. */
  handOut(source: Source): Source {
    return new GuardedStream(this.#host.circuit, this.settlement).handOut(source)
  }

  /** Iterates a stream, whose end settles the call. */
  iterate(source: Source): Iterator {
    return new GuardedStream(this.#host.circuit, this.settlement).iterateLazily(() => source)
  }
}

export function wouldAdmit({ machine, clock }: Circuit): boolean {
  return machine.wouldAdmit(clock.now())
}
