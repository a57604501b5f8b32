import type { Circuit } from '../circuit/circuit.ts'
import { callerSignal, replaceSignal } from './caller-signal.ts'
import { expectFunction } from './decorator.ts'
import { type AnyFunction, functionLike } from './functions.ts'
import { callWithSignal } from './run.ts'
import { checkReturnsPromise } from './wrap-async.ts'

/** A function with the parameters after the first, which is the signal of the call. */
export function wrapWithSignal(circuit: Circuit, given: readonly unknown[]): AnyFunction {
  if (given.length > 1) {
    throw new TypeError(
      'breaker.withSignal takes one function, and is no decorator, because it changes the parameters',
    )
  }
  const fn = expectFunction('breaker.withSignal', given[0])
  checkReturnsPromise('breaker.withSignal', fn)
  const wrapper = functionLike(fn, (self, args) =>
    callWithSignal(circuit, { signal: callerSignal(args) }, true, args, (signal, own) =>
      fn.call(self, signal, ...replaceSignal(args, own)),
    ),
  )
  const length = Math.max(0, fn.length - 1)
  return Object.defineProperty(wrapper, 'length', { value: length, configurable: true })
}
