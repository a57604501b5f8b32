import type { Circuit } from '../circuit/circuit.ts'
import { callAsync, callHeld, follow, NOTHING } from './call.ts'
import { type AnyFunction, article, kindOf, mimicFunction, streamHint } from './functions.ts'
import { enter } from './held-lane.ts'

/** A function with the same type that always gives a promise. */
export function wrapAsync(circuit: Circuit, fn: AnyFunction): AnyFunction {
  if (kindOf(fn).endsWith('GeneratorFunction')) {
    throw new TypeError(
      `breaker takes a function that gives a promise, got ${article(kindOf(fn))}${streamHint(kindOf(fn))}`,
    )
  }
  const guard = GUARDS[fn.length] ?? wrapN
  return mimicFunction(guard(circuit, fn, String(fn.name), kindOf(fn) === 'AsyncFunction'), fn)
}

export type Guard = (
  circuit: Circuit,
  fn: AnyFunction,
  name: string,
  native: boolean,
) => AnyFunction

// The usual numbers of arguments have guards of their own. An array of arguments that anything looks
// into must be allocated, which costs as much as all the rest; to give a function its name or length
// later takes as much memory as the function. Objects may carry a signal. An async function gives a
// promise of the language's own, so nobody needs to look.

const wrap0: Guard = (circuit, fn, name, native) =>
  ({
    [name](this: unknown) {
      // biome-ignore lint/complexity/noArguments: a rest parameter would be allocated.
      if (arguments.length !== 0) return forward(circuit, fn, this, ...arguments)
      const call = enter(circuit)
      if (call === null) return callHeld(circuit, fn, this, NOTHING, undefined)
      let result: unknown
      try {
        result = fn.call(this)
        if (native) return (result as Promise<unknown>).then(call.fulfilled, call.rejected)
      } catch (error) {
        return Promise.resolve(call.rejected(error))
      }
      return follow(call, result)
    },
  })[name] as AnyFunction

const wrap1: Guard = (circuit, fn, name, native) =>
  ({
    [name](this: unknown, argument: unknown) {
      // biome-ignore lint/complexity/noArguments: a rest parameter would be allocated.
      const usual = arguments.length === 1 && typeof argument !== 'object'
      const call = usual ? enter(circuit) : null
      // biome-ignore lint/complexity/noArguments: as above.
      if (call === null) return forward(circuit, fn, this, ...arguments)
      let result: unknown
      try {
        result = fn.call(this, argument)
        if (native) return (result as Promise<unknown>).then(call.fulfilled, call.rejected)
      } catch (error) {
        return Promise.resolve(call.rejected(error))
      }
      return follow(call, result)
    },
  })[name] as AnyFunction

const wrap2: Guard = (circuit, fn, name) =>
  ({
    [name](this: unknown, _first: unknown, _second: unknown) {
      // biome-ignore lint/complexity/noArguments: there may be more of them, or fewer.
      return forward(circuit, fn, this, ...arguments)
    },
  })[name] as AnyFunction

const wrapN: Guard = (circuit, fn, name) =>
  ({
    [name](this: unknown, ...args: unknown[]) {
      return callAsync(circuit, fn, this, args)
    },
  })[name] as AnyFunction

const GUARDS: readonly Guard[] = [wrap0, wrap1, wrap2]

function forward(circuit: Circuit, fn: AnyFunction, self: unknown, ...args: unknown[]): unknown {
  return callAsync(circuit, fn, self, args)
}
