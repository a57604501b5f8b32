import type { PolicyContext, SimulatedBreaker } from '../../../src/testing/simulation/guard.ts'
import { Transitions } from './transitions.ts'

const LEAST_CALLS = 20
const THRESHOLD = 0.5
const SLEEP_FOR = 5_000
/** The health of the last 10 s is looked at that often, ms. */
const EVERY = 500
const SLICES = 20

/**
 * The defaults of Hystrix 1.5: 50 % of at least 20 calls in 10 s, looked at twice a second, open for
 * 5 s, then one call decides; so does any other that ends while that one is out.
 */
export function hystrix({ clock }: PolicyContext): SimulatedBreaker {
  const transitions = new Transitions('error percentage')
  let slices: { calls: number; failures: number }[] = []
  let current = { calls: 0, failures: 0 }
  let openedAt = 0

  const open = (): void => {
    transitions.to('open')
    openedAt = clock.now()
  }
  const look = (): void => {
    clock.setTimer(EVERY, look)
    slices = [...slices, current].slice(-SLICES)
    current = { calls: 0, failures: 0 }
    const calls = slices.reduce((sum, slice) => sum + slice.calls, 0)
    const failures = slices.reduce((sum, slice) => sum + slice.failures, 0)
    const bad = calls >= LEAST_CALLS && failures / calls >= THRESHOLD
    if (transitions.state === 'closed' && bad) open()
  }
  clock.setTimer(EVERY, look)

  const permit = {
    success() {
      current.calls++
      if (transitions.state !== 'half-open') return
      transitions.to('closed')
      slices = []
      current = { calls: 0, failures: 0 }
    },
    failure() {
      current.calls++
      current.failures++
      if (transitions.state === 'half-open') open()
    },
  }

  return {
    on: transitions.on,
    tryAcquire() {
      if (transitions.state === 'closed') return permit
      if (transitions.state === 'half-open' || clock.now() <= openedAt + SLEEP_FOR) return undefined
      transitions.to('half-open')
      return permit
    },
  }
}
