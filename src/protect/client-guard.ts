import { isPromise, rejectCall } from '../call/call.ts'
import { isObservable } from '../call/follow.ts'
import { type AnyFunction, tagOf } from '../call/functions.ts'
import { endLostTurn } from '../call/next-turn.ts'
import { startLazily } from '../call/stream.ts'
import { isStream, type Source } from '../call/stream-iterators.ts'
import type { Circuit } from '../circuit/circuit.ts'
import type { RejectReason } from '../core/measure/counters.ts'
import { UNRECORDED } from '../core/permit.ts'
import { isThenable } from '../options/validate.ts'
import { CallbackCall, isCallback } from './callback-call.ts'
import { ChainSignals } from './chain-signals.ts'
import { ClientCall, wouldAdmit } from './client-call.ts'
import {
  appendPath,
  createMethod,
  type Method,
  type MethodCall,
  type MethodRules,
  type Place,
  remember,
  rememberMethods,
} from './client-method.ts'
import {
  endsTransaction,
  hasMethod,
  isAsyncGenerator,
  isBegun,
  isInstance,
  isNativeThen,
  isObject,
  isPlainPromise,
  isPromiseLike,
  isRunning,
  isSession,
  mayCallTarget,
  methodNames,
  sharesMethods,
} from './client-shape.ts'
import { guardObservable } from './guarded-observable.ts'
import { guardPromise } from './guarded-promise.ts'
import { Callbacks, type CallEnding } from './heard-callback.ts'
import { Originals, type Part } from './originals.ts'
import { rejectedResult } from './rejected-result.ts'
import { endsUnseen, reportUnguardable, reportUnseen } from './unguarded-call.ts'

/** Bounds the memory for clients that create method names dynamically. */
const MOST_METHODS = 10_000

export interface ClientRules extends MethodRules {
  readonly circuitOf: (path: string) => Circuit
}

const ROOT: Place = { path: '', root: true, session: false }

/** Guards the methods of one client and of the objects that it returns. */
export class ClientGuard {
  readonly #rules: ClientRules
  readonly #client: object
  readonly #methods = new Map<string, Method>()
  #clientMethods: ReadonlySet<string> | undefined
  readonly #proxies = new WeakMap<object, object>()
  readonly originals: Originals = new Originals()
  readonly #callbacks = new Callbacks()
  readonly #signals = new ChainSignals()
  readonly #createProxy: (object: object, place: Place) => object

  constructor(client: object, rules: ClientRules, createProxy: ClientGuard['proxyOf']) {
    this.#client = client
    this.#rules = rules
    this.#createProxy = createProxy
  }

  /** Returns the one proxy of an object, and creates it the first time. */
  proxyOf(object: object, place: Place = ROOT): object {
    const known = this.#proxies.get(object)
    if (known !== undefined) return known
    if (this.originals.has(object)) return object
    const proxy = this.#createProxy.call(this, object, place)
    this.#proxies.set(object, proxy)
    this.originals.set(proxy, object)
    return proxy
  }

  /** Returns what a caller receives for a property or a synchronous result. */
  proxyIfNeeded(value: unknown, path: string, inSession: boolean): unknown {
    if (!isObject(value)) return value
    const known = this.#proxies.get(value)
    if (known !== undefined) return known
    if (isPromise(value) || !mayCallTarget(value)) return value
    const root = this.#isLikeClient(value)
    return this.proxyOf(value, { path: root ? '' : path, root, session: inSession })
  }

  #isLikeClient(value: object): boolean {
    return value.constructor === this.#client.constructor && isInstance(value)
  }

  /** True for the client itself and others of its class, which may be streams as well. */
  isClient(value: unknown): boolean {
    return isObject(value) && (this.#proxies.has(value) || this.#isLikeClient(value))
  }

  /** Returns what a caller receives for the value of a promise: only clients need a proxy. */
  proxyIfClient(value: unknown): unknown {
    if (!isObject(value)) return value
    const known = this.#proxies.get(value)
    if (known !== undefined) return known
    this.#clientMethods ??= methodNames(this.#client)
    if (!sharesMethods(value, this.#clientMethods)) return value
    const session = isSession(value) || hasMethod(value, 'release')
    return this.proxyOf(value, { path: '', root: true, session })
  }

  method(place: Place, fn: AnyFunction, owner?: object): Method {
    let method = this.#methods.get(place.path)
    if (method === undefined) {
      if (this.#methods.size >= MOST_METHODS) this.#methods.clear()
      method = createMethod(place, fn, owner, this.#rules)
      this.#methods.set(place.path, method)
    }
    return place.session && !method.isCheckout ? { ...method, onSession: true } : method
  }

  /** Calls a method on the original object. */
  call(found: Method, fn: AnyFunction, self: unknown, callerArgs: readonly unknown[]): unknown {
    let rejected: RejectReason | undefined
    const passed = (part: Part): void => {
      rejected = part.pass() ?? rejected
    }
    const args: readonly unknown[] = callerArgs.map((arg) => this.originals.of(arg, passed))
    const method = endsTransaction(found.path, args) ? { ...found, onSession: true } : found
    const last = args.at(-1)
    const profile = typeof last === 'function' ? method.profileWithCallback : method.profile
    let ending: CallEnding | undefined
    const run = (passed = args): unknown => {
      ending = this.#callbacks.start(method, profile, last)
      const replaced = this.#callbacks.replace(passed)
      const apply = (): unknown => Reflect.apply(fn, self, replaced)
      const result: unknown = ending === undefined ? apply() : ending.run(apply)
      if (isObject(result) && !isPromise(result)) this.#signals.keep(result, self, args)
      return result
    }
    const result = method.isGuarded
      ? this.#callGuarded({ method, profile, self, args, run }, rejected)
      : this.#returnUnguarded(run(), method)
    ending?.handOut(result)
    return result
  }

  #callGuarded(call: MethodCall, rejectedPart: RejectReason | undefined): unknown {
    const { method, profile, self, args, run } = call
    let rejected = rejectedPart
    const circuit = (): Circuit => this.#rules.circuitOf(method.path)
    const passes = (): boolean => wouldAdmit(circuit())
    const { returnsPromises, returnsStreams, isPart } = profile
    // What may be a part of another call is admitted when it is used.
    const isAdmittedFirst = (): boolean =>
      method.onSession ? !isPart && passes() : !isPart || !passes()
    if (returnsPromises && rejected === undefined && isAdmittedFirst()) {
      return this.#callAdmitted(call)
    }
    if (returnsStreams && !method.onSession) rejected ??= circuit().rejectOnly()
    if (rejected !== undefined) {
      return rejectedResult(circuit(), rejected, profile, args, undefined, this.originals)
    }
    const result = run()
    if (endsUnseen(method, args.at(-1), result, self)) {
      reportUnseen(circuit(), method)
      if (isStream(result)) return this.#returnUnguarded(result)
    }
    return this.#admitAfterwards(call, result)
  }

  /** Returns the result of a call that is not guarded, with known objects replaced by proxies. */
  #returnUnguarded(result: unknown, method?: Method): unknown {
    if (method?.leadsToListed) return this.#proxyOfReturned(method, result)
    if (isPromise(result) && isPlainPromise(result)) {
      return result.then((value: unknown) => this.proxyIfClient(value))
    }
    return this.#proxies.get(result as object) ?? result
  }

  /** Guards a call that has run already, since only its result shows whether it is to be guarded. */
  #admitAfterwards(methodCall: MethodCall, result: unknown): unknown {
    const { method, profile, args } = methodCall
    const isAwaited = isBegun(result) || (!isCallback(args.at(-1)) && isPromiseLike(result))
    const isUnderWay = this.#isUnderWay(result)
    if (!isUnderWay && !isAwaited) return this.#returnOther(methodCall, result)
    remember(profile, result, isAwaited)
    const isPart = profile.isPart && isAwaited && !isNativeThen(result.then)
    const call = wouldAdmit(this.#rules.circuitOf(method.path)) && this.#admit(method, args, isPart)
    if (!(call instanceof ClientCall)) {
      // What may begin when it is awaited is soon enough rejected then.
      return isUnderWay ? this.#returnUnguarded(result) : this.#returnOther(methodCall, result)
    }
    return isAwaited
      ? guardPromise(call, result, profile, this.originals)
      : call.handlers.onFulfilled(result)
  }

  /** True for what goes on whatever the caller does with it; not for a client that is a stream. */
  #isUnderWay(result: unknown): result is object {
    return isBegun(result) || (isStream(result) && isRunning(result) && !this.#proxies.has(result))
  }

  /** Returns a result that is not a promise; a stream guards itself when it is iterated. */
  #returnOther({ method, profile, args }: MethodCall, result: unknown): unknown {
    if (isObservable(result)) {
      const circuit = this.#rules.circuitOf(method.path)
      return guardObservable(result, circuit, () => this.#admit(method, args))
    }
    // A generator runs nothing before its first item is requested, which is soon enough to reject.
    const isSource = isStream(result) && !isAsyncGenerator(result)
    if (isSource) remember(profile, result)
    return this.#proxyOfReturned(method, result)
  }

  #proxyOfReturned({ path, onSession }: Method, result: unknown): unknown {
    const inSession = onSession || (isObject(result) && isSession(result))
    return this.proxyIfNeeded(result, appendPath(path, '()'), inSession)
  }

  #callAdmitted(methodCall: MethodCall): unknown {
    const { method, profile, args, run } = methodCall
    const circuit = this.#rules.circuitOf(method.path)
    const callback = this.#callbacks.find(method, profile, args.at(-1))
    const mayCallBack = profile.callsBack || isCallback(callback)
    const isAction = callback && !mayCallBack && tagOf(callback) !== 'AsyncFunction'
    if (isAction && !wouldAdmit(circuit)) return this.#admitAfterwards(methodCall, run())
    const call = this.#admit(method, args)
    if (typeof call === 'string') {
      const called = mayCallBack ? callback : undefined
      return rejectedResult(circuit, call, profile, args, called, this.originals)
    }
    const callbackCall = callback && new CallbackCall(circuit, call, callback)
    let result: unknown
    try {
      result = call.run((passed) => run(callbackCall ? callbackCall.replace(passed) : passed))
    } catch (error) {
      return Promise.resolve(call.handlers.onRejected(error))
    }
    // With a callback, awaiting it may run it a second time, or be forbidden.
    if (!callbackCall && (method.isListed ? isThenable(result) : isPromiseLike(result))) {
      remember(profile, result as Promise<unknown>, true)
      return guardPromise(call, result as Promise<unknown>, profile, this.originals)
    }
    // A stream besides a callback is what the callback tells of.
    if (this.#isUnderWay(result) && (!mayCallBack || isBegun(result))) {
      callbackCall?.awaitBesides(profile, result, this.#callbacks)
      remember(profile, result)
      if (!isBegun(result)) return call.handlers.onFulfilled(result)
      const guarded = guardPromise(call, result, profile, this.originals)
      if (mayCallBack) callbackCall?.handOut(guarded)
      return guarded
    }
    if (callbackCall !== undefined) {
      profile.callsBack = true
      if (isObject(result)) rememberMethods(profile, result)
      return callbackCall.await(result)
    }
    call.cancel()
    const other = this.#returnOther(methodCall, result)
    if (other === result && method.isListed) reportUnguardable(circuit, method, result)
    // A rejected call returns what has its methods, too.
    else if (isObject(result) && !isObservable(result)) rememberMethods(profile, result)
    return other
  }

  /** Returns an admitted call, or why it was rejected. */
  #admit(
    { path, onSession }: Method,
    args: readonly unknown[],
    isPart = false,
  ): ClientCall | RejectReason {
    const circuit = this.#rules.circuitOf(path)
    endLostTurn()
    const permit = isPart ? UNRECORDED : circuit.admitInParts(circuit.options.callTimeout)
    if (typeof permit === 'string') return permit
    return new ClientCall({ circuit, onSession, client: this }, permit, args)
  }

  /** Awaits a thenable that does its work only when it is awaited, such as a query builder. */
  wait(method: Method, thenable: PromiseLike<unknown>): Promise<unknown> {
    const wait = (): Promise<unknown> =>
      new Promise((resolve, reject) => void thenable.then(resolve, reject))
    const circuit = this.#rules.circuitOf(method.path)
    if (!method.isGuarded || (method.onSession && !wouldAdmit(circuit))) return wait()
    const call = this.#admit(method, this.#signals.of(thenable))
    if (call instanceof ClientCall) return call.follow(call.run(wait))
    return rejectCall(circuit, call, circuit.options.fallback, [])
  }

  /** Iterates a stream of the client, whose call lasts until the iteration ends. */
  iterate(method: Method, source: Source): AsyncIterator<unknown, unknown, unknown> {
    if (!method.isGuarded) return source[Symbol.asyncIterator]()
    const circuit = this.#rules.circuitOf(method.path)
    const signals = this.#signals.of(source)
    if (!method.onSession) return startLazily(circuit, signals, () => source)
    const call = wouldAdmit(circuit) && this.#admit(method, signals)
    return call instanceof ClientCall ? call.iterate(source) : source[Symbol.asyncIterator]()
  }
}
