import { createRequire } from 'node:module'
import { HOUR, type Subject } from '../subject.ts'

export async function mollitia(): Promise<Subject> {
  const library = await import('mollitia')
  return {
    guard(action, { trips, timeout }) {
      const breaker = new library.SlidingCountBreaker({
        openStateDelay: HOUR,
        slidingWindowSize: 100,
        minimumNumberOfCalls: trips ? 3 : 100,
        failureRateThreshold: trips ? 50 : 99,
      })
      const limits = timeout === undefined ? [] : [new library.Timeout({ delay: timeout } as never)]
      const circuit = new library.Circuit({
        func: action as never,
        options: { modules: [breaker, ...limits] },
      })
      return () => circuit.execute()
    },
  }
}

type Callback = (error: unknown, value?: unknown) => void

interface LeveeLibrary {
  createBreaker(
    command: (context: undefined, callback: Callback) => void,
    options: object,
  ): { run(context: undefined, callback: Callback): void }
}

/** It takes callbacks, and always has a timeout. */
export async function levee(): Promise<Subject> {
  const library = createRequire(import.meta.url)('levee') as LeveeLibrary
  return {
    guard(action, { trips, timeout = 10_000 }) {
      const command = (_context: undefined, callback: Callback): void => {
        action().then((value) => callback(null, value), callback)
      }
      const breaker = library.createBreaker(command, {
        maxFailures: trips ? 3 : 1e9,
        resetTimeout: HOUR,
        timeout,
      })
      return () =>
        new Promise((resolve, reject) => {
          breaker.run(undefined, (error, value) => (error ? reject(error) : resolve(value)))
        })
    },
  }
}

export async function alfred(): Promise<Subject> {
  const library = await import('@git-stunts/alfred')
  return {
    guard(action, { trips, timeout }) {
      const breaker = library.circuitBreaker({ threshold: trips ? 3 : 1e9, duration: HOUR })
      if (timeout === undefined) return () => breaker.execute(action)
      const limited = () => library.timeout(timeout, action)
      return () => breaker.execute(limited)
    },
  }
}
