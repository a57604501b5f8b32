import { CircuitBreaker, CircuitOpenError } from 'short-circuit'
import { ManualClock } from 'short-circuit/testing'

test('opens and rejects with an error of its class', async () => {
  const clock = new ManualClock()
  const breaker = new CircuitBreaker<string>({ maxFailures: 1, fallback: () => 'none', clock })
  const load = breaker(async (id: number): Promise<number> => {
    if (id > 0) throw new Error('down')
    return id
  })

  expect(await load(0)).toBe(0)
  expect(await load(1)).toBe('none')
  expect(breaker.state).toBe('open')
  const strict = new CircuitBreaker({ maxFailures: 1, clock })
  strict.trip()
  await expect(strict.run(async () => 1)).rejects.toBeInstanceOf(CircuitOpenError)
})
