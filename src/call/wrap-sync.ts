import type { Circuit } from '../circuit/circuit.ts'
import { article } from '../options/validate.ts'
import { callSync } from './call.ts'
import { wrapSync0 } from './fast-path.ts'
import { type AnyFunction, functionLike, kindOf, mimicFunction, streamHint } from './functions.ts'

/** Wraps a synchronous function: the wrapper throws where an asynchronous one would reject. */
export function wrapSync(circuit: Circuit, fn: AnyFunction): AnyFunction {
  const kind = kindOf(fn)
  if (kind !== 'Function') {
    const hint = kind === 'AsyncFunction' ? '; use breaker(fn)' : streamHint(kind)
    throw new TypeError(`breaker.sync takes a synchronous function, got ${article(kind)}${hint}`)
  }
  if (fn.length === 0) return mimicFunction(wrapSync0(circuit, fn, String(fn.name)), fn)
  return functionLike(fn, (self, args) => callSync(circuit, fn, self, args))
}
