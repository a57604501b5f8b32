import { type Action, HOUR, type Subject } from '../subject.ts'

/** Over the store in memory, each call run as a promise: what a program pays that is not written with Effect. */
export async function effect(): Promise<Subject> {
  const { Effect, Scope } = await import('effect')
  const { CircuitBreaker } = await import('effect/persistence')
  const key = 'users'

  return {
    guard(action, { trips, timeout }): Action {
      const breaker = Effect.runSync(
        CircuitBreaker.make({
          tripPolicy: CircuitBreaker.consecutive(trips ? 3 : 1e9),
          openDuration: HOUR,
        }).pipe(
          Effect.provide(CircuitBreaker.layerStoreMemory()),
          Scope.provide(Scope.makeUnsafe()),
        ),
      )
      const call = Effect.tryPromise({ try: action, catch: (error) => error })
      const limited = timeout === undefined ? call : Effect.timeout(call, timeout)
      const guarded = breaker.execute(limited, { key })
      return () => Effect.runPromise(guarded)
    },
  }
}
