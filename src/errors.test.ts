import { describe, expect, it } from 'vitest'
import { createBreaker, fail, hang, reasonOf } from '../test/helpers/public.ts'
import {
  CallTimeoutError,
  CircuitFullError,
  CircuitOpenError,
  isCallTimeoutError,
  isCircuitFullError,
  isCircuitOpenError,
  isRejection,
  isShortCircuitError,
  ShortCircuitError,
} from './errors.ts'

async function openError(cause: unknown = new Error('down')): Promise<CircuitOpenError> {
  const { breaker } = createBreaker({ name: 'users', maxFailures: 1 })
  await fail(breaker, cause)
  return (await reasonOf(breaker.run(() => 1))) as CircuitOpenError
}

async function fullError(): Promise<CircuitFullError> {
  const { breaker } = createBreaker({ name: 'users', maxConcurrent: 1 })
  const call = hang(breaker)
  const error = await reasonOf(breaker.run(() => 1))
  await call.release()
  return error as CircuitFullError
}

async function timeoutError(): Promise<CallTimeoutError> {
  const { breaker, clock } = createBreaker({ name: 'users', callTimeout: 50 })
  const call = hang(breaker)
  await clock.advance(50)
  return (await call.result) as CallTimeoutError
}

describe.each([
  ['CircuitOpenError', CircuitOpenError, isCircuitOpenError, 'ERR_CIRCUIT_OPEN', openError],
  ['CircuitFullError', CircuitFullError, isCircuitFullError, 'ERR_CIRCUIT_FULL', fullError],
  ['CallTimeoutError', CallTimeoutError, isCallTimeoutError, 'ERR_CALL_TIMEOUT', timeoutError],
] as const)('%s', (name, Class, is, code, make) => {
  it('has a name, a code and the name of the breaker', async () => {
    expect(await make()).toMatchObject({ name, code, breaker: 'users' })
    expect(Object.keys(await make())).not.toContain('name')
  })

  it('is an Error and a ShortCircuitError, and so say the predicates', async () => {
    const error = await make()

    expect(error).toBeInstanceOf(Class)
    expect(error).toBeInstanceOf(ShortCircuitError)
    expect(error).toBeInstanceOf(Error)
    expect([is(error), isShortCircuitError(error)]).toEqual([true, true])
    expect(Object.prototype.toString.call(error)).toBe('[object Error]')
  })

  it('is none of the other classes', async () => {
    const error = await make()
    const classes = [CircuitOpenError, CircuitFullError, CallTimeoutError]

    expect(classes.filter((value) => error instanceof value)).toEqual([Class])
  })

  it('has a stack that says what it is, and no frames', async () => {
    const { message, stack } = await make()

    expect(stack).toBe(`${name}: ${message}`)
  })

  it('goes into logs as plain data', async () => {
    const logged = JSON.parse(JSON.stringify(await make()))

    expect(logged).toMatchObject({ name, code, breaker: 'users', message: expect.any(String) })
    expect(logged).not.toHaveProperty('stack')
  })

  it('can be subclassed: an object of the class is none of the subclass', async () => {
    class Own extends Class {}

    expect(await make()).not.toBeInstanceOf(Own)
    expect(Object.create(Own.prototype)).toBeInstanceOf(Own)
    expect(Object.create(Own.prototype)).toBeInstanceOf(Class)
  })
})

describe('ShortCircuitError', () => {
  it.each([undefined, null, 1, 'ERR_CIRCUIT_OPEN', {}, [], new Error('other'), () => {}])(
    'is not %s',
    (value) => {
      expect([
        isShortCircuitError(value),
        isCircuitOpenError(value),
        isCircuitFullError(value),
        isCallTimeoutError(value),
      ]).toEqual([false, false, false, false])
    },
  )

  it('is not an object that merely has its code', () => {
    expect(isCircuitOpenError({ name: 'CircuitOpenError', code: 'ERR_CIRCUIT_OPEN' })).toBe(false)
  })

  it('leaves the stacks of other errors alone', async () => {
    const limit = Error.stackTraceLimit

    await openError()

    expect(Error.stackTraceLimit).toBe(limit)
    expect(new Error('mine').stack).toContain('errors.test.ts')
  })
})

describe('CircuitOpenError', () => {
  it('tells why in its message', async () => {
    const { message } = await openError()

    expect(message).toBe('circuit "users" is open because 1 call failed (limit 1)')
  })

  it('has the failure that opened the circuit as its cause, also in logs', async () => {
    const down = Object.assign(new TypeError('down'), { code: 'ECONNRESET' })
    const error = await openError(down)

    expect(error.cause).toBe(down)
    expect(error.toJSON()['cause']).toEqual({
      name: 'TypeError',
      code: 'ECONNRESET',
      message: 'down',
    })
  })

  it('has no cause when it was tripped by hand', async () => {
    const { breaker } = createBreaker()
    breaker.trip()

    const error = (await reasonOf(breaker.run(() => 1))) as CircuitOpenError

    expect(error.cause).toBeUndefined()
    expect(error.toJSON()).not.toHaveProperty('cause')
  })

  it('of a half-open circuit tells when the probe is given up', async () => {
    const { breaker, clock } = createBreaker({ recovery: { timeout: 400 } })
    breaker.trip()
    await clock.advance(1_000)
    const probe = hang(breaker)

    await clock.advance(150)
    const error = await reasonOf(breaker.run(() => 1))
    await probe.release()

    expect(error).toMatchObject({ state: 'half-open', retryAfter: 250, reason: 'manual' })
    expect((error as Error).message).toContain('half-open with all probes in flight')
  })

  it('is a new one for every call', async () => {
    const { breaker } = createBreaker()
    breaker.trip()

    const errors = [await reasonOf(breaker.run(() => 1)), await reasonOf(breaker.run(() => 1))]

    expect(errors[0]).not.toBe(errors[1])
    expect(errors[0]).toEqual(errors[1])
  })
})

describe('isRejection', () => {
  it.each([
    ['CircuitOpenError', openError, true],
    ['CircuitFullError', fullError, true],
    ['CallTimeoutError', timeoutError, false],
    ['any other error', () => new Error('down'), false],
    ['null', () => null, false],
  ] as const)('tells whether a breaker rejected, given %s: %s', async (_, make, expected) => {
    expect(isRejection(await make())).toBe(expected)
  })

  const aggregate = async (...makes: readonly (() => unknown)[]): Promise<AggregateError> =>
    new AggregateError(await Promise.all(makes.map((make) => make())), 'none is left')
  const down = (): Error => new Error('down')

  it.each<[string, () => unknown, boolean]>([
    ['rejections', () => aggregate(openError, fullError), true],
    ['one rejection', () => aggregate(openError), true],
    ['what rejections have caused', () => aggregate(async () => wrapped(await openError())), true],
    ['rejections within others', () => aggregate(() => aggregate(fullError), openError), true],
    ['rejections and a failure', () => aggregate(openError, down, fullError), false],
    ['rejections and a timeout', () => aggregate(openError, timeoutError), false],
    ['no errors', () => aggregate(), false],
    ['rejections, with another cause', async () => caused(await aggregate(openError)), false],
    ['itself', async () => circle(await aggregate(openError)), false],
    ['itself twice', async () => circle(circle(await aggregate())), false],
  ])('tells whether all that it is made of is rejections, given %s', async (_, make, expected) => {
    expect(isRejection(await make())).toBe(expected)
    expect(isRejection(wrapped(await make()))).toBe(expected)
  })

  function wrapped(cause: unknown): Error {
    return new Error('wrapped', { cause })
  }

  function caused(error: AggregateError): AggregateError {
    return Object.assign(error, { cause: down() })
  }

  function circle(error: AggregateError): AggregateError {
    error.errors.push(error)
    return error
  }

  it('tells so of what objects that are no errors list, and of errors that throw when they are read', async () => {
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()

    expect(isRejection({ errors: [await openError()] })).toBe(true)
    expect(isRejection({ errors: 'ERR_CIRCUIT_OPEN' })).toBe(false)
    expect(isRejection(new AggregateError([await openError(), proxy]))).toBe(false)
    expect(isRejection(proxy)).toBe(false)
  })
})

describe('an outer breaker', () => {
  it('has no evidence from alternatives that were all rejected, and some from one that has failed', async () => {
    const { breaker: outer } = createBreaker({ name: 'outer', maxFailures: 1 })
    const replicas = ['a', 'b'].map((name) => createBreaker({ name, maxFailures: 1 }).breaker)
    const any = () =>
      outer.run(() =>
        Promise.any(replicas.map((it) => it.run(() => Promise.reject(new Error('down'))))),
      )
    for (const replica of replicas) replica.trip()

    await reasonOf(any())
    const [before, { counts }] = [outer.state, outer.snapshot()]
    replicas[1]?.reset()
    await reasonOf(any())

    expect([before, counts.cancelled, counts.failure]).toEqual(['closed', 1, 0])
    expect(outer.state).toBe('open')
  })
})
