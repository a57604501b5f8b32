import type { Circuit } from '../circuit/circuit.ts'
import { rejectWith } from '../circuit/deferred-rejection.ts'
import { runInContext } from '../circuit/probe-context.ts'
import type { AdmittedPermit } from '../circuit/settle-handlers.ts'
import { checkCall } from '../options/check-options.ts'
import type { CallOptions } from '../options.ts'
import { type StreamingCall, untilStreamEnds } from './answer-stream.ts'
import { composeHandlers, rejectCall } from './call.ts'
import { CallSignal } from './call-signal.ts'
import { invoke } from './follow.ts'
import { checkFunction } from './functions.ts'
import { InterruptibleCall } from './interruptible-call.ts'
import { endLostTurn } from './next-turn.ts'

type Action = (signal: AbortSignal) => unknown

/** Runs an action once, with a signal that tells it to stop. */
export function runAction(
  circuit: Circuit,
  action: Action,
  call: CallOptions<unknown> = NO_OPTIONS,
): Promise<unknown> {
  let takesSignal: boolean
  try {
    checkFunction('action', action)
    takesSignal = action.length > 0
    if (call !== NO_OPTIONS) checkCall('run', call)
  } catch (error) {
    return rejectWith(error)
  }
  if (circuit.isClosed) return callWithSignal(circuit, call, takesSignal, [], action)
  const clockTime = circuit.clock.now()
  const asked = circuit.askFleet(clockTime)
  if (asked === undefined) return callWithSignal(circuit, call, takesSignal, [], action, clockTime)
  return callThen(asked, circuit, call, takesSignal, action)
}

/** By itself: the scope of the closure would take memory of every call. */
function callThen(
  asked: Promise<void>,
  circuit: Circuit,
  call: CallOptions<unknown>,
  takesSignal: boolean,
  action: Action,
): Promise<unknown> {
  return asked.then(() => callWithSignal(circuit, call, takesSignal, [], action))
}

const NO_OPTIONS: CallOptions<unknown> = /* @__PURE__ */ Object.freeze({})

/**
 * One call of an action that is told to stop by a signal, and is not waited for then. `args` are those of
 * the caller; `action` is passed the signal of the call where it has one that may be aborted.
 */
export function callWithSignal(
  circuit: Circuit,
  call: CallOptions<unknown>,
  takesSignal: boolean,
  args: readonly unknown[],
  action: (signal: AbortSignal, own?: CallSignal) => unknown,
  clockTime?: number,
): Promise<unknown> {
  const { options } = circuit
  const { signal, stream } = call
  const timeout = call.timeout ?? options.callTimeout
  const fallback = call.fallback ?? options.fallback
  if (signal?.aborted) return rejectWith(signal.reason)
  if (stream !== undefined) endLostTurn()
  const permit =
    stream === undefined
      ? circuit.admit(timeout, clockTime)
      : circuit.admitInParts(timeout, clockTime)
  if (typeof permit === 'string') return rejectCall(circuit, permit, fallback, args)
  const limit = circuit.timeLimit(permit, timeout)
  const own = limit === undefined && signal === undefined ? undefined : new CallSignal(signal)
  const handlers =
    stream === undefined
      ? composeHandlers(circuit, permit, signal, fallback, args, call, own)
      : untilStreamEnds(circuit, permit, fallback, args, call as StreamingCall, own)
  if (own === undefined) return invoke(handlers, action, undefined, [neverAborted(takesSignal)])
  const run = bindSignal(circuit, permit, action, own)
  return new InterruptibleCall(circuit, handlers, own).run(limit, run, true)
}

/** Apart, because a closure makes each call pay for what it refers to, also those without a signal. */
function bindSignal(
  circuit: Circuit,
  permit: AdmittedPermit,
  action: (signal: AbortSignal, own: CallSignal) => unknown,
  own: CallSignal,
): () => unknown {
  const run = (): unknown => action(own.signal, own)
  return permit.probe ? () => runInContext(circuit, permit, run) : run
}

/**
 * The signal of a call that nothing aborts. An action that declares the parameter gets its own; one
 * that does not may read it all the same, by `...args`.
 */
function neverAborted(takesSignal: boolean): AbortSignal {
  if (takesSignal) return new AbortController().signal
  if (uses++ % USES === 0) shared = unheard(new AbortController().signal)
  return shared as AbortSignal
}

/** Engines keep 65 bytes on a signal for each one that `AbortSignal.any` derives from it. */
const USES = 1_000
let uses = 0
let shared: AbortSignal | undefined

/** What is never aborted calls no listener, so that it need not keep any. */
function unheard(signal: AbortSignal): AbortSignal {
  return Object.defineProperty(signal, 'addEventListener', { value: () => {} })
}
