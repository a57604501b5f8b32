import type { Guard } from '../../src/testing/simulation/guard.ts'

const indifferent = { success() {}, failure() {} }

/** What happens without a breaker. */
export function noBreaker(): Guard {
  return { request: (call) => call.start(indifferent) }
}

/**
 * Rejects just the calls that would fail. It is greedy: it does not see that a call that succeeds may
 * take the room of two others, so that under overload something else can be better than it.
 */
export function oracle(): Guard {
  return {
    request(call) {
      if (call.wouldSucceed()) call.start(indifferent)
      else call.refuse()
    },
  }
}
