import { callAsync, rejectCall } from '../call/call.ts'
import { type AnyFunction, tagOf } from '../call/functions.ts'
import { rejectedStream, type StreamProfile } from '../call/rejected-stream.ts'
import { startLazily } from '../call/stream.ts'
import { isStream, isWebStream, iteratorOf, type Source } from '../call/stream-iterators.ts'
import type { Circuit } from '../circuit/circuit.ts'
import type { RejectReason } from '../core/measure/counters.ts'
import { isThenable } from '../options/validate.ts'
import { ClientCall, noStream, rejectionLike } from './client-call.ts'
import {
  CLOSING_METHODS,
  isAsyncGenerator,
  isObject,
  isPlainPromise,
  mayCallTarget,
  methodNames,
  sharesMethods,
} from './client-shape.ts'

/** What a method has returned so far, which decides how its next call is guarded. */
interface ReturnProfile {
  /** It has returned a promise: its calls are admitted before they run. */
  returnsPromises: boolean
  /** It has returned a stream: the first item takes the permit, but a rejection comes at once. */
  returnsStreams: boolean
  /** It has returned a stream of Node or of the web, which runs however it is read. */
  running: StreamProfile | undefined
  /** The prototype of the promise or stream that it returned last. */
  prototype: object | null
}

/** One method of the client, by its path. */
interface Method {
  readonly path: string
  readonly isGuarded: boolean
  /** It is among the option `methods`. */
  readonly isListed: boolean
  readonly profile: ReturnProfile
  /** For calls whose last argument is a function: a callback often replaces the promise. */
  readonly profileWithCallback: ReturnProfile
}

/** Bounds the memory for clients that create method names dynamically. */
const MOST_METHODS = 10_000

/** Each call in a chain makes the path longer, up to this length. */
const LONGEST_PATH = 200

export interface ClientRules {
  readonly circuitOf: (path: string) => Circuit
  readonly methods: readonly string[] | undefined
  readonly except: readonly string[]
}

/** Guards the methods of one client and of the objects that it returns. */
export class ClientGuard {
  readonly #rules: ClientRules
  readonly #client: object
  readonly #methods = new Map<string, Method>()
  #clientMethods: ReadonlySet<string> | undefined
  readonly #proxies = new WeakMap<object, object>()
  /** By proxy. */
  readonly originals: WeakMap<object, object> = new WeakMap()
  readonly #createProxy: (object: object, path: string, root: boolean) => object

  constructor(client: object, rules: ClientRules, createProxy: ClientGuard['proxyOf']) {
    this.#client = client
    this.#rules = rules
    this.#createProxy = createProxy
  }

  /** Returns the one proxy of an object, and creates it the first time. */
  proxyOf(object: object, path: string, root = false): object {
    const known = this.#proxies.get(object)
    if (known !== undefined) return known
    if (this.originals.has(object)) return object
    const proxy = this.#createProxy.call(this, object, path, root)
    this.#proxies.set(object, proxy)
    this.originals.set(proxy, object)
    return proxy
  }

  /** Returns what a caller receives for a property or a synchronous result. */
  proxyIfNeeded(value: unknown, path: string): unknown {
    if (!isObject(value)) return value
    const known = this.#proxies.get(value)
    if (known !== undefined) return known
    if (value instanceof Promise || !mayCallTarget(value)) return value
    return value.constructor === this.#client.constructor && value.constructor !== Object
      ? this.proxyOf(value, '', true)
      : this.proxyOf(value, path)
  }

  /** Returns what a caller receives for the value of a promise: only clients need a proxy. */
  #proxyIfClient(value: unknown): unknown {
    if (!isObject(value)) return value
    const known = this.#proxies.get(value)
    if (known !== undefined) return known
    this.#clientMethods ??= methodNames(this.#client)
    return sharesMethods(value, this.#clientMethods) ? this.proxyOf(value, '', true) : value
  }

  /** Returns what the client receives for an argument: its own objects without their proxies. */
  originalOf(value: unknown): unknown {
    if (!isObject(value)) return value
    if (!Array.isArray(value)) return this.originals.get(value) ?? value
    return value.some((item) => isObject(item) && this.originals.has(item))
      ? value.map((item) => this.originalOf(item))
      : value
  }

  method(path: string, fn: AnyFunction, root: boolean): Method {
    let method = this.#methods.get(path)
    if (method !== undefined) return method
    if (this.#methods.size >= MOST_METHODS) this.#methods.clear()
    const { methods, except } = this.#rules
    const isListed = methods?.includes(path) === true
    const isClosing = root && CLOSING_METHODS.has(path) && !isListed
    const isChosen = methods === undefined || methods.some((name) => covers(name, path))
    const returnsPromises = isListed || tagOf(fn) === 'AsyncFunction'
    method = {
      path,
      isGuarded: isChosen && !isClosing && !except.some((name) => covers(name, path)),
      isListed,
      profile: profileOf(returnsPromises),
      profileWithCallback: profileOf(returnsPromises),
    }
    this.#methods.set(path, method)
    return method
  }

  /** Calls a method on the original object. */
  call(method: Method, fn: AnyFunction, self: unknown, callerArgs: readonly unknown[]): unknown {
    const args: readonly unknown[] = callerArgs.map((arg) => this.originalOf(arg))
    const run = (passed = args): unknown => Reflect.apply(fn, self, passed)
    if (!method.isGuarded) return this.#returnUnguarded(run())
    const profile = typeof args.at(-1) === 'function' ? method.profileWithCallback : method.profile
    if (profile.returnsPromises) return this.#callAdmitted(method, profile, run, args)
    if (profile.returnsStreams) {
      const circuit = this.#rules.circuitOf(method.path)
      const reason = circuit.rejectOnly()
      if (reason !== undefined) return this.#reject(circuit, reason, profile, args)
    }
    return this.#admitAfterwards(method, profile, run(), args)
  }

  /** Returns the result of a call that is not guarded, with known objects replaced by proxies. */
  #returnUnguarded(result: unknown): unknown {
    if (!isObject(result)) return result
    if (result instanceof Promise && isPlainPromise(result)) {
      return result.then((value: unknown) => this.#proxyIfClient(value))
    }
    return this.#proxies.get(result) ?? result
  }

  /** Guards a call that has run already, since only its result shows whether it is to be guarded. */
  #admitAfterwards(
    method: Method,
    profile: ReturnProfile,
    result: unknown,
    args: readonly unknown[],
  ): unknown {
    const isPromise = result instanceof Promise
    if (!isPromise && !this.#isRunningStream(result)) {
      return this.#returnOther(result, method, profile)
    }
    if (isPromise) {
      profile.returnsPromises = true
      profile.prototype = Object.getPrototypeOf(result)
    } else {
      profile.returnsStreams = true
      profile.running = { promise: false, web: isWebStream(result) }
    }
    const circuit = this.#rules.circuitOf(method.path)
    if (!wouldAdmit(circuit)) return this.#returnUnguarded(result)
    const call = this.#admit(circuit, args)
    if (typeof call === 'string') return this.#returnUnguarded(result)
    return isPromise ? call.guard(result) : call.handlers.onFulfilled(result)
  }

  /** True for a stream that goes on whether it is iterated or not; not for a client that is one. */
  #isRunningStream(result: unknown): boolean {
    if (!isStream(result) || this.#proxies.has(result)) return false
    return isWebStream(result) || 'readableFlowing' in result
  }

  /** Returns a result that is not a promise; a stream guards itself when it is iterated. */
  #returnOther(result: unknown, { path }: Method, profile: ReturnProfile): unknown {
    // A generator runs nothing before its first item is requested, which is soon enough to reject.
    if (isStream(result) && !isAsyncGenerator(result)) {
      profile.returnsStreams = true
      profile.prototype = Object.getPrototypeOf(result)
    }
    return this.proxyIfNeeded(result, appendPath(path, '()'))
  }

  #reject(
    circuit: Circuit,
    rejectReason: RejectReason,
    profile: ReturnProfile,
    args: readonly unknown[],
  ): unknown {
    const rejection = rejectCall(circuit, rejectReason, circuit.options.fallback, args)
    if (profile.running !== undefined) {
      return rejectedStream(iteratorOf(rejection, noStream), profile.running)
    }
    const isPlain = profile.prototype === Promise.prototype && !profile.returnsStreams
    return isPlain ? rejection : rejectionLike(rejection, profile.prototype)
  }

  #callAdmitted(
    method: Method,
    profile: ReturnProfile,
    run: (passed: readonly unknown[]) => unknown,
    args: readonly unknown[],
  ): unknown {
    const circuit = this.#rules.circuitOf(method.path)
    const call = this.#admit(circuit, args)
    if (typeof call === 'string') return this.#reject(circuit, call, profile, args)
    let result: unknown
    try {
      result = call.run(run)
    } catch (error) {
      return Promise.resolve(call.handlers.onRejected(error))
    }
    if (method.isListed && !(result instanceof Promise) && isThenable(result)) {
      result = Promise.resolve(result)
    }
    if (result instanceof Promise) {
      profile.prototype = Object.getPrototypeOf(result)
      return call.guard(result)
    }
    if (this.#isRunningStream(result)) return call.handlers.onFulfilled(result)
    call.cancel()
    return this.#returnOther(result, method, profile)
  }

  /** Returns an admitted call, or why it was rejected. */
  #admit(circuit: Circuit, args: readonly unknown[]): ClientCall | RejectReason {
    const permit = circuit.admitInParts(circuit.options.callTimeout)
    if (typeof permit === 'string') return permit
    return new ClientCall(circuit, permit, args, (value) => this.#proxyIfClient(value))
  }

  /** Awaits a thenable that does its work only when it is awaited, such as a query builder. */
  wait(method: Method, thenable: PromiseLike<unknown>): Promise<unknown> {
    const wait = (): Promise<unknown> =>
      new Promise((resolve, reject) => void thenable.then(resolve, reject))
    if (!method.isGuarded) return wait()
    return callAsync(this.#rules.circuitOf(method.path), wait, undefined, [])
  }

  /** Iterates a stream of the client, whose call lasts until the iteration ends. */
  iterate(method: Method, source: Source): AsyncIterator<unknown, unknown, unknown> {
    if (!method.isGuarded) return source[Symbol.asyncIterator]()
    return startLazily(this.#rules.circuitOf(method.path), [], () => source)
  }
}

function profileOf(returnsPromises: boolean): ReturnProfile {
  return { returnsPromises, returnsStreams: false, running: undefined, prototype: null }
}

function wouldAdmit({ machine, clock }: Circuit): boolean {
  return machine.wouldAdmit(clock.now())
}

/** `users` covers `users.list` and `users().list`, but not `usersOf`. */
function covers(name: string, path: string): boolean {
  if (!path.startsWith(name)) return false
  return path.length === name.length || path[name.length] === '.' || path[name.length] === '('
}

export function appendPath(path: string, part: string): string {
  return path.length > LONGEST_PATH ? path : path + part
}
