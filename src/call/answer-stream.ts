import type { Circuit } from '../circuit/circuit.ts'
import type { AdmittedPermit, SettleHandlers } from '../circuit/settle-handlers.ts'
import { synchronous, wrongType } from '../options/validate.ts'
import type { AnyFallback, CallOptions } from '../options.ts'
import type { CallSignal } from './call-signal.ts'
import { withFallback } from './fallback.ts'
import { GuardedStream } from './guarded-stream.ts'
import { Settlement } from './settlement.ts'
import { isStream, type Source } from './stream-iterators.ts'

/** The options of a call whose answer goes on in a stream. */
export type StreamingCall = CallOptions<unknown> & {
  readonly stream: NonNullable<CallOptions['stream']>
}

/** Settles such a call at its end, or when the stream ends that its result has as a part. */
export function untilStreamEnds(
  circuit: Circuit,
  permit: AdmittedPermit,
  fallback: AnyFallback | undefined,
  args: readonly unknown[],
  call: StreamingCall,
  own: CallSignal | undefined,
): SettleHandlers {
  const settlement = new Settlement(circuit, permit, call.signal, call, own)
  const { onRejected } = settlement
  const onFulfilled = (value: unknown): unknown => {
    if (!settlement.answers(value)) return value
    let result = value
    let guarded: GuardedStream | undefined
    const guard = (source: unknown): Source => {
      if (!isStream(source)) throw wrongType('what guard is passed', 'a stream', source)
      guarded = new GuardedStream(circuit, settlement)
      own?.unfollow()
      own?.follow(guarded)
      return guarded.handOut(source)
    }
    try {
      result = synchronous('stream', call.stream(value, guard as never))
    } catch (error) {
      circuit.report(error, 'stream')
    }
    if (guarded === undefined) settlement.settle({ status: 'fulfilled', value })
    return result
  }
  const handlers = { onFulfilled, onRejected }
  return fallback === undefined ? handlers : withFallback(circuit, handlers, fallback, args)
}
