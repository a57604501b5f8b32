import type { Circuit } from '../circuit/circuit.ts'
import { Rejection } from '../circuit/deferred-rejection.ts'
import { runInContext } from '../circuit/probe-context.ts'
import type { AdmittedPermit, SettleHandlers } from '../circuit/settle-handlers.ts'
import type { RejectReason } from '../core/measure/counters.ts'
import { isThenable } from '../options/validate.ts'
import type { AnyFallback } from '../options.ts'
import { type CallSignal, ownSignal } from './call-signal.ts'
import { callerSignal, replaceSignal } from './caller-signal.ts'
import { runFallback, withFallback } from './fallback.ts'
import { follow, invoke } from './follow.ts'
import type { AnyFunction } from './functions.ts'
import { InterruptibleCall } from './interruptible-call.ts'
import { type OwnOptions, Settlement } from './settlement.ts'

/** One call of a wrapped function: admitted, run, settled. */
export function callAsync(
  circuit: Circuit,
  fn: AnyFunction,
  self: unknown,
  args: readonly unknown[],
): Promise<unknown> {
  if (circuit.isClosed) return callNow(circuit, fn, self, args, undefined)
  const clockTime = circuit.clock.now()
  const asked = circuit.askFleet(clockTime)
  if (asked === undefined) return callNow(circuit, fn, self, args, clockTime)
  return callThen(asked, circuit, fn, self, args)
}

/** By itself: the scope of the closure would take 64 bytes of every call. */
function callThen(
  asked: Promise<void>,
  circuit: Circuit,
  fn: AnyFunction,
  self: unknown,
  args: readonly unknown[],
): Promise<unknown> {
  return asked.then(() => callNow(circuit, fn, self, args, undefined))
}

function callNow(
  circuit: Circuit,
  fn: AnyFunction,
  self: unknown,
  args: readonly unknown[],
  clockTime: number | undefined,
): Promise<unknown> {
  const { callTimeout, fallback } = circuit.options
  const permit = circuit.admit(callTimeout, clockTime)
  if (typeof permit === 'string') return rejectCall(circuit, permit, fallback, args)
  const signal = callerSignal(args)
  const timeout = circuit.timeLimit(permit, callTimeout)
  const own = ownSignal(signal, timeout)
  const handlers = composeHandlers(circuit, permit, signal, fallback, args, undefined, own)
  if (timeout === undefined) return invoke(handlers, fn, self, args)
  const passed = replaceSignal(args, own) as unknown[]
  const action = bindAction(circuit, permit, fn, self, passed)
  return new InterruptibleCall(circuit, handlers, own).run(timeout, action)
}

/** Apart, because a closure makes each call pay for what it refers to, also those without a timeout. */
function bindAction(
  circuit: Circuit,
  permit: AdmittedPermit,
  fn: AnyFunction,
  self: unknown,
  args: unknown[],
): () => unknown {
  const action = (): unknown => fn.apply(self, args)
  return permit.probe ? () => runInContext(circuit, permit, action) : action
}

/** The same for a synchronous function: throws what a promise would be rejected with. */
export function callSync(
  circuit: Circuit,
  fn: AnyFunction,
  self: unknown,
  args: readonly unknown[],
): unknown {
  const { fallback } = circuit.options
  const permit = circuit.admit(undefined)
  if (typeof permit === 'string') return orThrow(rejectionOf(circuit, permit, fallback, args))
  const handlers = composeHandlers(circuit, permit, callerSignal(args), fallback, args)
  let value: unknown
  try {
    value = permit.probe
      ? bindAction(circuit, permit, fn, self, args as unknown[])()
      : fn.apply(self, args as unknown[])
  } catch (error) {
    return orThrow(handlers.onRejected(error))
  }
  // A function that was taken for synchronous may return a promise.
  const { onFulfilled, onRejected } = handlers
  return isPromise(value) ? follow(onFulfilled, onRejected, value) : onFulfilled(value)
}

/** True for a promise of any realm, and not for other thenables: awaiting those may do something. */
export function isPromise(value: unknown): value is Promise<unknown> {
  if (typeof value !== 'object' || value === null) return false
  try {
    return (
      value instanceof Promise ||
      (Object.prototype.toString.call(value) === '[object Promise]' && isThenable(value))
    )
  } catch {
    // A proxy whose traps throw.
    return false
  }
}

function orThrow(result: unknown): unknown {
  if (result instanceof Rejection) throw result.error
  return result
}

/** What the caller of a rejected call gets: the error, or the fallback's value. */
export function rejectCall(
  circuit: Circuit,
  reason: RejectReason,
  fallback: AnyFallback | undefined,
  args: readonly unknown[],
): Promise<unknown> {
  return Promise.resolve(rejectionOf(circuit, reason, fallback, args))
}

function rejectionOf(
  circuit: Circuit,
  reason: RejectReason,
  fallback: AnyFallback | undefined,
  args: readonly unknown[],
): unknown {
  const rejected = circuit.reject(reason)
  if (fallback === undefined) return new Rejection(rejected.createError())
  return runFallback(circuit, fallback, rejected, args)
}

/** What settles the permit and, after a failure, runs the fallback with `args`. */
export function composeHandlers(
  circuit: Circuit,
  permit: AdmittedPermit,
  signal: AbortSignal | undefined,
  fallback: AnyFallback | undefined,
  args: readonly unknown[],
  call?: OwnOptions | undefined,
  own?: CallSignal | undefined,
): SettleHandlers {
  const handlers =
    signal === undefined && call?.classify === undefined && call?.retryAfter === undefined
      ? circuit.handlersOf(permit)
      : new Settlement(circuit, permit, signal, call, own)
  return fallback === undefined ? handlers : withFallback(circuit, handlers, fallback, args)
}
