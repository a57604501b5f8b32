import type { CircuitBreaker, CircuitBreakerOptions } from '@git-stunts/alfred'
import type {
  BreakerSetup,
  TestedAction,
  TestedBreaker,
} from '../../../src/testing/conformance/index.ts'
import type { Peer } from '../peer.ts'

const states = { CLOSED: 'closed', OPEN: 'open', HALF_OPEN: 'half-open' } as const

export const alfred: Peer = {
  package: '@git-stunts/alfred',
  configuration:
    '{ threshold: n, duration: resetTimeout, successThreshold: probes }, timeout() inside it for callTimeout',
  note: 'Rates become consecutive failures. K20 throws from a telemetry sink.',
  lacks: {
    'rate-window': 'counts consecutive failures only',
    reset: 'nothing closes it by hand',
  },
  async load() {
    const library = await import('@git-stunts/alfred')

    function optionsFor(setup: BreakerSetup, listeners: (() => void)[]): CircuitBreakerOptions {
      const { maxFailures, failureRate, resetTimeout, probes = 1, ignore } = setup
      return {
        threshold: maxFailures ?? failureRate?.minimumCalls ?? 1,
        duration: resetTimeout,
        successThreshold: probes,
        telemetry: {
          emit({ type }) {
            if (type === 'circuit.success') for (const listener of listeners) listener()
          },
        },
        ...(ignore && { shouldTrip: (error: Error) => !ignore(error) }),
      }
    }

    function tested(
      breaker: CircuitBreaker,
      { callTimeout }: BreakerSetup,
      listeners: (() => void)[],
    ): TestedBreaker {
      return {
        target: breaker,
        call: (action: TestedAction) =>
          breaker.execute(
            (typeof callTimeout === 'number'
              ? () => library.timeout(callTimeout, action as () => Promise<unknown>)
              : () => action()) as () => Promise<unknown>,
          ),
        state: () => states[breaker.state],
        onSuccess: (listener) => {
          listeners.push(listener)
        },
      }
    }

    return {
      create(setup) {
        const listeners: (() => void)[] = []
        return tested(library.circuitBreaker(optionsFor(setup, listeners)), setup, listeners)
      },
      createTwins(setup) {
        const options = optionsFor(setup, [])
        return [
          tested(library.circuitBreaker(options), setup, []),
          tested(library.circuitBreaker(options), setup, []),
        ]
      },
    }
  },
}
