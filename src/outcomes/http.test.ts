import { describe, expect, it } from 'vitest'
import { CallTimeoutError, CircuitBreaker } from '../index.ts'
import { createFullError, createOpenError } from '../testing/index.ts'
import { http, httpOutcomes } from './http.ts'

const fulfilled = (value: unknown) => ({ status: 'fulfilled', value }) as const
const rejected = (reason: unknown) => ({ status: 'rejected', reason }) as const

function withCode(code: string, about: object = {}): Error {
  return Object.assign(new Error(code), { code, ...about })
}

describe('http', () => {
  it.each([
    ...[200, 204, 301, 304, 400, 401, 403, 404, 409, 422, 499, 501, 505].map((status) => ({
      status,
      outcome: 'success',
    })),
    ...[408, 500, 502, 503, 504, 507, 529, 599].map((status) => ({ status, outcome: 'failure' })),
    { status: 429, outcome: 'neutral' },
  ])('takes $status for a $outcome, in each of the shapes that clients have', (row) => {
    const { status, outcome } = row
    const answers = [
      new Response(null, { status }),
      { status, data: '' },
      { statusCode: status, body: '' },
    ]
    const errors = [
      Object.assign(new Error('of axios'), { response: { status } }),
      Object.assign(new Error('of got'), { response: { statusCode: status } }),
      Object.assign(new Error('of an SDK'), { status }),
      Object.assign(new Error('of node'), { statusCode: status }),
      new Error('wrapped', { cause: Object.assign(new Error('of an SDK'), { status }) }),
    ]

    expect([
      ...answers.map((answer) => http(fulfilled(answer))),
      ...errors.map((error) => http(rejected(error))),
    ]).toEqual(Array(8).fill(outcome))
  })

  it('takes a connection that dies after a status for what it is, unless the status has failed', () => {
    const died = (status: number, code: string) =>
      http(rejected(Object.assign(new Error('aborted'), { code, response: { status } })))

    expect(died(200, 'ECONNRESET')).toBe('failure')
    expect(died(302, 'ECONNRESET')).toBe('failure')
    expect(died(200, 'EMFILE')).toBe('cancelled')
    expect(died(200, 'ERR_OTHER')).toBe('success')
    expect(died(404, 'ECONNRESET')).toBe('success')
    expect(died(503, 'EMFILE')).toBe('failure')
  })

  it.each([
    { headers: { 'retry-after': '30' } },
    { headers: { 'retry-after': 'Wed, 21 Oct 2099 07:28:00 GMT' } },
    { headers: { 'retry-after-ms': '1500' } },
  ])('takes 429 for a failure where the server says when to come back: %j', ({ headers }) => {
    expect([
      http(fulfilled(new Response('', { status: 429, headers }))),
      http(fulfilled({ status: 429, headers })),
      http(rejected(Object.assign(new Error(), { status: 429, headers }))),
      http(rejected(Object.assign(new Error(), { response: { status: 429, headers } }))),
    ]).toEqual(Array(4).fill('failure'))
  })

  it.each(['success', 'failure', 'neutral', 'trip'] as const)(
    'takes 429 for a %s if told so',
    (outcome) => {
      const classifier = httpOutcomes({ tooManyRequests: outcome })
      const headers = { 'retry-after': '30' }

      expect(classifier(fulfilled({ status: 429 }))).toBe(outcome)
      expect(classifier(fulfilled({ status: 429, headers }))).toBe(outcome)
      expect(classifier(fulfilled({ status: 503 }))).toBe('failure')
    },
  )

  it.each([
    ['ECONNREFUSED', 'failure'],
    ['ECONNRESET', 'failure'],
    ['ECONNABORTED', 'failure'],
    ['ENOTFOUND', 'failure'],
    ['EAI_AGAIN', 'failure'],
    ['EPIPE', 'failure'],
    ['ETIMEDOUT', 'failure'],
    ['EHOSTUNREACH', 'failure'],
    ['ENETUNREACH', 'failure'],
    ['UND_ERR_CONNECT_TIMEOUT', 'failure'],
    ['UND_ERR_HEADERS_TIMEOUT', 'failure'],
    ['UND_ERR_BODY_TIMEOUT', 'failure'],
    ['UND_ERR_SOCKET', 'failure'],
    ['EMFILE', 'cancelled'],
    ['ENFILE', 'cancelled'],
    ['ENOMEM', 'cancelled'],
    ['ENOBUFS', 'cancelled'],
    ['EADDRNOTAVAIL', 'cancelled'],
    ['ERR_INVALID_URL', 'cancelled'],
    ['ERR_INVALID_ARG_TYPE', 'cancelled'],
    ['ERR_INVALID_ARG_VALUE', 'cancelled'],
    ['UND_ERR_INVALID_ARG', 'cancelled'],
    ['UND_ERR_DESTROYED', 'cancelled'],
    ['UND_ERR_CLOSED', 'cancelled'],
    ['UND_ERR_NOT_SUPPORTED', 'cancelled'],
    ['UND_ERR_REQ_CONTENT_LENGTH_MISMATCH', 'cancelled'],
    ['ERR_BAD_OPTION', 'cancelled'],
    ['ERR_BAD_OPTION_VALUE', 'cancelled'],
    ['ERR_SOMETHING_ELSE', undefined],
  ])('takes %s for %s, also as a cause', (code, outcome) => {
    const wrapped = new TypeError('fetch failed', { cause: withCode(code) })
    const perAddress = Object.assign(new AggregateError([withCode(code)]), { code: undefined })

    expect([
      http(rejected(withCode(code))),
      http(rejected(wrapped)),
      http(rejected(new TypeError('fetch failed', { cause: perAddress }))),
    ]).toEqual([outcome, outcome, outcome])
  })

  it.each([
    undefined,
    null,
    'text',
    42,
    {},
    { status: 'ok' },
    { status: 42 },
    { status: Number.NaN },
  ])('says nothing of a value without a status: %j', (value) => {
    expect(http(fulfilled(value))).toBeUndefined()
    expect(http(rejected(value))).toBeUndefined()
  })

  it.each([
    ['an open circuit', createOpenError()],
    ['a full one', createFullError()],
    ['one below a client', new TypeError('fetch failed', { cause: createOpenError() })],
    [
      'one below a client that says 500',
      Object.assign(new Error('500', { cause: createOpenError() }), { status: 500 }),
    ],
  ])('is no evidence when a call was rejected by %s', (_, error) => {
    expect(http(rejected(error))).toBe('cancelled')
  })

  it('takes the timeout of another breaker for a failure', async () => {
    const inner = new CircuitBreaker({ callTimeout: 1 })
    const error = await inner.run(() => new Promise(() => {})).catch((error: unknown) => error)

    expect(error).toBeInstanceOf(CallTimeoutError)
    expect(http(rejected(error))).toBe('failure')
  })

  it('survives causes in a circle, proxies and getters that throw', () => {
    const circle = new Error('circle')
    circle.cause = circle
    const hostile = {
      get status(): number {
        throw new Error('mine')
      },
    }
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()

    expect(http(rejected(circle))).toBeUndefined()
    expect(http(fulfilled(hostile))).toBeUndefined()
    expect(http(rejected(proxy))).toBeUndefined()
  })
})
