import {
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  handleAll,
  SamplingBreaker,
} from 'cockatiel'
import type { PeerFactory } from './promise-guard.ts'

const STATES = { [CircuitState.Closed]: 'closed', [CircuitState.HalfOpen]: 'half-open' } as const

/** cockatiel as it is installed. It has no defaults: these are the ones that its documentation shows. */
function cockatiel(createRule: () => ConsecutiveBreaker | SamplingBreaker): PeerFactory {
  return ({ changed }) => {
    const policy = circuitBreaker(handleAll, { halfOpenAfter: 10_000, breaker: createRule() })
    let state = 'closed'
    policy.onStateChange((now) => {
      const to = STATES[now as keyof typeof STATES] ?? 'open'
      changed({ from: state, to, reason: state === 'closed' ? 'rule' : 'probe' })
      state = to
    })
    return (action) => policy.execute(action)
  }
}

export const cockatielConsecutive: PeerFactory = cockatiel(() => new ConsecutiveBreaker(5))
export const cockatielSampling: PeerFactory = cockatiel(
  () => new SamplingBreaker({ threshold: 0.2, duration: 30_000 }),
)
