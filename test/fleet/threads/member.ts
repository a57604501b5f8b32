import { portStore, type StorePort, shared } from '../../../src/fleet/index.ts'
import { CircuitBreaker } from '../../../src/index.ts'

/** What the tests have a thread or a process do. */
export type Order = 'fail' | 'succeed' | 'hang' | 'state' | 'ready' | 'close'

/** A breaker that shares the store at the other end of a port, and obeys orders; it answers each. */
export function createMember(port: StorePort) {
  const fleet = shared(portStore(port), {
    // Open at once, and until it is closed by a probe; a lease that is lost is free soon.
    policy: { minimumCalls: 4, bucketMs: 60_000, openMs: 1, maxOpenMs: 1, leaseMs: 5_000 },
    deadline: 10_000,
  })
  // By itself it would not open.
  const breaker = new CircuitBreaker({ name: 'api', maxFailures: 1_000, shared: fleet })

  return async (order: Order): Promise<string> => {
    if (order === 'close') await fleet.close()
    else if (order === 'ready') await fleet.ready()
    else if (order !== 'state') {
      try {
        await breaker.run(() => {
          if (order === 'hang') return new Promise(() => {})
          if (order === 'fail') throw new Error('down')
          return 'up'
        })
      } catch (error) {
        return (error as Error).name
      }
    }
    const { state } = breaker
    return breaker.snapshot().fleet?.decides === 'fleet' ? state : `${state} alone`
  }
}
