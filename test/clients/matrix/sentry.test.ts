import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CircuitRegistry, isCircuitFullError, isCircuitOpenError } from '../../../src/index.ts'
import { reasonOf } from '../../helpers/public.ts'

interface Event {
  readonly exception?: { readonly values: readonly { readonly value: string }[] }
  readonly breadcrumbs?: readonly { readonly category?: string; readonly message?: string }[]
}

// The recipe of docs/observability.md, with the real SDK and events that go nowhere.
describe('the recipe for Sentry', () => {
  let sentry: typeof import('@sentry/node')
  let circuits: CircuitRegistry
  let sent: Event[]
  beforeEach(async () => {
    sentry = await import('@sentry/node')
    circuits = new CircuitRegistry({ defaults: { maxFailures: 1 } })
    sent = []
    function wasRejected(error: unknown, depth = 0): boolean {
      if (isCircuitOpenError(error) || isCircuitFullError(error)) return true
      return error instanceof Error && depth < 5 && wasRejected(error.cause, depth + 1)
    }
    sentry.init({
      dsn: 'http://key@127.0.0.1:1/1',
      defaultIntegrations: false,
      transport: () => ({
        send: async ([, items]: unknown[]) => {
          for (const [{ type }, payload] of items as [{ type: string }, Event][]) {
            if (type === 'event') sent.push(payload)
          }
          return {}
        },
        flush: async () => true,
      }),
      beforeSend: (event: Event, { originalException }: { originalException?: unknown }) =>
        wasRejected(originalException) ? null : event,
    } as never)
    circuits.on('transition', ({ breaker, from, to, reason }) => {
      const level = to === 'open' ? 'warning' : 'info'
      const message = `${breaker}: ${from} to ${to} (${reason})`
      sentry.addBreadcrumb({ category: 'circuit', level, message })
    })
  })
  afterEach(() => sentry.close())

  it('drops rejections, whatever has wrapped them, and keeps what opened the circuit', async () => {
    const users = circuits.breaker('users')
    const down = await reasonOf(users.run(() => Promise.reject(new Error('down'))))
    const rejected = await reasonOf(users.run(() => 'never runs'))
    sentry.captureException(down)
    sentry.captureException(rejected)
    sentry.captureException(new TypeError('fetch failed', { cause: rejected }))
    sentry.captureException(new Error('no user', { cause: new Error('x', { cause: rejected }) }))
    await sentry.flush()

    expect(sent.map(({ exception }) => exception?.values.at(-1)?.value)).toEqual(['down'])
    expect(sent[0]?.breadcrumbs).toMatchObject([
      { category: 'circuit', message: 'users: closed to open (consecutiveFailures)' },
    ])
  })
})
