import { describe, expectTypeOf, it } from 'vitest'
import {
  type CallTimeoutError,
  CircuitOpenError,
  isCallTimeoutError,
  isCircuitOpenError,
  isShortCircuitError,
  type ShortCircuitError,
} from './errors.ts'

describe('the errors', () => {
  it('are told apart by their code', () => {
    const describeError = (error: CircuitOpenError | CallTimeoutError): number | undefined => {
      if (error.code === 'ERR_CALL_TIMEOUT') return error.timeout
      // @ts-expect-error an open circuit has no timeout
      void error.timeout
      return error.retryAfter
    }

    expectTypeOf(describeError).returns.toEqualTypeOf<number | undefined>()
  })

  it('are narrowed to by instanceof and by the predicates', () => {
    const check = (error: unknown): void => {
      if (error instanceof CircuitOpenError) expectTypeOf(error).toEqualTypeOf<CircuitOpenError>()
      if (isCircuitOpenError(error)) expectTypeOf(error.state).toEqualTypeOf<'open' | 'half-open'>()
      if (isCallTimeoutError(error)) expectTypeOf(error).toEqualTypeOf<CallTimeoutError>()
      if (isShortCircuitError(error)) expectTypeOf(error).toEqualTypeOf<ShortCircuitError>()
      // @ts-expect-error nothing is known of an error that was not asked about
      void error.breaker
    }

    expectTypeOf(check).toBeFunction()
  })

  it('are readonly', () => {
    const change = (error: CircuitOpenError): void => {
      // @ts-expect-error it says what was so when it was made
      error.retryAfter = 5
    }

    expectTypeOf(change).toBeFunction()
  })
})
