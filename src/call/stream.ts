import type { Circuit } from '../circuit/circuit.ts'
import { rejectWith } from '../circuit/deferred-rejection.ts'
import { CANCELLED } from '../core/outcome.ts'
import { show } from '../options/validate.ts'
import { ownSignal } from './call-signal.ts'
import { callerSignal, replaceSignal } from './caller-signal.ts'
import { runFallback } from './fallback.ts'
import { type AnyFunction, mimicFunction, tagOf } from './functions.ts'
import { GuardedStream } from './guarded-stream.ts'
import { endLostTurn } from './next-turn.ts'
import { rejectedStream, type StreamProfile } from './rejected-stream.ts'
import { Settlement } from './settlement.ts'
import {
  DONE,
  type Iterator,
  isStream,
  isWebStream,
  iteratorOf,
  rejectingIterator,
  type Source,
  stopSource,
} from './stream-iterators.ts'
import { asyncDispose } from './stream-proxy.ts'

/** A function with the same type whose stream holds the permit until it ends. */
export function wrapStream(circuit: Circuit, fn: AnyFunction): AnyFunction {
  const tag = tagOf(fn)
  const profile: StreamProfile = { promise: tag === 'AsyncFunction', web: false }
  return mimicFunction(function (this: unknown, ...args: unknown[]) {
    // A generator runs nothing before its first item is asked for, so neither is a permit taken.
    return tag === 'AsyncGeneratorFunction'
      ? startLazily(circuit, args, (passed) => fn.apply(this, passed as unknown[]))
      : startStream(circuit, args, profile, (passed) => fn.apply(this, passed as unknown[]))
  }, fn)
}

/** For a generator, which does nothing before its first item is asked for. */
export function startLazily(
  circuit: Circuit,
  args: readonly unknown[],
  start: (args: readonly unknown[]) => Source,
): AsyncGenerator<unknown, unknown, unknown> {
  return new LazyStream(circuit, args, start) as never
}

/** A class, as closures for its methods made a short stream take a third longer. */
class LazyStream {
  readonly #circuit: Circuit
  readonly #args: readonly unknown[]
  readonly #start: (args: readonly unknown[]) => Source
  #iterator: Iterator | undefined
  #left = false

  constructor(
    circuit: Circuit,
    args: readonly unknown[],
    start: (args: readonly unknown[]) => Source,
  ) {
    this.#circuit = circuit
    this.#args = args
    this.#start = start
  }

  next(value?: unknown): Promise<IteratorResult<unknown>> {
    if (this.#left && this.#iterator === undefined) return Promise.resolve(DONE)
    this.#iterator ??= this.#begin()
    return this.#iterator.next(value)
  }

  return(value?: unknown): Promise<IteratorResult<unknown>> {
    this.#left = true
    return this.#iterator?.return?.(value) ?? Promise.resolve({ done: true, value })
  }

  throw(error?: unknown): Promise<IteratorResult<unknown>> {
    this.#left = true
    return this.#iterator?.throw?.(error) ?? rejectWith(error)
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async [asyncDispose](): Promise<void> {
    await this.return()
  }

  #begin(): Iterator {
    const stream = admit(this.#circuit, this.#args)
    if (!(stream instanceof GuardedStream)) return stream
    return stream.iterateLazily(() => this.#start(stream.args), this)
  }
}

function startStream(
  circuit: Circuit,
  args: readonly unknown[],
  profile: StreamProfile,
  start: (args: readonly unknown[]) => unknown,
): unknown {
  const stream = admit(circuit, args)
  if (!(stream instanceof GuardedStream)) return rejectedStream(stream, profile)
  let result: unknown
  try {
    result = stream.run(() => start(stream.args))
    profile.web = isWebStream(result)
    profile.promise = !isStream(result)
    if (isStream(result)) return stream.handOut(result)
  } catch (reason) {
    stream.end({ status: 'rejected', reason })
    return rejectedStream(rejectingIterator(reason), profile)
  }
  const opened = open(stream, result)
  return stream.limited(
    () => opened,
    // A stream that comes later is not read any more.
    () => opened.then(stopSource),
  )
}

async function open(stream: GuardedStream, result: unknown): Promise<Source> {
  let source: unknown
  try {
    source = await result
    if (isStream(source)) return stream.handOut(source)
  } catch (reason) {
    stream.end({ status: 'rejected', reason })
    throw reason
  }
  stream.settlement.settleAs(CANCELLED)
  throw new TypeError(
    `breaker.stream takes a function that returns an async iterable, got ${show(source)}`,
  )
}

/** When it is not admitted: what the caller iterates instead. */
function admit(circuit: Circuit, args: readonly unknown[]): GuardedStream | Iterator {
  const { callTimeout, fallback } = circuit.options
  endLostTurn()
  const permit = circuit.admitInParts(callTimeout)
  if (typeof permit !== 'string') {
    const signal = callerSignal(args)
    const own = ownSignal(signal, circuit.timeLimit(permit, callTimeout))
    const settlement = new Settlement(circuit, permit, signal, undefined, own)
    return new GuardedStream(circuit, settlement, replaceSignal(args, own))
  }
  const rejected = circuit.reject(permit)
  if (fallback === undefined) return rejectingIterator(rejected.createError())
  return iteratorOf(runFallback(circuit, fallback, rejected, args), rejected)
}
