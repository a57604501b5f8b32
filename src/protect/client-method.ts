import { type AnyFunction, tagOf } from '../call/functions.ts'
import type { StreamProfile } from '../call/rejected-stream.ts'
import { isWebStream } from '../call/stream-iterators.ts'
import {
  CLOSING_METHODS,
  ENDING_METHODS,
  hasMethod,
  isBegun,
  isCursor,
  isPlainPromise,
  isQueue,
  isSession,
  QUEUE_ENDING_METHODS,
} from './client-shape.ts'

/** What a method has returned so far, which decides how its next call is guarded. */
export interface ReturnProfile {
  /** It has returned a promise: its calls are admitted before they run. */
  returnsPromises: boolean
  /** It has returned a stream: the first item takes the permit, but a rejection comes at once. */
  returnsStreams: boolean
  /** It has returned a stream of Node or of the web, which runs however it is read. */
  running: StreamProfile | undefined
  /** It calls its callback back; undefined until that is known. */
  callsBack: boolean | undefined
  /** How many of its promises have ended before the function that was passed to it was called. */
  silentEnds: number
  /** It has returned promises without further members. */
  isPlain: boolean
  /** It has been reported that a call was not guarded. */
  reported: boolean
  /** Its promises have been passed to other calls: they do nothing before they are used. */
  isPart: boolean
  /** Whether the promise or stream that it returned last has a method. */
  hasMethod: ((key: PropertyKey) => boolean) | undefined
}

/** One method of the client, by its path. */
export interface Method {
  readonly path: string
  readonly isGuarded: boolean
  /** It is among the option `methods`. */
  readonly isListed: boolean
  /** A method of what it returns is. */
  readonly leadsToListed: boolean
  /** It belongs to a connection or a transaction, or ends one: its calls are never rejected. */
  readonly onSession: boolean
  /** It connects what has not been admitted, also if that is a connection. */
  readonly isCheckout: boolean
  readonly profile: ReturnProfile
  /** For calls whose last argument is a function: a callback often replaces the promise. */
  readonly profileWithCallback: ReturnProfile
}

/** One call of a method. */
export interface MethodCall {
  readonly method: Method
  readonly profile: ReturnProfile
  readonly self: unknown
  readonly args: readonly unknown[]
  /** Runs it with these arguments, by default those of its caller. */
  readonly run: (passed?: readonly unknown[]) => unknown
}

/** Where an object of the client is, and what it is. */
export interface Place {
  readonly path: string
  /** It is the client, or like it. */
  readonly root: boolean
  /** It is a connection or a transaction. */
  readonly session: boolean
}

export interface MethodRules {
  readonly methods: readonly string[] | undefined
  readonly except: readonly string[]
}

/** `owner` is what has the method; undefined for what is called, awaited or iterated itself. */
export function createMethod(
  { path, root }: Place,
  fn: AnyFunction,
  owner: object | undefined,
  { methods, except }: MethodRules,
): Method {
  const isListed = methods?.includes(path) === true
  const isChosen = methods === undefined || methods.some((name) => covers(name, path))
  const name = path.slice(path.lastIndexOf('.') + 1)
  const canBeClosed = root || (owner !== undefined && isCursor(owner))
  const isClosing = canBeClosed && CLOSING_METHODS.has(root ? path : name) && !isListed
  const isAsync = tagOf(fn) === 'AsyncFunction'
  const declared = declaredMembers(methods, path)
  const profile = (): ReturnProfile => ({
    returnsPromises: isListed || isAsync,
    returnsStreams: false,
    running: undefined,
    callsBack: undefined,
    silentEnds: 0,
    isPlain: isAsync,
    reported: false,
    isPart: false,
    hasMethod: declared && ((key) => declared.includes(key)),
  })
  return {
    path,
    isGuarded: isChosen && !isClosing && !except.some((name) => covers(name, path)),
    isListed,
    leadsToListed: methods?.some((name) => name.startsWith(`${path}(`)) === true,
    onSession: owner !== undefined && isEnding(owner, name, root),
    isCheckout: name === 'connect',
    profile: profile(),
    profileWithCallback: profile(),
  }
}

/** Whether a method ends a transaction. */
function isEnding(owner: object, name: string, root: boolean): boolean {
  if (ENDING_METHODS.has(name)) return isSession(owner)
  // A list of commands that is sent by its `exec` has not begun before.
  return root && QUEUE_ENDING_METHODS.has(name) && isQueue(owner)
}

/** What is listed of the object that a method returns, as `get().json`; undefined for nothing. */
function declaredMembers(
  methods: readonly string[] = [],
  path: string,
): readonly PropertyKey[] | undefined {
  const prefix = `${path}().`
  const members = methods.filter((name) => name.startsWith(prefix))
  if (members.length === 0) return undefined
  return members.map((name) => name.slice(prefix.length).replace(/[.(].*/, ''))
}

/** Keeps what kind of promise or stream a method has returned. */
export function remember(
  profile: ReturnProfile,
  result: object,
  isPromised: boolean = isBegun(result),
): void {
  if (isPromised) {
    profile.returnsPromises = true
    profile.isPlain = isPlainPromise(result as Promise<unknown>)
    if (!profile.isPlain) rememberMethods(profile, result)
    return
  }
  profile.returnsStreams = true
  const web = isWebStream(result)
  if (web || 'readableFlowing' in result) profile.running = { promise: false, web }
  else rememberMethods(profile, result)
}

/** Keeps which methods an object has, without keeping the object. */
export function rememberMethods(profile: ReturnProfile, result: object): void {
  const prototype: object | null = Object.getPrototypeOf(result)
  const own = new Set<PropertyKey>(Reflect.ownKeys(result).filter((key) => hasMethod(result, key)))
  profile.hasMethod = (key) => own.has(key) || (prototype !== null && hasMethod(prototype, key))
}

/** `users` covers `users.list` and `users().list`, but not `usersOf`. */
function covers(name: string, path: string): boolean {
  if (!path.startsWith(name)) return false
  return path.length === name.length || path[name.length] === '.' || path[name.length] === '('
}

/** Each call in a chain makes the path longer, up to this length. */
const LONGEST_PATH = 200

export function appendPath(path: string, part: string): string {
  return path.length > LONGEST_PATH ? path : path + part
}
