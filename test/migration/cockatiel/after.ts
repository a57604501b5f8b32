import { ConstantBackoff, handleWhen, retry } from 'cockatiel'
import { CircuitBreaker, isCallTimeoutError, isCircuitOpenError } from 'short-circuit'

export type Sent = 'sent' | 'invalid' | 'paused' | 'late' | 'failed'

export interface Mailer {
  send(to: string, signal?: AbortSignal): Promise<Sent>
  /** Returns the function that resumes. */
  pause(): () => void
  save(): string
}

class InvalidAddress extends Error {}

async function post(to: string, signal: AbortSignal): Promise<void> {
  const response = await fetch(`http://mail.internal/${to}`, { method: 'POST', signal })
  if (response.status === 400) throw new InvalidAddress(to)
  if (!response.ok) throw new Error(`mail answered ${response.status}`)
}

const isFailure = (error: unknown) => !(error instanceof InvalidAddress)

export function createMailer(log: (line: string) => void, saved?: string): Mailer {
  const breaker = new CircuitBreaker({
    name: 'mail',
    maxFailures: 3,
    resetTimeout: { initial: 1_000, factor: 2, max: 30_000, jitter: 0 },
    callTimeout: 2_000,
    classify: (settled) =>
      settled.status === 'rejected' && !isFailure(settled.reason) ? 'neutral' : undefined,
    saved: saved && JSON.parse(saved),
  })
  const retries = retry(
    handleWhen((error) => isFailure(error) && !isCircuitOpenError(error)),
    { maxAttempts: 2, backoff: new ConstantBackoff(100) },
  )
  breaker.on('transition', ({ to }) => log(to))

  return {
    async send(to, signal) {
      try {
        await retries.execute(
          (context) => breaker.run((own) => post(to, own), { signal: context.signal }),
          signal,
        )
        return 'sent'
      } catch (error) {
        if (error instanceof InvalidAddress) return 'invalid'
        if (isCircuitOpenError(error)) return 'paused'
        return isCallTimeoutError(error) ? 'late' : 'failed'
      }
    },
    pause() {
      const override = breaker.forceOpen()
      return () => override[Symbol.dispose]()
    },
    save: () => JSON.stringify(breaker.save()),
  }
}
