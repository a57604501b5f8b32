import { callTracked } from './call.ts'
import type { Circuit } from './circuit.ts'
import type { CallOptions } from './options.ts'
import { checkCall } from './resolve-options.ts'
import { checkFunction } from './wrap.ts'

type Action = (signal: AbortSignal | undefined) => unknown

/** Runs an action once, with a signal of its own. */
export function runAction(
  circuit: Circuit,
  action: Action,
  call?: CallOptions<unknown>,
): Promise<unknown> {
  checkFunction('action', action)
  if (call !== undefined) checkCall('run', call)
  const { options } = circuit
  const timeout = call?.timeout ?? options.callTimeout
  const signal = call?.signal
  if (timeout === undefined && signal === undefined) return runUnlimited(circuit, action, call)
  return callTracked(circuit, action, {
    args: [],
    signal,
    timeout,
    classify: call?.classify,
    fallback: call?.fallback ?? options.fallback,
    ownSignal: true,
  })
}

/** Nothing can end the call but the action itself. */
function runUnlimited(
  circuit: Circuit,
  action: Action,
  call: CallOptions<unknown> | undefined,
): Promise<unknown> {
  const signal = neverAborted(action)
  const lane = circuit.lane === undefined ? circuit.openLane() : circuit.lane
  if (lane !== null && call === undefined && circuit.machine.enter()) {
    try {
      return Promise.resolve(action(signal)).then(lane.fulfilled, lane.rejected)
    } catch (error) {
      return Promise.resolve(lane.rejected(error))
    }
  }
  return callTracked(circuit, () => action(signal), {
    args: [],
    signal: undefined,
    timeout: undefined,
    classify: call?.classify,
    fallback: call?.fallback ?? circuit.options.fallback,
    ownSignal: false,
  })
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
