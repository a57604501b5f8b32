import {
  ConsecutiveBreaker,
  ConstantBackoff,
  circuitBreaker,
  ExponentialBackoff,
  handleWhen,
  isBrokenCircuitError,
  isTaskCancelledError,
  noJitterGenerator,
  retry,
  TimeoutStrategy,
  timeout,
  wrap,
} from 'cockatiel'

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
  const breaker = circuitBreaker(handleWhen(isFailure), {
    halfOpenAfter: new ExponentialBackoff({
      initialDelay: 1_000,
      exponent: 2,
      maxDelay: 30_000,
      generator: noJitterGenerator,
    }),
    breaker: new ConsecutiveBreaker(3),
    initialState: saved && JSON.parse(saved),
  })
  const retries = retry(
    handleWhen((error) => isFailure(error) && !isBrokenCircuitError(error)),
    { maxAttempts: 2, backoff: new ConstantBackoff(100) },
  )
  const limit = timeout(2_000, TimeoutStrategy.Aggressive)
  const policy = wrap(retries, breaker, limit)
  breaker.onBreak(() => log('open'))
  breaker.onHalfOpen(() => log('half-open'))
  breaker.onReset(() => log('closed'))

  return {
    async send(to, signal) {
      try {
        await policy.execute((context) => post(to, context.signal), signal)
        return 'sent'
      } catch (error) {
        if (error instanceof InvalidAddress) return 'invalid'
        if (isBrokenCircuitError(error)) return 'paused'
        return isTaskCancelledError(error) ? 'late' : 'failed'
      }
    },
    pause() {
      const isolated = breaker.isolate()
      return () => isolated.dispose()
    },
    save: () => JSON.stringify(breaker.toJSON()),
  }
}
