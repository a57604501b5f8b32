// How long it takes from the beginning of an outage until the first process is open, and from then until all are.
import { setTimeout as sleep } from 'node:timers/promises'
import { hostTime } from '../../demo/fleet/messages.ts'
import type { FleetPolicy } from '../../src/fleet/index.ts'
import type { CircuitBreakerOptions, StateName } from '../../src/index.ts'
import { Members } from './members.ts'

export const PROCESSES = 8
/** The window of the fleet, ms. */
const WINDOW = 2_000
/** What has not happened by then will not happen, ms. */
const PATIENCE = 20_000

export interface Setting {
  readonly name: string
  readonly options: CircuitBreakerOptions
  readonly policy: Partial<FleetPolicy>
}

const failureRate = { threshold: 0.25, minimumCalls: 20, window: { duration: WINDOW } }
const policy = { failureRate: 0.25, buckets: 10, bucketMs: WINDOW / 10 }
const recovery = { probes: 1 }

export const SETTINGS: readonly Setting[] = [
  {
    name: 'the fleet alone',
    options: { maxFailures: 1e6, recovery },
    policy,
  },
  {
    name: 'both by the same rule',
    options: { trip: { failureRate }, recovery },
    policy: {},
  },
  { name: 'without options', options: {}, policy: {} },
]

export interface Trial {
  /** From the beginning of the outage until the first process was open, ms. */
  readonly first: number
  /** From then until the last was. */
  readonly all: number
  /** How many had opened before they heard of the fleet. */
  readonly alone: number
}

export async function openings(
  redisPort: number,
  { options, policy }: Setting,
  perSecond: number,
  trials: number,
): Promise<Trial[]> {
  const members = await Members.start(PROCESSES, { redisPort, perSecond, options, policy })
  const results: Trial[] = []
  await sleep(1_000)
  while (results.length < trials) {
    // The window of what was before is over, and outages begin at any moment of a bucket.
    await sleep(WINDOW * 1.2 + Math.random() * WINDOW * 0.2)
    const from = hostTime() + 100
    members.changes.length = 0
    members.outage(from)
    const opened = await reached(members, 'open')
    members.outage(0, 0)
    const times = opened.map(({ at }) => at)
    const first = Math.min(...times)
    results.push({
      first: first - from,
      all: Math.max(...times) - first,
      alone: opened.filter(({ byFleet }) => !byFleet).length,
    })
    await reached(members, 'closed')
  }
  await members.end()
  return results
}

/** The first time that each process came to a state, once all have. */
async function reached(members: Members, state: StateName) {
  const until = hostTime() + PATIENCE
  for (;;) {
    const found = Array.from({ length: members.size }, (_, process) =>
      members.changes.find((change) => change.process === process && change.state === state),
    ).filter((change) => change !== undefined)
    if (found.length === members.size) return found
    if (hostTime() > until) {
      throw new Error(`only ${found.length} of ${members.size} processes became ${state}`)
    }
    await sleep(20)
  }
}
