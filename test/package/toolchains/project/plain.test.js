const dependency = require('dependency')
const { CircuitBreaker, CircuitOpenError, circuits } = require('short-circuit')
const { ManualClock } = require('short-circuit/testing')

test('opens, rejects with an error of its class, and closes', async () => {
  const clock = new ManualClock()
  const breaker = new CircuitBreaker({ maxFailures: 1, resetTimeout: 1_000, clock })
  const fail = breaker(() => Promise.reject(new Error('down')))

  await expect(fail()).rejects.toThrow('down')
  await expect(fail()).rejects.toBeInstanceOf(CircuitOpenError)
  await clock.advance(1_000)
  expect(await breaker.run(async () => 'up')).toBe('up')
  expect(breaker.state).toBe('closed')
})

test('is one copy for the program and its dependencies', () => {
  expect(dependency.CircuitBreaker).toBe(CircuitBreaker)
  expect(dependency.circuits).toBe(circuits)
})

test('follows fake timers', async () => {
  jest.useFakeTimers()
  const breaker = new CircuitBreaker({ maxFailures: 1, callTimeout: 500 })
  const call = breaker.run(() => new Promise(() => {})).catch((error) => error.name)
  await jest.advanceTimersByTimeAsync(500)
  jest.useRealTimers()

  expect(await call).toBe('CallTimeoutError')
})
