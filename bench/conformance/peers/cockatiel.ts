import type { CircuitBreakerPolicy, IPolicy } from 'cockatiel'
import type { BreakerSetup, TestedBreaker } from '../../../src/testing/conformance/index.ts'
import type { Peer } from '../peer.ts'

const states = ['closed', 'open', 'half-open', 'open'] as const

function tested(breaker: CircuitBreakerPolicy, policy: IPolicy): TestedBreaker {
  return {
    target: breaker,
    call: (action, signal) => policy.execute((context) => action(context.signal), signal),
    state: () => states[breaker.state],
    onSuccess: (listener) => {
      breaker.onSuccess(listener)
    },
  }
}

export const cockatiel: Peer = {
  package: 'cockatiel',
  configuration:
    '{ halfOpenAfter: resetTimeout, breaker: new ConsecutiveBreaker(n), halfOpenSampling: { calls: probes, threshold: 0 } }, new SamplingBreaker({ threshold, duration, minimumRps }) for rates',
  lacks: { reset: 'nothing closes it by hand' },
  async load() {
    const library = await import('cockatiel')

    function strategyFor({ maxFailures = 1, failureRate }: BreakerSetup) {
      if (failureRate === undefined) return new library.ConsecutiveBreaker(maxFailures)
      const { threshold, minimumCalls, duration } = failureRate
      const minimumRps = minimumCalls / (duration / 1_000)
      return new library.SamplingBreaker({ threshold, duration, minimumRps })
    }

    function optionsFor(setup: BreakerSetup) {
      return {
        halfOpenAfter: setup.resetTimeout,
        breaker: strategyFor(setup),
        halfOpenSampling: { calls: setup.probes ?? 1, threshold: 0 },
      }
    }

    function build(setup: BreakerSetup, options = optionsFor(setup)): TestedBreaker {
      const { callTimeout, ignore } = setup
      const counted = ignore ? library.handleWhen((error) => !ignore(error)) : library.handleAll
      const breaker = library.circuitBreaker(counted, options)
      if (typeof callTimeout !== 'number') return tested(breaker, breaker)
      const limit = library.timeout(callTimeout, library.TimeoutStrategy.Aggressive)
      return tested(breaker, library.wrap(breaker, limit))
    }

    return {
      create: (setup) => build(setup),
      createTwins(setup) {
        const options = optionsFor(setup)
        return [build(setup, options), build(setup, options)]
      },
    }
  },
}
