import type {
  BreakerSetup,
  TestedAction,
  TestedBreaker,
} from '../../../src/testing/conformance/index.ts'
import type { Peer } from '../peer.ts'

const KEY = 'conformance'

const states = { Closed: 'closed', Open: 'open', HalfOpen: 'half-open' } as const

export const effect: Peer = {
  package: 'effect',
  configuration:
    'CircuitBreaker.make({ tripPolicy: consecutive(n), openDuration: resetTimeout }) over layerStoreMemory(), rate({ threshold, minimumCalls, size: minimumCalls }) for rates, Effect.timeout for callTimeout, run by Effect.runPromise',
  note: 'Its rates are of the last calls, not of a time. Its only events are transitions, which K20 listens to.',
  lacks: {
    'several-probes': 'one probe, not configurable',
    reset: 'nothing closes it by hand',
  },
  async load() {
    const { Cause, Effect, Exit, Scope, Stream } = await import('effect')
    const { CircuitBreaker } = await import('effect/persistence')

    function optionsFor({ maxFailures = 1, failureRate, resetTimeout }: BreakerSetup) {
      const tripPolicy =
        failureRate === undefined
          ? CircuitBreaker.consecutive(maxFailures)
          : CircuitBreaker.rate({
              threshold: failureRate.threshold,
              minimumCalls: failureRate.minimumCalls,
              size: failureRate.minimumCalls,
            })
      return { tripPolicy, openDuration: resetTimeout }
    }

    function build(
      { callTimeout, ignore }: BreakerSetup,
      options: ReturnType<typeof optionsFor>,
    ): TestedBreaker {
      const breaker = Effect.runSync(
        CircuitBreaker.make(options).pipe(
          Effect.provide(CircuitBreaker.layerStoreMemory()),
          Scope.provide(Scope.makeUnsafe()),
        ),
      )
      const classify = (exit: import('effect').Exit.Exit<unknown, unknown>) => {
        if (Exit.isSuccess(exit)) return CircuitBreaker.success
        if (Cause.hasInterruptsOnly(exit.cause)) return CircuitBreaker.ignored
        return ignore?.(Cause.squash(exit.cause)) === true
          ? CircuitBreaker.ignored
          : CircuitBreaker.failure()
      }
      const effectOf = (action: TestedAction) => {
        const call = Effect.tryPromise({
          try: async (signal) => action(signal),
          catch: (error) => error,
        })
        return typeof callTimeout === 'number' ? Effect.timeout(call, callTimeout) : call
      }
      return {
        target: breaker,
        call: (action, signal) =>
          Effect.runPromise(
            breaker.execute(effectOf(action), { key: KEY, classify }),
            signal && { signal },
          ),
        state: () => states[Effect.runSync(breaker.state(KEY))._tag],
        onClose: (listener) => {
          const heard = Stream.runForEach(breaker.transitions, ({ to }) =>
            Effect.sync(() => {
              if (to === 'Closed') listener()
            }),
          )
          Effect.runFork(heard)
        },
      }
    }

    return {
      create: (setup) => build(setup, optionsFor(setup)),
      createTwins(setup) {
        const options = optionsFor(setup)
        return [build(setup, options), build(setup, options)]
      },
    }
  },
}
