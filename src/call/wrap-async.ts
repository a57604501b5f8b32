import type { Circuit } from '../circuit/circuit.ts'
import { article } from '../options/validate.ts'
import { callAsync } from './call.ts'
import { wrap0, wrap1 } from './fast-path.ts'
import { type AnyFunction, functionLike, kindOf, mimicFunction, streamHint } from './functions.ts'

/** Wraps a function so that it goes through the circuit and always returns a promise. */
export function wrapAsync(circuit: Circuit, fn: AnyFunction): AnyFunction {
  checkReturnsPromise('breaker', fn)
  if (fn.length === 0) return mimicFunction(wrap0(circuit, fn, String(fn.name)), fn)
  if (fn.length === 1) return mimicFunction(wrap1(circuit, fn, String(fn.name)), fn)
  return functionLike(fn, (self, args) => callAsync(circuit, fn, self, args))
}

/** Throws for a function that can't return a promise; `what` is to guard it. */
export function checkReturnsPromise(what: string, fn: AnyFunction): void {
  const kind = kindOf(fn)
  if (!kind.endsWith('GeneratorFunction')) return
  const got = article(kind) + streamHint(kind)
  throw new TypeError(`${what} takes a function that returns a promise, got ${got}`)
}
