import { callAsync, rejectCall } from '../call/call.ts'
import { type AnyFunction, kindOf } from '../call/functions.ts'
import { StreamCall } from '../call/stream.ts'
import { isStream, type Source } from '../call/stream-iterators.ts'
import type { Circuit } from '../circuit/circuit.ts'
import type { RejectReason } from '../core/measure/counters.ts'
import { ClientCall, isPlain, refusedAs } from './client-call.ts'
import {
  ENDINGS,
  isGenerator,
  isLike,
  isObject,
  isThenable,
  leadsToCalls,
  methodNames,
} from './client-shape.ts'

/** What is known of a method, from what it has given so far. */
interface ReturnProfile {
  /** It gives promises: a call asks for a permit before it runs. */
  promise: boolean
  /** It gives streams: the permit is taken with the first item, but a refusal comes at once. */
  stream: boolean
  /** Of its promises, where they are more than that. */
  shape: object | null
}

/** One method of the client, by its path. */
interface Method {
  readonly path: string
  readonly guarded: boolean
  readonly listed: boolean
  readonly habit: ReturnProfile
  /** Of calls whose last argument is a function: those may be for the callers of callbacks. */
  readonly withCallback: ReturnProfile
}

/** Clients that make up method names as they go must not fill the memory. */
const MOST_METHODS = 10_000

/** A path grows with each call in a chain, and is cut there. */
const LONGEST_PATH = 200

export interface ClientRules {
  readonly circuitOf: (path: string) => Circuit
  readonly methods: readonly string[] | undefined
  readonly except: readonly string[]
}

/** Guards what is called on one client and on whatever it hands out. */
export class ClientGuard {
  readonly #rules: ClientRules
  readonly #client: object
  readonly #methods = new Map<string, Method>()
  #names: ReadonlySet<string> | undefined
  /** Both ways between the real things and those that stand for them. */
  readonly standIns: WeakMap<object, object> = new WeakMap()
  readonly real: WeakMap<object, object> = new WeakMap()
  /** Makes what stands for an object. */
  readonly #wrap: (value: object, path: string, root: boolean) => object

  constructor(client: object, rules: ClientRules, wrap: ClientGuard['wrapped']) {
    this.#client = client
    this.#rules = rules
    this.#wrap = wrap
  }

  /** What stands for an object of the client's. */
  wrapped(value: object, path: string, root = false): object {
    const there = this.standIns.get(value)
    if (there !== undefined) return there
    if (this.real.has(value)) return value
    const proxy = this.#wrap.call(this, value, path, root)
    this.standIns.set(value, proxy)
    this.real.set(proxy, value)
    return proxy
  }

  /** What a caller gets to see of a property, or of what a synchronous method gave. */
  reveal(value: unknown, path: string): unknown {
    if (!isObject(value)) return value
    const there = this.standIns.get(value)
    if (there !== undefined) return there
    if (value instanceof Promise || !leadsToCalls(value)) return value
    return value.constructor === this.#client.constructor && value.constructor !== Object
      ? this.wrapped(value, '', true)
      : this.wrapped(value, path)
  }

  /** What a caller gets to see of a promise's value: data as it is. */
  #revealLate(value: unknown): unknown {
    if (!isObject(value)) return value
    const there = this.standIns.get(value)
    if (there !== undefined) return there
    this.#names ??= methodNames(this.#client)
    return isLike(value, this.#names) ? this.wrapped(value, '', true) : value
  }

  /** The real thing, for the client's own eyes. */
  unwrapped(value: unknown): unknown {
    if (!isObject(value)) return value
    if (!Array.isArray(value)) return this.real.get(value) ?? value
    return value.some((item) => isObject(item) && this.real.has(item))
      ? value.map((item) => this.unwrapped(item))
      : value
  }

  method(path: string, fn: AnyFunction, root: boolean): Method {
    let method = this.#methods.get(path)
    if (method !== undefined) return method
    if (this.#methods.size >= MOST_METHODS) this.#methods.clear()
    const { methods, except } = this.#rules
    const listed = methods?.includes(path) === true
    const ends = root && ENDINGS.has(path) && !listed
    const chosen = methods === undefined || methods.some((name) => covers(name, path))
    const promise = listed || kindOf(fn) === 'AsyncFunction'
    method = {
      path,
      guarded: chosen && !ends && !except.some((name) => covers(name, path)),
      listed,
      habit: { promise, stream: false, shape: null },
      withCallback: { promise, stream: false, shape: null },
    }
    this.#methods.set(path, method)
    return method
  }

  /** Calls a method on the real object. */
  call(method: Method, fn: AnyFunction, self: unknown, given: readonly unknown[]): unknown {
    const args = given.map((arg) => this.unwrapped(arg))
    const run = (): unknown => Reflect.apply(fn, self, args)
    if (!method.guarded) return this.#unguarded(run())
    const habit = typeof args.at(-1) === 'function' ? method.withCallback : method.habit
    if (habit.promise) return this.#callPromise(method, habit, run, args)
    if (habit.stream) {
      const circuit = this.#rules.circuitOf(method.path)
      const refusal = !wouldAdmit(circuit) ? circuit.admit(undefined) : undefined
      if (typeof refusal === 'string') return this.#refuse(circuit, refusal, habit, args)
    }
    return this.#learn(method, habit, run(), args)
  }

  /** A result that is no concern of the guard, except that the client stays behind its stand-in. */
  #unguarded(value: unknown): unknown {
    if (!isObject(value)) return value
    if (value instanceof Promise && isPlain(value)) {
      return value.then((late: unknown) => this.#revealLate(late))
    }
    return this.standIns.get(value) ?? value
  }

  /** Only what a call gives tells what it was, so it has run by now. */
  #learn(method: Method, habit: ReturnProfile, result: unknown, args: readonly unknown[]): unknown {
    if (result instanceof Promise) {
      habit.promise = true
      habit.shape = Object.getPrototypeOf(result)
      const circuit = this.#rules.circuitOf(method.path)
      if (!wouldAdmit(circuit)) return this.#unguarded(result)
      const call = this.#begin(circuit, args)
      return typeof call === 'string' ? this.#unguarded(result) : call.guard(result)
    }
    return this.#handOut(result, method, habit)
  }

  #handOut(result: unknown, { path }: Method, habit: ReturnProfile): unknown {
    // A generator has not begun, so that its first item is soon enough to refuse.
    if (isStream(result) && !isGenerator(result)) {
      habit.stream = true
      habit.shape = Object.getPrototypeOf(result)
    }
    return this.reveal(result, longer(path, '()'))
  }

  #refuse(
    circuit: Circuit,
    refusal: RejectReason,
    habit: ReturnProfile,
    args: readonly unknown[],
  ): unknown {
    const refused = rejectCall(circuit, refusal, circuit.options.fallback, args)
    const plain = habit.shape === Promise.prototype && !habit.stream
    return plain ? refused : refusedAs(refused, habit.shape)
  }

  #callPromise(
    method: Method,
    habit: ReturnProfile,
    run: () => unknown,
    args: readonly unknown[],
  ): unknown {
    const circuit = this.#rules.circuitOf(method.path)
    const call = this.#begin(circuit, args)
    if (typeof call === 'string') return this.#refuse(circuit, call, habit, args)
    let result: unknown
    try {
      result = run()
    } catch (error) {
      return Promise.resolve(call.handlers.onRejected(error))
    }
    if (method.listed && !(result instanceof Promise) && isThenable(result)) {
      result = Promise.resolve(result)
    }
    if (result instanceof Promise) {
      habit.shape = Object.getPrototypeOf(result)
      return call.guard(result)
    }
    call.cancel()
    return this.#handOut(result, method, habit)
  }

  /** A call with a permit, or why there is none. */
  #begin(circuit: Circuit, args: readonly unknown[]) {
    const permit = circuit.admit(circuit.options.callTimeout)
    if (typeof permit === 'string') return permit
    return new ClientCall(circuit, permit, args, (value) => this.#revealLate(value))
  }

  /** Waits for something that does its work only when it is waited for, such as a query builder. */
  wait(method: Method, thenable: PromiseLike<unknown>): Promise<unknown> {
    const wait = (): Promise<unknown> =>
      new Promise((resolve, reject) => void thenable.then(resolve, reject))
    if (!method.guarded) return wait()
    return callAsync(this.#rules.circuitOf(method.path), wait, undefined, [])
  }

  /** Iterates something of the client's; the permit is held until the iteration ends. */
  iterate(method: Method, source: Source): AsyncIterator<unknown, unknown, unknown> {
    if (!method.guarded) return source[Symbol.asyncIterator]()
    return new StreamCall(this.#rules.circuitOf(method.path), []).startLazily(() => source)
  }
}

function wouldAdmit({ machine, clock }: Circuit): boolean {
  return machine.wouldAdmit(clock.now())
}

/** `users` covers `users.list` and `users().list`, but not `usersOf`. */
function covers(name: string, path: string): boolean {
  if (!path.startsWith(name)) return false
  return path.length === name.length || path[name.length] === '.' || path[name.length] === '('
}

export function longer(path: string, part: string): string {
  return path.length > LONGEST_PATH ? path : path + part
}
