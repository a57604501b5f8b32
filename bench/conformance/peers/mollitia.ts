import type { Circuit, SlidingWindowBreaker } from 'mollitia'
import type {
  BreakerSetup,
  TestedAction,
  TestedBreaker,
} from '../../../src/testing/conformance/index.ts'
import type { Peer } from '../peer.ts'

const states = { closed: 'closed', opened: 'open', 'half-opened': 'half-open' } as const

function optionsFor({ maxFailures, failureRate, resetTimeout, probes = 1, ignore }: BreakerSetup) {
  return {
    openStateDelay: resetTimeout,
    slidingWindowSize: failureRate?.duration ?? maxFailures ?? 1,
    minimumNumberOfCalls: failureRate?.minimumCalls ?? maxFailures ?? 1,
    failureRateThreshold: failureRate ? failureRate.threshold * 100 : 99,
    permittedNumberOfCallsInHalfOpenState: probes,
    ...(ignore && { onError: (error: unknown) => !ignore(error) }),
  }
}

function tested(circuit: Circuit, breaker: SlidingWindowBreaker): TestedBreaker {
  return {
    target: breaker,
    call: (action) => circuit.execute(action),
    state: () => states[breaker.state],
    onSuccess: (listener) => {
      circuit.on('execute', listener)
    },
    trip: () => void breaker.open(),
    reset: () => void breaker.close(),
  }
}

export const mollitia: Peer = {
  package: 'mollitia',
  configuration:
    'new SlidingCountBreaker({ openStateDelay: resetTimeout, slidingWindowSize: n, minimumNumberOfCalls: n, failureRateThreshold: 99, permittedNumberOfCallsInHalfOpenState: probes }), SlidingTimeBreaker for rates, a Timeout module for callTimeout',
  note: 'Its only event for a call is `execute`, which K20 listens to.',
  lacks: {},
  async load() {
    const library = await import('mollitia')

    function build(setup: BreakerSetup, options = optionsFor(setup)): TestedBreaker {
      const breaker = setup.failureRate
        ? new library.SlidingTimeBreaker(options)
        : new library.SlidingCountBreaker(options)
      const limits =
        typeof setup.callTimeout === 'number'
          ? [new library.Timeout({ delay: setup.callTimeout } as never)]
          : []
      const circuit = new library.Circuit({
        name: 'conformance',
        func: ((action: TestedAction) => action()) as never,
        options: { modules: [breaker, ...limits] },
      })
      return tested(circuit, breaker)
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
