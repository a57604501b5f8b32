import { describe, expect, it } from 'vitest'
import { createBreaker, reasonOf } from '../../test/helpers/public.ts'
import {
  CallTimeoutError,
  CircuitFullError,
  CircuitOpenError,
  isCallTimeoutError,
  isCircuitFullError,
  isCircuitOpenError,
} from '../errors.ts'
import { createFullError, createOpenError, createTimeoutError } from './errors.ts'

describe('createOpenError', () => {
  it('makes an error of the class that a breaker throws', () => {
    const error = createOpenError()

    expect(error).toBeInstanceOf(CircuitOpenError)
    expect(isCircuitOpenError(error)).toBe(true)
    expect(error).toMatchObject({ breaker: 'circuit', state: 'open', reason: 'manual' })
    expect([error.retryAfter, error.headers, error.cause]).toEqual([
      1_000,
      { 'Retry-After': '1' },
      undefined,
    ])
  })

  it('has no time to come back where the circuit stays open', () => {
    const error = createOpenError({ retryAfter: Infinity })

    expect([error.retryAfter, error.headers]).toEqual([undefined, undefined])
  })

  it('has what it is told', () => {
    const cause = new Error('down')

    const error = createOpenError({
      breaker: 'users',
      state: 'half-open',
      reason: 'failureRate',
      retryAfter: 2_500,
      cause,
    })

    expect(error).toMatchObject({
      message: 'circuit "users" is half-open',
      breaker: 'users',
      state: 'half-open',
      reason: 'failureRate',
      retryAfter: 2_500,
      headers: { 'Retry-After': '3' },
      statusCode: 503,
    })
    expect(error.cause).toBe(cause)
  })

  it('has the fields of one that a breaker threw', async () => {
    const { breaker } = createBreaker()
    breaker.trip()

    const real = await reasonOf(breaker.run(() => 1))

    expect(Object.keys(createOpenError()).toSorted()).toEqual(
      Object.keys(real as object).toSorted(),
    )
  })
})

describe('createFullError and createTimeoutError', () => {
  it('make errors of the classes that a breaker throws', () => {
    const full = createFullError({ breaker: 'users', maxConcurrent: 8 })
    const timeout = createTimeoutError({ breaker: 'users', timeout: 250 })

    expect(full).toBeInstanceOf(CircuitFullError)
    expect(timeout).toBeInstanceOf(CallTimeoutError)
    expect([isCircuitFullError(full), isCallTimeoutError(timeout)]).toEqual([true, true])
    expect(full).toMatchObject({ breaker: 'users', maxConcurrent: 8, statusCode: 503 })
    expect(timeout).toMatchObject({ breaker: 'users', timeout: 250, statusCode: 504 })
  })

  it('have defaults', () => {
    expect(createFullError()).toMatchObject({ breaker: 'circuit', maxConcurrent: 1 })
    expect(createTimeoutError()).toMatchObject({ breaker: 'circuit', timeout: 1_000 })
  })
})

it.each([
  [
    () => createOpenError({ state: 'closed' as never }),
    'state must be "open" or "half-open", got "closed"',
  ],
  [
    () => createOpenError({ retryAfter: -1 }),
    'retryAfter must be a whole number of at least 0, got -1',
  ],
  [() => createOpenError({ retryAfer: 1 } as never), 'unknown key "retryAfer" (in options)'],
  [() => createOpenError({ breaker: 5 as never }), 'breaker must be a string, got 5'],
  [() => createOpenError({ reason: 5 as never }), 'reason must be a string, got 5'],
  [
    () => createFullError({ maxConcurrent: 0 }),
    'maxConcurrent must be a whole number of at least 1, got 0',
  ],
  [() => createFullError({ breaker: 5 as never }), 'breaker must be a string, got 5'],
  [() => createTimeoutError({ timeout: 0 }), 'timeout must be a number above 0, got 0'],
  [() => createTimeoutError({ breaker: 5 as never }), 'breaker must be a string, got 5'],
])('errors for tests say what is wrong with their options: %s', (create, message) => {
  expect(create).toThrow(message)
})
