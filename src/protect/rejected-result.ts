import { rejectCall } from '../call/call.ts'
import type { AnyFunction } from '../call/functions.ts'
import { rejectedLike, rejectedStream } from '../call/rejected-stream.ts'
import { iteratorOf } from '../call/stream-iterators.ts'
import type { Circuit } from '../circuit/circuit.ts'
import type { FailedCall } from '../circuit/rejected-call.ts'
import type { RejectReason } from '../core/measure/counters.ts'
import { rejectCallback } from './callback-call.ts'
import type { ReturnProfile } from './client-method.ts'
import type { Originals } from './originals.ts'

/** Rejects a call of a method. Returns what looks like what the method has returned so far. */
export function rejectedResult(
  circuit: Circuit,
  rejectReason: RejectReason,
  profile: ReturnProfile,
  args: readonly unknown[],
  callback: AnyFunction | undefined,
  originals?: Originals,
): unknown {
  const rejection = rejectCall(circuit, rejectReason, circuit.options.fallback, args)
  if (callback !== undefined) {
    rejectCallback(rejection, callback)
    // It may return a promise as well.
    if (profile.isPlain || !profile.callsBack) return rejection
    if (profile.hasMethod === undefined) return undefined
  }
  const iterate = () => iteratorOf(rejection, noStream)
  if (profile.running !== undefined) return rejectedStream(iterate(), profile.running)
  if (profile.isPlain && !profile.returnsStreams) return rejection
  const items = { [Symbol.asyncIterator]: iterate }
  const result = rejectedLike(rejection, items, profile.hasMethod) as object
  // Without a part of it, a call that it is passed to would be another one.
  const pass = (): RejectReason => {
    profile.isPart = true
    return rejectReason
  }
  originals?.set(result, result, { pass })
  return result
}

const noStream: FailedCall = {
  createError: () => new TypeError('the fallback did not return an async iterable'),
}
