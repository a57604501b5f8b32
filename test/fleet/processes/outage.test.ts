import { describe, it } from 'vitest'
import { Fleet, TIMEOUT } from './fleet.ts'

describe('an outage of the upstream', { timeout: TIMEOUT }, () => {
  it('opens all processes, lets one probe out at a time, and closes all when it is over', async () => {
    await using fleet = await Fleet.start({
      processes: 8,
      // So that none of them opens by itself.
      breaker: { maxFailures: 10_000, resetTimeout: 500 },
      policy: { bucketMs: 200 },
    })
    await fleet.moreCalls(10)

    fleet.upstream.fail()
    await fleet.all('open')
    await fleet.until('two probes have failed', () => fleet.probesEnded('failure') >= 2)
    fleet.upstream.answer()
    await fleet.all('closed')
    await fleet.moreCalls(10)

    await fleet.rest()
  })
})
