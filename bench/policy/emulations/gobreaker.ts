import type { PolicyContext, SimulatedBreaker } from '../../../src/testing/simulation/guard.ts'
import { Transitions } from './transitions.ts'

/** More than that many failures in a row open. */
const MOST_FAILURES = 5
const OPEN_FOR = 60_000

/** The defaults of gobreaker: 6 failures in a row open for 60 s, then one call decides. Late results are ignored. */
export function gobreaker({ clock }: PolicyContext): SimulatedBreaker {
  const transitions = new Transitions('consecutive failures')
  let generation = 0
  let streak = 0
  let requests = 0
  let expiry = 0

  const move = (to: 'closed' | 'open' | 'half-open'): void => {
    transitions.to(to)
    generation++
    streak = requests = 0
    if (to === 'open') expiry = clock.now() + OPEN_FOR
  }
  const wake = (): void => {
    if (transitions.state === 'open' && expiry < clock.now()) move('half-open')
  }

  return {
    on: transitions.on,
    tryAcquire() {
      wake()
      if (transitions.state === 'open') return undefined
      if (transitions.state === 'half-open' && requests >= 1) return undefined
      requests++
      const own = generation
      return {
        success() {
          wake()
          if (own !== generation) return
          streak = 0
          if (transitions.state === 'half-open') move('closed')
        },
        failure() {
          wake()
          if (own !== generation) return
          streak++
          if (transitions.state === 'half-open' || streak > MOST_FAILURES) move('open')
        },
      }
    },
  }
}
