import type { Circuit } from '../circuit/circuit.ts'
import { rejectWith } from '../circuit/deferred-rejection.ts'
import { checkCall } from '../options/resolve-options.ts'
import type { AnyFallback, CallOptions } from '../options.ts'
import { Call, follow, refuse } from './call.ts'
import { checkFunction } from './functions.ts'
import { enter } from './held-lane.ts'

type Action = (signal: AbortSignal | undefined) => unknown

/** Runs an action once, with a signal of its own. */
export function runAction(
  circuit: Circuit,
  action: Action,
  call?: CallOptions<unknown>,
): Promise<unknown> {
  try {
    checkFunction('action', action)
    if (call !== undefined) checkCall('run', call)
  } catch (error) {
    return rejectWith(error)
  }
  const { options } = circuit
  const timeout = call?.timeout ?? options.callTimeout
  const signal = call?.signal
  const fallback = call?.fallback ?? options.fallback
  if (timeout === undefined && signal === undefined) {
    return runUnlimited(circuit, action, call, fallback)
  }
  if (signal?.aborted) return rejectWith(signal.reason)
  const permit = circuit.admit(timeout)
  if (typeof permit === 'string') return refuse(circuit, permit, fallback, [])
  const controller = new AbortController()
  const guarded = new Call(circuit, permit, [], signal, call?.classify, fallback)
  return guarded.limit(timeout, controller, () => action(controller.signal))
}

/** Nothing can end the call but the action itself. */
function runUnlimited(
  circuit: Circuit,
  action: Action,
  call: CallOptions<unknown> | undefined,
  fallback: AnyFallback | undefined,
): Promise<unknown> {
  const entered = call === undefined ? enter(circuit) : null
  if (entered !== null) return follow(entered, attempt(action))
  const permit = circuit.admit(undefined)
  if (typeof permit === 'string') return refuse(circuit, permit, fallback, [])
  const guarded = new Call(circuit, permit, [], undefined, call?.classify, fallback)
  return guarded.follow(attempt(action))
}

function attempt(action: Action): Promise<unknown> {
  try {
    const result = action(neverAborted(action))
    return result instanceof Promise ? result : Promise.resolve(result)
  } catch (error) {
    return rejectWith(error)
  }
}

/**
 * The signal of a call that nothing aborts. An action that declares the parameter may add listeners
 * to it and gets its own; one that does not declare it is unlikely to look.
 */
function neverAborted(action: Action): AbortSignal {
  if (action.length > 0) return new AbortController().signal
  shared ??= new AbortController().signal
  return shared
}
let shared: AbortSignal | undefined
