import type { Circuit } from '../circuit/circuit.ts'
import { checkCall } from '../options/check-options.ts'
import type { CallOptions } from '../options.ts'
import { callerSignal, replaceSignal } from './caller-signal.ts'
import { expectFunction, isStandardContext } from './decorator.ts'
import { type AnyFunction, functionLike } from './functions.ts'
import { callWithSignal } from './run.ts'
import { checkReturnsPromise } from './wrap-async.ts'

/** A function with the parameters after the first, which is the signal of the call. */
export function wrapWithSignal(circuit: Circuit, given: readonly unknown[]): AnyFunction {
  const [action, call] = given
  if (given.length > 2 || isStandardContext(call)) {
    throw new TypeError(
      'breaker.withSignal takes one function and options of its calls, and is no decorator, because it changes the parameters',
    )
  }
  const fn = expectFunction('breaker.withSignal', action)
  const options = call === undefined ? {} : optionsOfCalls(call)
  checkReturnsPromise('breaker.withSignal', fn)
  const wrapper = functionLike(fn, (self, args) =>
    callWithSignal(circuit, { ...options, signal: callerSignal(args) }, true, args, (signal, own) =>
      fn.call(self, signal, ...replaceSignal(args, own)),
    ),
  )
  const length = Math.max(0, fn.length - 1)
  return Object.defineProperty(wrapper, 'length', { value: length, configurable: true })
}

/** A copy, as the options of breakers are. */
function optionsOfCalls(call: unknown): CallOptions<unknown> {
  checkCall('withSignal', call)
  const { timeout, classify, retryAfter, fallback, stream } = call as CallOptions<unknown>
  return { timeout, classify, retryAfter, fallback, stream }
}
