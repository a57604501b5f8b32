import { describe, expect, it } from 'vitest'
import { createBreaker, reasonOf } from '../test/helpers/public.ts'
import { CircuitBreaker } from './circuit-breaker.ts'
import { type CircuitOpenError, isCircuitOpenError, isShortCircuitError } from './errors.ts'

/** The rejection of a breaker that `cause` has opened. */
async function rejection(cause: unknown): Promise<CircuitOpenError> {
  const { breaker } = createBreaker({ maxFailures: 1 })
  await breaker.run(() => Promise.reject(cause)).catch(() => {})
  return (await reasonOf(breaker.run(() => 1))) as CircuitOpenError
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

function circular(): object {
  const value: Record<string, unknown> = {}
  value['self'] = value
  return value
}

function thrower(): never {
  throw new Error('touched')
}

const causes: [string, () => unknown, unknown][] = [
  [
    'an error',
    () => Object.assign(new TypeError('x'), { code: 'E' }),
    error('TypeError', 'x', 'E'),
  ],
  [
    'an error with an object as its code',
    () => Object.assign(new Error('x'), { code: {} }),
    error('Error', 'x'),
  ],
  [
    'an error whose message is a symbol',
    () => withMessage(Symbol('x')),
    error('Error', 'Symbol(x)'),
  ],
  ['an error whose message is a bigint', () => withMessage(1n), error('Error', '1')],
  ['an error whose message can’t be shown', () => withMessage(Object.create(null)), 'unknown'],
  ['an object without a prototype', () => Object.create(null), '[object Object]'],
  ['a circular object', circular, '[object Object]'],
  ['an object with a toJSON that throws', () => ({ toJSON: thrower }), '[object Object]'],
  [
    'an object whose tag throws',
    () => ({
      get [Symbol.toStringTag]() {
        return thrower()
      },
    }),
    'unknown',
  ],
  ['a bigint', () => 10n, '10'],
  ['a symbol', () => Symbol('down'), 'Symbol(down)'],
  ['null', () => null, null],
  ['a string', () => 'down', 'down'],
  ['a number', () => 42, 42],
  ['a function', () => thrower, undefined],
  ['a class', () => class Down {}, undefined],
  ['a revoked proxy', revoked, 'unknown'],
  ['a proxy that throws', () => new Proxy(new Error('x'), { get: thrower }), 'unknown'],
]

describe('toJSON of a rejection', () => {
  it.each(causes)(
    'never throws, and says what it can, where the cause is %s',
    async (_, make, cause) => {
      const plain = JSON.parse(JSON.stringify(await rejection(make())))

      expect(plain).toMatchObject({
        name: 'CircuitOpenError',
        code: 'ERR_CIRCUIT_OPEN',
        state: 'open',
      })
      expect(plain.cause).toEqual(cause)
    },
  )

  it('has no cause where there is none', async () => {
    const { breaker } = createBreaker()
    breaker.trip()

    const plain = ((await reasonOf(breaker.run(() => 1))) as CircuitOpenError).toJSON()

    expect(plain).not.toHaveProperty('cause')
    expect(plain).toMatchObject({ reason: 'manual', retryAfter: 1_000, breaker: 'circuit' })
  })

  it('keeps what a logger has added to the error', async () => {
    const error = Object.assign(await rejection(new Error('x')), { requestId: 'r1' })

    expect(JSON.parse(JSON.stringify(error))).toMatchObject({ requestId: 'r1' })
  })
})

/** Odd things that a call may be rejected with, and what is kept of them. */
const odd: [string, () => unknown, object][] = [
  ['a class whose static name is no string', () => named(42), { name: 'function' }],
  ['an object of a class whose name is a number', () => new (named(42))(), { name: '42' }],
  [
    'an object of a class whose name is a symbol',
    () => new (named(Symbol('n')))(),
    { name: 'Symbol(n)' },
  ],
  ['an object of a class whose name is null', () => new (named(null))(), { name: 'object' }],
  ['an object without a prototype', () => Object.create(null), { name: 'object', message: '' }],
  [
    'an error whose name is a number',
    () => Object.assign(new Error('x'), { name: 42 }),
    { name: 'Error' },
  ],
  ['an error whose name is empty', () => Object.assign(new Error('x'), { name: '' }), { name: '' }],
  [
    'an error whose code is NaN',
    () => Object.assign(new Error('x'), { code: Number.NaN }),
    { message: 'x' },
  ],
  [
    'an error whose code is an object',
    () => Object.assign(new Error('x'), { code: {} }),
    { code: null },
  ],
  [
    'an error whose code is a bigint',
    () => Object.assign(new Error('x'), { code: 1n }),
    { code: null },
  ],
  ['an error whose message is an object', () => withMessage({}), { message: '[object Object]' }],
  ['undefined', () => undefined, { name: 'undefined', message: 'undefined' }],
  ['a symbol', () => Symbol('down'), { name: 'symbol', message: 'Symbol(down)' }],
]

async function openedBy(
  reason: unknown,
  redact?: (text: string) => string,
): Promise<CircuitBreaker> {
  const { breaker } = createBreaker({ maxFailures: 1, redact })
  await breaker.run(() => Promise.reject(reason)).catch(() => {})
  return breaker
}

describe('what is kept of a failure', () => {
  it.each(odd)('can be saved and continued, also through JSON, for %s', async (_, make, kept) => {
    const breaker = await openedBy(make())

    const saved = breaker.save()
    const read = JSON.parse(JSON.stringify(saved))

    expect(saved.trips[0]?.failures).toMatchObject([kept])
    expect([saved, read].map((value) => new CircuitBreaker({ saved: value }).state)).toEqual([
      'open',
      'open',
    ])
    expect(new CircuitBreaker({ saved: read }).explain().text).toContain('because')
  })

  it.each(['message', 'code', 'name'])('has a %s of at most 200 characters', async (key) => {
    const breaker = await openedBy(Object.assign(new Error('x'), { [key]: 'y'.repeat(10_000) }))

    const failure = breaker.save().trips[0]?.failures[0] as unknown as Record<string, string>

    expect(failure[key]).toBe('y'.repeat(200))
  })

  it.each(['message', 'code'])('has a %s that is redacted before it is cut', async (key) => {
    const error = Object.assign(new Error('x'), { [key]: `token=${'s'.repeat(300)} for ann` })
    const breaker = await openedBy(error, (text) => text.replace(/token=\w+/, 'token=***'))

    const failure = breaker.save().trips[0]?.failures[0] as unknown as Record<string, string>

    expect(failure[key]).toBe('token=*** for ann')
  })

  it.each<[string, () => unknown]>([
    ['throws', thrower],
    ['gives no string', () => ({})],
    ['gives nothing', () => undefined],
  ])('can be saved where redact %s', async (_, redact) => {
    const error = Object.assign(new Error('secret'), { code: 'secret' })
    const breaker = await openedBy(error, redact as () => string)

    const saved = breaker.save()

    expect(JSON.stringify(saved)).not.toContain('secret')
    expect(new CircuitBreaker({ saved }).state).toBe('open')
  })
})

function error(name: string, message: string, code?: string): object {
  return { name, message, ...(code && { code }) }
}

function withMessage(message: unknown): Error {
  return Object.defineProperty(new Error(), 'message', { value: message })
}

function named(name: unknown): new () => object {
  return Object.defineProperty(class {}, 'name', { value: name })
}

describe('an error that is posted to another worker', () => {
  it('arrives as another one, so that nothing takes it for a rejection of its own', async () => {
    const received = structuredClone(await rejection(new Error('down')))

    expect(received.message).toMatch(/^circuit .* is open/)
    expect(isCircuitOpenError(received)).toBe(false)
    expect(isShortCircuitError(received)).toBe(false)
  })

  it('arrives whole if its JSON is posted', async () => {
    const error = await rejection(new Error('down'))

    expect(structuredClone(error.toJSON())).toEqual({
      name: 'CircuitOpenError',
      message: error.message,
      code: 'ERR_CIRCUIT_OPEN',
      breaker: error.breaker,
      state: 'open',
      reason: 'consecutiveFailures',
      retryAfter: error.retryAfter,
      cause: { name: 'Error', message: 'down' },
    })
  })
})
