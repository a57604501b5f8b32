/**
 * The types of wrapped functions. `Fallback` is `never` while the breaker has none; `Args` are the
 * arguments that its fallback takes.
 */

import type { AnyArguments, CallOptions } from '../options.ts'

// biome-ignore lint/suspicious/noExplicitAny: parameters of any function must be accepted.
type Any = any

/** A function whose result can be awaited, so that guarding it need not change its type. */
export type AsyncFunction = (this: Any, ...args: Any[]) => PromiseLike<unknown>

/** By `getReader`: the types of browsers have a web stream that is not iterable, as some of them do. */
type Streamed = AsyncIterable<unknown> | { getReader(): unknown }

/** A function that returns an async iterable or a web stream, or a promise of one. */
export type StreamFunction = (this: Any, ...args: Any[]) => Streamed | PromiseLike<Streamed>

/** A guarded function: the very same type, or with the fallback's as one more possible result. */
export type Guarded<F extends AsyncFunction, Fallback> = [Fallback] extends [never]
  ? F
  : F extends (this: infer This, ...args: infer A) => PromiseLike<infer R>
    ? (this: This, ...args: A) => Promise<R | Awaited<Fallback>>
    : never

/** A guarded synchronous function. */
export type GuardedSync<F, Fallback> = [Fallback] extends [never]
  ? F
  : F extends (this: infer This, ...args: infer A) => infer R
    ? (this: This, ...args: A) => R | Fallback
    : never

/** Nothing, or an error for a function with arguments that the breaker's fallback does not take. */
export type FallbackTakes<F extends (...args: Any[]) => unknown, Args extends unknown[]> = ((
  ...args: Args
) => void) extends (...args: Parameters<F>) => void
  ? []
  : [error: 'the fallback of this breaker takes other arguments']

/** The asynchronous functions whose arguments the breaker's fallback may take. */
export type AsyncFunctionOf<Args extends unknown[]> = {
  // A method, so that the arguments may be more special than those of the fallback.
  bivariant(this: Any, ...args: [...Args, ...Any[]]): PromiseLike<unknown>
}['bivariant']

/** True for functions whose result is always a promise: they need `breaker(fn)`. */
export type ReturnsPromise<F> = F extends (...args: Any[]) => infer R
  ? IsAny<R> extends true
    ? false
    : [R] extends [never]
      ? false
      : [R] extends [PromiseLike<unknown>]
        ? true
        : false
  : false

type IsAny<T> = 0 extends 1 & T ? true : false

/** A decorator of methods, and of fields and accessors that hold a function. */
export interface Decorator<Allowed> {
  // Standard
  <F extends Allowed>(method: F, context: ClassMethodDecoratorContext<Any, Any>): F
  <This, F extends Allowed>(
    value: undefined,
    context: ClassFieldDecoratorContext<This, F>,
  ): (this: This, initial: F) => F
  <This, F extends Allowed>(
    accessor: ClassAccessorDecoratorTarget<This, F>,
    context: ClassAccessorDecoratorContext<This, F>,
  ): ClassAccessorDecoratorResult<This, F>
  // Legacy
  <F extends Allowed>(
    target: object,
    key: string | symbol,
    descriptor: TypedPropertyDescriptor<F>,
  ): TypedPropertyDescriptor<F>
}

/** `breaker.sync`: guards synchronous functions, and decorates methods that are. */
export interface SyncGuard<Fallback, Args extends unknown[] = AnyArguments>
  extends Decorator<(this: never, ...args: never[]) => unknown> {
  <F extends (...args: never[]) => unknown>(
    action: F,
    ...wrong: ReturnsPromise<F> extends true
      ? [error: 'a function that returns a promise needs breaker(fn)']
      : FallbackTakes<F, Args>
  ): GuardedSync<F, Fallback>
}

/** `breaker.stream`: guards functions that return streams, and decorates such methods. */
export interface StreamGuard extends Decorator<StreamFunction> {
  // A stream in the bound of `F` would widen what is inferred for functions that end in a `then`.
  <F extends (this: Any, ...args: Any[]) => Any>(
    action: F,
    ...wrong: [F] extends [StreamFunction]
      ? []
      : [error: 'breaker.stream takes a function that returns an async iterable']
  ): F
}

/** `breaker.withSignal`: guards functions whose first parameter is a signal, and takes it away. */
export type SignalGuard<Fallback> = <This, A extends unknown[], R, Own = Fallback>(
  action: (this: This, signal: AbortSignal, ...args: A) => R,
  call?: GuardedCallOptions<Own>,
) => (this: This, ...args: A) => Promise<Awaited<R> | Awaited<Own>>

/** What `withSignal` accepts for the calls of one function. */
export type GuardedCallOptions<Fallback = never> = Omit<CallOptions<Fallback>, 'signal'>
