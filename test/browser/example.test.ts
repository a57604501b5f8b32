import { expect, it } from 'vitest'
import { createLoader } from '../../examples/browser.ts'
import { CircuitBreaker } from '../../src/index.ts'

it('shows in a browser what was last loaded, and leaves the server alone', async () => {
  const breaker = new CircuitBreaker({ name: 'api', maxFailures: 2 })
  const load = createLoader(breaker)
  const url = new URL('/package.json', location.href).href
  expect((await load(url)).stale).toBe(false)
  // Nothing listens there.
  const dead = 'http://127.0.0.1:9/'
  localStorage.setItem(dead, 'as it was')
  const answers = [await load(dead), await load(dead), await load(dead)]

  expect(answers).toEqual(Array.from({ length: 3 }, () => ({ text: 'as it was', stale: true })))
  expect(breaker.snapshot()).toMatchObject({
    state: 'open',
    counts: { success: 1, failure: 2, rejected: { open: 1 } },
  })
})
