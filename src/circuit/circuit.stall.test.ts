import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { hang, record, succeed, turn } from '../../test/helpers/public.ts'
import { CircuitBreaker } from '../circuit-breaker.ts'
import { systemClock } from '../clock.ts'

let now = 0

beforeEach(() => {
  now = 1_000
  vi.spyOn(systemClock, 'now').mockImplementation(() => now)
})

afterEach(() => vi.restoreAllMocks())

/** One that knows calls of 10 ms, by the time of the process, and has one in flight. */
async function busy() {
  const breaker = new CircuitBreaker({ trip: { evidence: { threshold: 3, minimumSpan: 0 } } })
  for (let i = 0; i < 20; i++) {
    const permit = breaker.acquire()
    now += 10
    permit.success()
  }
  return { breaker, call: hang(breaker), transitions: record(breaker, 'transition') }
}

it('a call that a stopped process finds late opens the circuit a turn later, and without another call', async () => {
  const { breaker, transitions } = await busy()
  now += 5_000

  await succeed(breaker)
  expect(transitions).toEqual([])
  await turn()

  expect(transitions).toMatchObject([['transition', { to: 'open', reason: 'evidence' }]])
})

it('a call whose answer had arrived while the process was stopped is not late', async () => {
  const { breaker, call, transitions } = await busy()
  now += 5_000

  await succeed(breaker)
  await call.release()
  await turn()

  expect([breaker.state, transitions]).toEqual(['closed', []])
})
