import { isPromise } from '../call/call.ts'
import { type AnyFunction, isClass, tagOf } from '../call/functions.ts'
import { isCallback } from './callback-call.ts'
import type { Method, ReturnProfile } from './client-method.ts'
import { isPlainPromise } from './client-shape.ts'

/** A call that ran with a function as its last argument. */
export interface CallEnding {
  /** Takes what the method returned. */
  follow(result: unknown): void
  /** Takes what the caller receives. Who is called back with an error does not handle a promise too. */
  handOut(guarded: unknown): void
}

/**
 * Learns of methods that return promises whether they call back as well, as those of clients do that
 * are older than promises. It is known once a function has been called with just what the promise ended
 * with: an action, a visitor or a listener is not.
 */
export class Callbacks {
  readonly #heard = new WeakMap<AnyFunction, Heard>()
  /** The client has them as they are. */
  readonly #passed = new WeakSet<object>()

  /** Undefined for a call of whose end its last argument can't tell. */
  start(method: Method, profile: ReturnProfile, callback: unknown): CallEnding | undefined {
    if (!mayBeCallback(callback) || profile.callsBack === false) return undefined
    if (profile.callsBack || method.isListed) {
      return profile.callsBack || isCallback(callback) ? CALLED_BACK : undefined
    }
    if (!profile.returnsPromises || this.#passed.has(callback)) return CALLED_BACK
    let heard = this.#heard.get(callback)
    if (heard === undefined) {
      heard = new Heard(callback)
      this.#heard.set(callback, heard)
    }
    return new HeardCall(heard, profile)
  }

  /** What the client receives for its arguments: always the same for a listener, to remove it by. */
  replace(args: readonly unknown[]): readonly unknown[] {
    if (!args.some((arg) => typeof arg === 'function')) return args
    return args.map((arg) => {
      if (typeof arg !== 'function') return arg
      const heard = this.#heard.get(arg as AnyFunction)
      if (heard === undefined) this.#passed.add(arg)
      return heard?.proxy ?? arg
    })
  }
}

/** False for an async function, and for a class, by which a client may look something up. */
function mayBeCallback(fn: unknown): fn is AnyFunction {
  if (typeof fn !== 'function' || tagOf(fn as AnyFunction) !== 'Function') return false
  const prototype: unknown = fn.prototype
  return !isClass(fn) && (!prototype || Reflect.ownKeys(prototype).length === 1)
}

function ignoreRejection(guarded: unknown): void {
  // Awaiting others may have an effect.
  if (isPromise(guarded) && isPlainPromise(guarded)) guarded.catch(() => {})
}

/** Of a method that calls back, or may do so for all that is known. */
const CALLED_BACK: CallEnding = { follow: () => {}, handOut: ignoreRejection }

/** A function that has been passed to the client. */
class Heard {
  readonly proxy: AnyFunction
  /** The one call in flight that it was passed to; undefined while there are several. */
  call: HeardCall | undefined
  inFlight = 0

  constructor(callback: AnyFunction) {
    this.proxy = new Proxy(callback, {
      apply: (target, self, args) => {
        this.call?.onCalled(args)
        return Reflect.apply(target, self, args)
      },
    })
  }
}

/** After so many promises whose function had not been called it is none that tells of their end. */
const MOST_SILENT_ENDS = 2

class HeardCall implements CallEnding {
  readonly #heard: Heard
  readonly #profile: ReturnProfile
  #called: readonly unknown[] | undefined
  #end: PromiseSettledResult<unknown> | undefined
  #guarded: unknown

  constructor(heard: Heard, profile: ReturnProfile) {
    this.#heard = heard
    this.#profile = profile
    heard.call = heard.inFlight === 0 ? this : undefined
  }

  follow(result: unknown): void {
    if (!isPromise(result) || !isPlainPromise(result)) return
    this.#heard.inFlight++
    result.then(
      (value) => this.#onEnd({ status: 'fulfilled', value }),
      (reason: unknown) => this.#onEnd({ status: 'rejected', reason }),
    )
  }

  handOut(guarded: unknown): void {
    this.#guarded = guarded
  }

  onCalled(args: readonly unknown[]): void {
    // A callback is called once.
    if (this.#called !== undefined) this.#profile.callsBack = false
    this.#called = args
    if (this.#end === undefined) return
    this.#profile.silentEnds--
    this.#compare(this.#end, args)
  }

  #onEnd(end: PromiseSettledResult<unknown>): void {
    const heard = this.#heard
    heard.inFlight--
    // While there are several, nothing tells which one it was called for.
    if (heard.call !== this) return
    this.#end = end
    if (this.#called === undefined) this.#profile.silentEnds++
    else this.#compare(end, this.#called)
    const { callsBack, silentEnds } = this.#profile
    if (callsBack ?? silentEnds <= MOST_SILENT_ENDS) ignoreRejection(this.#guarded)
  }

  #compare(end: PromiseSettledResult<unknown>, called: readonly unknown[]): void {
    const [error, value] = called
    this.#profile.callsBack ??=
      end.status === 'rejected'
        ? error === end.reason
        : called.length > 1 && (error ?? null) === null && Object.is(value, end.value)
  }
}
