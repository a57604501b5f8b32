import { type CircuitBreakerOptions, CircuitOpenError } from '../src/index.ts'
import { type Now, sleepUntil } from './time.ts'

export type Result = 'ok' | 'failed' | 'rejected'

/** One call as its caller lived it, in ms since the start. */
export interface Call {
  startedAt: number
  /** Absent, like the result, while the caller waits. */
  endedAt?: number
  result?: Result
}

/** The request itself, to the last byte of the answer. */
export async function ask(url: string, signal?: AbortSignal): Promise<number> {
  const response = await fetch(url, { signal: signal ?? null })
  await response.text()
  return response.status
}

/** An answer that says that the server could not do it. */
export const failedIf500: NonNullable<CircuitBreakerOptions['classify']> = (call) =>
  call.status === 'fulfilled' && Number(call.value) >= 500 ? 'failure' : undefined

/**
 * Sends calls at a steady rate, whatever becomes of the earlier ones, as independent users do, and
 * writes them into `calls`. Resolves when it is over and the last one sent before has ended.
 */
export async function sendTraffic(
  send: () => Promise<number>,
  {
    calls,
    perSecond,
    isOver,
    now,
    isRejection = (error) => error instanceof CircuitOpenError,
  }: {
    calls: Call[]
    perSecond: number
    isOver: () => boolean
    now: Now
    isRejection?: (error: unknown) => boolean
  },
): Promise<void> {
  const waiting = new Set<Promise<void>>()
  const spacing = 1_000 / perSecond
  for (let due = now(); !isOver(); due += spacing) {
    // Due times are absolute: a late timer is made up for and does not lower the rate.
    await sleepUntil(due, now)
    const call: Call = { startedAt: now() }
    calls.push(call)
    const ended = send().then(
      (status) => settle(call, status < 500 ? 'ok' : 'failed', now()),
      (error) => settle(call, isRejection(error) ? 'rejected' : 'failed', now()),
    )
    waiting.add(ended)
    void ended.then(() => waiting.delete(ended))
  }
  await Promise.all(waiting)
}

function settle(call: Call, result: Result, at: number): void {
  call.result = result
  call.endedAt = at
}
