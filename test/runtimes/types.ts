// As most programs are written: whether it is compiled to an ES module or not is up to the options.
import { CircuitBreaker, CircuitOpenError, CircuitRegistry } from 'short-circuit'
import { ManualClock } from 'short-circuit/testing'

const clock = new ManualClock()
const breaker: CircuitBreaker<string> = new CircuitBreaker({ fallback: () => 'none', clock })
const registry = new CircuitRegistry({ defaults: { maxFailures: 3 } })

class Users {
  readonly breaker: CircuitBreaker = registry.breaker('users')
  find = this.breaker(async (id: number) => ({ id }))
}

export async function find(id: number): Promise<number> {
  try {
    return (await new Users().find(id)).id
  } catch (error) {
    if (error instanceof CircuitOpenError) return error.retryAfter ?? 0
    throw error
  }
}

// @ts-expect-error -- its fallback returns a string
void breaker.run(async () => 1).then((answer: number) => answer)
