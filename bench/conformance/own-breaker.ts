import { type BreakerAdapter, runConformance } from '../../src/testing/conformance/index.ts'
import { ManualClock } from '../../src/testing/manual-clock.ts'

// Put your own here. This one counts failures in a row, and knows nothing of probes.
function createBreaker(maxFailures: number, resetTimeout: number, now: () => number) {
  let failures = 0
  let failedAt = 0
  const isOpen = () => failures >= maxFailures && now() - failedAt < resetTimeout
  return {
    isOpen,
    async call(action: () => unknown): Promise<unknown> {
      if (isOpen()) throw new Error('open')
      try {
        const value = await action()
        failures = 0
        return value
      } catch (error) {
        failures++
        failedAt = now()
        throw error
      }
    },
  }
}

const adapter: BreakerAdapter = {
  name: 'mine',
  lacks: {
    'half-open': 'all traffic resumes after the open time',
    'several-probes': 'all traffic resumes after the open time',
    'rate-window': 'counts failures in a row only',
  },
  setUp() {
    const clock = new ManualClock()
    return {
      clock,
      create({ maxFailures, failureRate, resetTimeout }) {
        const limit = maxFailures ?? failureRate?.minimumCalls ?? 1
        const breaker = createBreaker(limit, resetTimeout, () => clock.now())
        return {
          call: (action) => breaker.call(action),
          state: () => (breaker.isOpen() ? 'open' : 'closed'),
        }
      },
    }
  },
}

for (const { id, verdict, observed } of await runConformance(adapter)) {
  if (verdict === 'fail') console.log(`${id}: ${observed}`)
}
