import type { PolicyContext, SimulatedBreaker } from '../../../src/testing/simulation/guard.ts'

const K = 2
/** Two minutes in slices of a second. */
const SLICES = 120
const SLICE = 1_000

/**
 * The client-side throttle of the SRE book: with `requests` and `accepts` of the last two minutes, a
 * call is rejected with probability (requests − 2 accepts) / (requests + 1). It has no states.
 */
export function sreThrottle({ clock, random }: PolicyContext): SimulatedBreaker {
  const requests = new Float64Array(SLICES)
  const accepts = new Float64Array(SLICES)
  let requested = 0
  let accepted = 0
  let slice = 0

  const turn = (): number => {
    const now = Math.floor(clock.now() / SLICE)
    for (let old = Math.max(slice + 1, now - SLICES + 1); old <= now; old++) {
      requested -= requests[old % SLICES] as number
      accepted -= accepts[old % SLICES] as number
      requests[old % SLICES] = accepts[old % SLICES] = 0
    }
    slice = now
    return now % SLICES
  }
  const permit = {
    success() {
      const index = turn()
      accepts[index] = (accepts[index] as number) + 1
      accepted++
    },
    failure() {},
  }

  return {
    tryAcquire() {
      const index = turn()
      const rejection = (requested - K * accepted) / (requested + 1)
      requests[index] = (requests[index] as number) + 1
      requested++
      return random() < rejection ? undefined : permit
    },
  }
}
