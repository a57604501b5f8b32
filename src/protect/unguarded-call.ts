import { isObservable } from '../call/follow.ts'
import { isStream } from '../call/stream-iterators.ts'
import { LEAVING_METHODS } from '../call/stream-proxy.ts'
import type { Circuit } from '../circuit/circuit.ts'
import { show } from '../options/validate.ts'
import { isCallback } from './callback-call.ts'
import type { Method } from './client-method.ts'
import { hasMethod, isBegun, isObject, isRunning } from './client-shape.ts'

/**
 * True for a call that its callback alone ends, of a method that is not listed: one whose other calls
 * return promises, or that returns a stream or something by which it can be cancelled. Listeners and
 * functions over items do not look like that.
 */
export function endsUnseen(
  { isListed, profile }: Method,
  callback: unknown,
  result: unknown,
  self: unknown,
): boolean {
  if (isListed || !isCallback(callback)) return false
  if (isBegun(result) || isObservable(result)) return false
  if (profile.returnsPromises) return true
  return isObject(result) && result !== self && isUnderWay(result)
}

function isUnderWay(result: object): boolean {
  if (isStream(result)) return isRunning(result)
  return [...LEAVING_METHODS].some((name) => hasMethod(result, name))
}

/** Says once of a method that its call ends unseen. */
export function reportUnseen(circuit: Circuit, method: Method): void {
  report(circuit, method, 'was called with a callback: list it in `methods`, or it is not guarded')
}

/** Says once of a listed method that it returned what cannot be guarded. */
export function reportUnguardable(circuit: Circuit, method: Method, result: unknown): void {
  report(circuit, method, `returned ${show(result)}, which cannot be guarded`)
}

function report(circuit: Circuit, { path, profile }: Method, what: string): void {
  if (profile.reported) return
  profile.reported = true
  circuit.report(new TypeError(`${show(path)} ${what}`), 'protect')
}
