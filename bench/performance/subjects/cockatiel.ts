import { type Action, HOUR, type Subject } from '../subject.ts'

export type Rule = 'consecutive' | 'count' | 'sampling'

export async function cockatiel(rule: Rule): Promise<Subject> {
  const library = await import('cockatiel')

  function strategy(trips: boolean) {
    const threshold = trips ? 0.5 : 0.99
    if (rule === 'consecutive') return new library.ConsecutiveBreaker(trips ? 3 : 1e9)
    if (rule === 'count') {
      return new library.CountBreaker({
        threshold,
        size: 100,
        minimumNumberOfCalls: trips ? 3 : 100,
      })
    }
    return new library.SamplingBreaker({
      threshold,
      duration: 10_000,
      minimumRps: trips ? 0.1 : 10,
    })
  }

  return {
    guard(action, { trips, fallback, timeout }) {
      const breaker = library.circuitBreaker(library.handleAll, {
        halfOpenAfter: HOUR,
        breaker: strategy(trips),
      })
      let execute: (action: Action) => Promise<unknown> = (fn) => breaker.execute(fn)
      if (timeout !== undefined) {
        const policy = library.wrap(
          breaker,
          library.timeout(timeout, library.TimeoutStrategy.Aggressive),
        )
        execute = (fn) => policy.execute(fn)
      }
      if (fallback !== undefined) {
        const policy = library.wrap(library.fallback(library.handleAll, fallback), breaker)
        execute = (fn) => policy.execute(fn)
      }
      return () => execute(action)
    },
  }
}
