import type { Circuit } from '../circuit/circuit.ts'
import { rejectWith } from '../circuit/deferred-rejection.ts'
import { checkCall } from '../options/check-options.ts'
import type { CallOptions } from '../options.ts'
import { composeHandlers, rejectCall } from './call.ts'
import { invoke } from './follow.ts'
import { checkFunction } from './functions.ts'
import { InterruptibleCall } from './interruptible-call.ts'

type Action = (signal: AbortSignal | undefined) => unknown

/** Runs an action once, with a signal that tells it to stop. */
export function runAction(
  circuit: Circuit,
  action: Action,
  call?: CallOptions<unknown>,
): Promise<unknown> {
  let takesSignal: boolean
  try {
    checkFunction('action', action)
    takesSignal = action.length > 0
    if (call !== undefined) checkCall('run', call)
  } catch (error) {
    return rejectWith(error)
  }
  const { options } = circuit
  const timeout = call?.timeout ?? options.callTimeout
  const signal = call?.signal
  const fallback = call?.fallback ?? options.fallback
  if (signal?.aborted) return rejectWith(signal.reason)
  const permit = circuit.admit(timeout)
  if (typeof permit === 'string') return rejectCall(circuit, permit, fallback, [])
  const handlers = composeHandlers(circuit, permit, signal, fallback, [], call?.classify)
  if (timeout === undefined && signal === undefined) {
    return invoke(handlers, action, undefined, [neverAborted(takesSignal)])
  }
  const controller = new AbortController()
  const interruptible = new InterruptibleCall(circuit, handlers, { signal, controller })
  return interruptible.run(timeout, () => action(controller.signal))
}

/**
 * The signal of a call that nothing aborts. An action that declares the parameter may add listeners
 * to it and gets its own; one that does not declare it is unlikely to read it.
 */
function neverAborted(takesSignal: boolean): AbortSignal {
  if (takesSignal) return new AbortController().signal
  shared ??= new AbortController().signal
  return shared
}
let shared: AbortSignal | undefined
