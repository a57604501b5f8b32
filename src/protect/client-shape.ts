// What can be known about a client's objects without running any of their code.
import { isPromise } from '../call/call.ts'
import { isEmittingStream } from '../call/emitting-stream.ts'
import { isClass } from '../call/functions.ts'
import { isStream, isWebStream, type Source } from '../call/stream-iterators.ts'
import { isThenable } from '../options/validate.ts'

/** Methods that close the client itself, which must be possible while the circuit is open. */
export const CLOSING_METHODS: ReadonlySet<PropertyKey> = new Set([
  '$disconnect',
  'close',
  'destroy',
  'disconnect',
  'dispose',
  'end',
  'quit',
  'shutdown',
  'terminate',
])

/** Methods that end a transaction or give a connection back: not to be rejected on its way. */
export const ENDING_METHODS: ReadonlySet<PropertyKey> = new Set([
  'abortTransaction',
  'commit',
  'commitTransaction',
  'endSession',
  'release',
  'rollback',
  'rollbackTransaction',
])

/**
 * True for a transaction, or what can begin one. False for a batch of writes with a `commit`, which is
 * its only request, and for an API that rolls something else back.
 */
export function isSession(object: object): boolean {
  const has = (name: string): boolean => hasMethod(object, name)
  if (has('endSession') || has('abortTransaction')) return true
  return (
    (has('commit') && has('rollback')) || (has('commitTransaction') && has('rollbackTransaction'))
  )
}

/**
 * True for a promise, or for a transaction that is awaited like one: it has begun when it is returned,
 * while other thenables begin when they are awaited.
 */
export function isBegun(value: unknown): value is Promise<unknown> {
  return isPromise(value) || (isThenable(value) && isSession(value))
}

export const QUEUE_ENDING_METHODS: ReadonlySet<PropertyKey> = new Set(['discard', 'exec'])

/** True for a client on which commands are queued from `multi` until `exec` or `discard`. */
export function isQueue(client: object): boolean {
  return ['multi', 'exec', 'discard'].every((name) => hasMethod(client, name))
}

/** Methods that take a statement or a command, and those that end a transaction. */
const ENDINGS = [
  [/(?:^|\.)(?:query|execute|exec|run|raw|unsafe)$/, /^\s*(?:commit|rollback|end|abort)\b/i],
  [/(?:^|\.)(?:call|sendCommand)$/, /^(?:exec|discard)$/i],
] as const

/** True for a statement that ends a transaction. */
export function endsTransaction(path: string, [statement]: readonly unknown[]): boolean {
  const ending = ENDINGS.find(([methods]) => methods.test(path))?.[1]
  if (ending === undefined && !(path === '' && Array.isArray(statement))) return false
  const { text, sql } = (isObject(statement) ? statement : {}) as { text?: unknown; sql?: unknown }
  // A template begins with its text, a command with its name.
  const written = text ?? sql ?? (Array.isArray(statement) ? statement[0] : statement)
  return typeof written === 'string' && (ending ?? ENDINGS[0][1]).test(written)
}

/** The methods by which a promise is awaited. */
export const PROMISE_METHODS: ReadonlySet<PropertyKey> = new Set(['then', 'catch', 'finally'])

/** What a promise may have beside those, in libraries in which a call can be given up. */
const GIVING_UP: ReadonlySet<PropertyKey> = new Set(['abort', 'cancel'])

/** True for a thenable, no promise, that is good for nothing but to be awaited or given up: begun or not. */
export function isPromiseLike(value: unknown): value is Promise<unknown> {
  if (!isObject(value) || !isThenable(value) || isStream(value)) return false
  return [...methodNames(value)].every((name) => PROMISE_METHODS.has(name) || GIVING_UP.has(name))
}

/** False for what was created without a class. */
export function isInstance(value: object): boolean {
  return value.constructor !== Object && value.constructor !== Function
}

export function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function'
}

/** True for a promise of any realm without members that other promises do not have. */
export function isPlainPromise(promise: Promise<unknown>): boolean {
  const prototype: unknown = Object.getPrototypeOf(promise)
  if (prototype !== Promise.prototype && !isPromisePrototype(prototype)) return false
  return Reflect.ownKeys(promise).length === 0
}

/** Those of subclasses inherit their `then`, or have one that is not native. */
function isPromisePrototype(prototype: unknown): boolean {
  const then = isObject(prototype) && Object.getOwnPropertyDescriptor(prototype, 'then')
  return isObject(then) && isNativeThen(then.value)
}

/** True for the `then` of the language, in any realm: calling it has no other effect. */
export function isNativeThen(then: unknown): boolean {
  if (then === Promise.prototype.then) return true
  if (typeof then !== 'function') return false
  return /^function then\(\)\s*\{\s*\[native code\]/.test(Function.prototype.toString.call(then))
}

/** True for the result of an async generator function: it runs when its first item is requested. */
export function isAsyncGenerator(value: unknown): boolean {
  return Object.prototype.toString.call(value) === '[object AsyncGenerator]'
}

/** True for a stream that goes on whether it is iterated or not. */
export function isRunning(stream: Source): boolean {
  if (isWebStream(stream) || 'readableFlowing' in stream) return true
  return isEmittingStream(stream) && !isCursor(stream)
}

/** True for what has events and is asked for its next item: it has not begun before that. */
export function isCursor(object: object): boolean {
  return 'next' in object && isStream(object) && isEmittingStream(object)
}

/** True for objects that may have methods that call the target: not data, not a built-in object. */
export function mayCallTarget(value: object): boolean {
  if (typeof value === 'function') return !isClass(value)
  const tag = Object.prototype.toString.call(value).slice(8, -1)
  // The methods of a Map, a Date, a URL, an Error, an array or bytes do not work on a proxy.
  if (tag !== 'Object' && typeof Reflect.get(globalThis, tag) === 'function') return false
  const prototype: unknown = Object.getPrototypeOf(value)
  const isPlain = prototype === null || prototype === Object.prototype
  return !isPlain || isStream(value) || hasMethods(value, NAMESPACE_DEPTH)
}

/** How deep to look for namespaces within namespaces. */
const NAMESPACE_DEPTH = 4

function hasMethods(value: object, depth: number): boolean {
  return Object.getOwnPropertyNames(value).some((key) => {
    const own = Reflect.getOwnPropertyDescriptor(value, key)
    if (own?.get !== undefined) return true
    // A proxy, as Prisma has for each model, may describe a method as undefined.
    const member: unknown = own?.value ?? Reflect.get(value, key)
    if (typeof member === 'function') return true
    return depth > 0 && isObject(member) && isInstanceOrNamespace(member, depth - 1)
  })
}

function isInstanceOrNamespace(value: object, depth: number): boolean {
  const isPlain = Object.getPrototypeOf(value) === Object.prototype
  return isPlain ? hasMethods(value, depth) : mayCallTarget(value)
}

/** True if looking up `key` on the object would find a method. Runs no getter. */
export function hasMethod(object: object, key: PropertyKey): boolean {
  for (let owner: object | null = object; owner !== null; owner = Object.getPrototypeOf(owner)) {
    const own = Object.getOwnPropertyDescriptor(owner, key)
    if (own !== undefined) return typeof own.value === 'function'
  }
  return false
}

/** The names of an object's methods, including those of its classes. */
export function methodNames(object: object): ReadonlySet<string> {
  const names = new Set<string>()
  let owner: object | null = object
  // Clients that are functions have the methods of emitters themselves.
  for (; owner === object || isSpecific(owner); owner = Object.getPrototypeOf(owner)) {
    for (const [name, { value: member }] of Object.entries(
      Object.getOwnPropertyDescriptors(owner),
    )) {
      if (typeof member === 'function' && name !== 'constructor' && !CLOSING_METHODS.has(name)) {
        names.add(name)
      }
    }
  }
  return names
}

/** False for prototypes whose methods unrelated objects share: those of emitters, for example. */
function isSpecific(prototype: object | null): prototype is object {
  if (prototype === null || prototype === Object.prototype || prototype === Function.prototype) {
    return false
  }
  return !(Object.hasOwn(prototype, 'emit') && Object.hasOwn(prototype, 'removeListener'))
}

/** True for an instance of a class with a method of one of these names: a connection from a pool. */
export function sharesMethods(value: object, names: ReadonlySet<string>): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === null || prototype === Object.prototype || !mayCallTarget(value)) return false
  for (const name of methodNames(value)) if (names.has(name)) return true
  return false
}
