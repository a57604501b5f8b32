import { isPromise } from '../call/call.ts'
import { type AnyFunction, isClass, tagOf } from '../call/functions.ts'
import { isCallback, isError } from './callback-call.ts'
import type { Method, ReturnProfile } from './client-method.ts'
import { isObject, isPlainPromise } from './client-shape.ts'

/** A call that ran with a function as its last argument. */
export interface CallEnding {
  /** Runs the method, and follows what it returns. */
  run(method: () => unknown): unknown
  /** Takes what the caller receives. Who is called back with an error does not handle a promise too. */
  handOut(guarded: unknown): void
}

/** Methods that give a function up by which the client knows it: it may have got it in another way. */
const REMOVES = /^(?:off|remove|[ps]?un)/i
/** Methods that take listeners, as their names say: not to be learned of before they return a promise. */
const KEEPS = /^(?:on|once|add|prepend|[ps]?subscribe)/i

/**
 * Learns of methods that return promises whether they call back as well, as those of clients do that
 * are older than promises. It is known once a function has been called with just what the promise ended
 * with: an action, a visitor or a listener is not.
 */
export class Callbacks {
  /** Each is passed to the client in the same way in all calls: it may be a listener to be removed. */
  readonly #heard = new WeakMap<AnyFunction, Heard>()
  readonly #proxies = new WeakMap<AnyFunction, AnyFunction>()
  readonly #passed = new WeakSet<object>()

  /** Undefined for a call of whose end its last argument can't tell. */
  start(method: Method, profile: ReturnProfile, callback: unknown): CallEnding | undefined {
    if (!mayBeCallback(callback) || profile.callsBack === false) return undefined
    if (profile.callsBack || method.isListed) {
      return profile.callsBack || isCallback(callback) ? CALLED_BACK : undefined
    }
    const known = this.#heard.get(callback)
    if (known !== undefined) return known.start(profile)
    // Of a method that has not been called yet, only its name and the parameters tell.
    const mayLearn =
      profile.returnsPromises || (isCallback(callback) && !KEEPS.test(nameOf(method)))
    if (!mayLearn || REMOVES.test(nameOf(method)) || this.#passed.has(callback)) return CALLED_BACK
    const heard = new Heard(callback)
    this.#heard.set(callback, heard)
    this.keep(callback, heard.proxy)
    return heard.start(profile)
  }

  /** The client has a function as this proxy, unless it has got it in another way before. */
  readonly keep = (fn: AnyFunction, proxy: AnyFunction): void => {
    if (!this.#passed.has(fn) && !this.#proxies.has(fn)) this.#proxies.set(fn, proxy)
  }

  /** Returns the function that ends a call, or may do so for all that is known of a listed method. */
  find(method: Method, profile: ReturnProfile, fn: unknown): AnyFunction | undefined {
    if (typeof fn !== 'function') return undefined
    const callback = fn as AnyFunction
    if (profile.callsBack) return callback
    if (!method.isListed || profile.isPlain || this.#proxies.has(callback)) return undefined
    const isRemoved = REMOVES.test(nameOf(method)) && this.#passed.has(callback)
    return isRemoved ? undefined : callback
  }

  /** What the client receives for its arguments: always the same for a listener, to remove it by. */
  replace(args: readonly unknown[]): readonly unknown[] {
    if (!args.some((arg) => typeof arg === 'function')) return args
    return args.map((arg) => {
      if (typeof arg !== 'function') return arg
      const proxy = this.#proxies.get(arg as AnyFunction)
      if (proxy === undefined) this.#passed.add(arg)
      return proxy ?? arg
    })
  }
}

function nameOf({ path }: Method): string {
  return path.slice(path.lastIndexOf('.') + 1)
}

/** False for an async function, and for a class, by which a client may look something up. */
function mayBeCallback(fn: unknown): fn is AnyFunction {
  if (typeof fn !== 'function' || tagOf(fn as AnyFunction) !== 'Function') return false
  const prototype: unknown = fn.prototype
  if (isClass(fn) || (prototype && Reflect.ownKeys(prototype).length !== 1)) return false
  // By convention, only what is called with `new` has such a name.
  return !prototype || !/^[A-Z]/.test(fn.name)
}

function ignoreRejection(guarded: unknown): void {
  // Awaiting others may have an effect.
  if (isPromise(guarded) && isPlainPromise(guarded)) guarded.catch(() => {})
}

/** Of a method that calls back, or may do so for all that is known. */
const CALLED_BACK: CallEnding = {
  run: (method) => method(),
  handOut: ignoreRejection,
}

/** How many calls of one function are looked at which it has not told of. */
const MOST_UNTOLD = 8

/** A call of a function that has been passed to the client. */
interface Called {
  readonly args: readonly unknown[]
  returned: unknown
}

/** A function that has been passed to the client. */
class Heard {
  readonly proxy: AnyFunction
  /** In flight, or over: the function has told of none of them. */
  readonly #untold = new Set<HeardCall>()
  /** How it was called without telling of a call that is over. */
  #unclear: Called[] = []
  /** It was passed to more calls than are looked at: that it does not tell of one means nothing. */
  #overflowed = false
  #learned: ReturnProfile | undefined

  constructor(callback: AnyFunction) {
    this.proxy = new Proxy(callback, {
      apply: (target, self, args) => {
        const called: Called = { args, returned: NOTHING }
        this.#onCalled(called)
        called.returned = Reflect.apply(target, self, args)
        return called.returned
      },
    })
  }

  start(profile: ReturnProfile): CallEnding | undefined {
    if (this.#untold.size >= MOST_UNTOLD) {
      this.#overflowed = true
      return profile.silentEnds <= MOST_SILENT_ENDS ? CALLED_BACK : undefined
    }
    const call = new HeardCall(this, profile)
    this.#untold.add(call)
    return call
  }

  drop(call: HeardCall): void {
    this.#untold.delete(call)
    if (this.#untold.size === 0) this.#unclear = []
  }

  #onCalled(called: Called): void {
    const told = [...this.#untold].find((call) => call.isToldBy(called))
    if (told !== undefined) {
      this.#learn(told)
    } else if (this.#untold.size > 0) {
      if (this.#unclear.length < MOST_UNTOLD) this.#unclear.push(called)
      this.#judge()
    } else if (this.#learned !== undefined && !this.#overflowed) {
      // A callback is called once for each call.
      this.#learned.callsBack = false
    }
  }

  onEnd(call: HeardCall): void {
    const told = this.#unclear.findIndex((called) => call.isToldBy(called))
    const isOnly = this.#untold.size === 1
    if (told >= 0 && !(isOnly && this.#unclear.length > 1)) {
      this.#unclear.splice(told, 1)
      this.#learn(call)
      return
    }
    if (this.#unclear.length === 0) call.endSilently()
    this.#judge()
  }

  #learn(call: HeardCall): void {
    call.profile.callsBack ??= true
    call.endHeard()
    this.#learned = call.profile
    this.drop(call)
  }

  /** Called as often as calls are over, a callback would have told of them. */
  #judge(): void {
    const calls = [...this.#untold]
    if (this.#overflowed || calls.length === 0 || this.#unclear.length < calls.length) return
    if (!calls.every(({ isOver }) => isOver)) return
    // Some promises are fulfilled once the callback has got the error.
    const mayCallBack =
      this.#unclear.length === calls.length && this.#unclear.some(({ args }) => isError(args[0]))
    for (const call of calls) {
      if (!mayCallBack) call.profile.callsBack ??= false
      this.drop(call)
    }
  }
}

const NOTHING = Symbol('nothing')

/** After so many promises whose function had not been called it is none that tells of their end. */
const MOST_SILENT_ENDS = 2

class HeardCall implements CallEnding {
  readonly profile: ReturnProfile
  readonly #heard: Heard
  /** As known when it starts: of calls at once, all may be called back after they have ended. */
  readonly #mayBeHandled: boolean
  #isSilent = false
  #end: PromiseSettledResult<unknown> | undefined
  #guarded: unknown

  constructor(heard: Heard, profile: ReturnProfile) {
    this.#heard = heard
    this.profile = profile
    this.#mayBeHandled = profile.silentEnds <= MOST_SILENT_ENDS
  }

  run(method: () => unknown): unknown {
    let result: unknown
    let isFollowed = false
    try {
      result = method()
      isFollowed = isPromise(result) && isPlainPromise(result)
      if (!isFollowed && !this.profile.returnsPromises) this.profile.callsBack ??= false
    } finally {
      if (!isFollowed) this.#heard.drop(this)
    }
    if (isFollowed) {
      ;(result as Promise<unknown>).then(
        (value) => this.#onEnd({ status: 'fulfilled', value }),
        (reason: unknown) => this.#onEnd({ status: 'rejected', reason }),
      )
    }
    return result
  }

  handOut(guarded: unknown): void {
    this.#guarded = guarded
  }

  get isOver(): boolean {
    return this.#end !== undefined
  }

  /** True if only a callback of this call would be called in this way. */
  isToldBy({ args, returned }: Called): boolean {
    const end = this.#end
    if (end === undefined) return false
    const [error, value] = args
    if (end.status === 'rejected') return isObject(error) && error === end.reason
    if (args.length < 2 || (error ?? null) !== null) return false
    // Some promises end with what the callback returns.
    return Object.is(value, end.value) || (isObject(value) && Object.is(returned, end.value))
  }

  endSilently(): void {
    this.#isSilent = true
    this.profile.silentEnds++
  }

  endHeard(): void {
    if (this.#isSilent) this.profile.silentEnds--
  }

  #onEnd(end: PromiseSettledResult<unknown>): void {
    this.#end = end
    this.#heard.onEnd(this)
    if (this.profile.callsBack ?? this.#mayBeHandled) ignoreRejection(this.#guarded)
    this.#guarded = undefined
  }
}
