import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { policies, policyNamed } from '../../bench/policy/policies.ts'
import { runPolicy } from '../../bench/policy/run-policy.ts'
import {
  faultTypes,
  firstFaultTypes,
  LATER_SEEDS,
  range,
  scenarioOf,
  scenariosHash,
} from '../../bench/policy/scenarios.ts'
import { cost, runScenario, WEIGHTS } from '../../bench/policy/study.ts'
import { REGISTERED } from '../../bench/policy/study-settings.ts'
import type { SimulationOptions } from '../../src/testing/simulation/setup.ts'

type Scenario = Omit<SimulationOptions, 'policy'>

const REFUSE: Scenario = {
  seed: 3,
  dependency: { script: 'ok for 40 s, refuse for 60 s, ok for 100 s' },
  traffic: { clients: 2, callsPerSecond: 10, timeout: 1_000 },
}

/** When the first client's breaker opened after the outage began, and closed after it ended; s. */
async function turns(name: string, scenario = REFUSE): Promise<[number, number] | undefined> {
  const { trips } = await runPolicy(policyNamed(name), scenario)
  const trip = trips.find(({ client }) => client === 0)
  return trip && [trip.at / 1_000 - 40, Number(trip.closedAt) / 1_000 - 100]
}

describe('every policy', () => {
  it.each(policies.map(({ name }) => name))('%s does the same twice', async (name) => {
    const policy = policyNamed(name)
    const twice = [await runPolicy(policy, REFUSE), await runPolicy(policy, REFUSE)]

    expect(twice[0]).toEqual(twice[1])
  })

  it('meets the same calls', async () => {
    const results = []
    for (const policy of policies) results.push(await runPolicy(policy, REFUSE))

    expect(new Set(results.map(({ offered }) => offered)).size).toBe(1)
    expect(new Set(results.map(({ phases }) => phases[0]?.succeeded)).size).toBe(1)
  })

  it('leaves dates and timers as they were', async () => {
    const before = [globalThis.Date, globalThis.setTimeout, globalThis.performance.now]

    await runPolicy(policyNamed('opossum'), REFUSE)

    expect([globalThis.Date, globalThis.setTimeout, globalThis.performance.now]).toEqual(before)
  })
})

describe('the oracle', () => {
  it('loses what cannot be had, and waits for nothing', async () => {
    const { failed, phases } = await runPolicy(policyNamed('oracle'), REFUSE)

    expect(failed).toBe(0)
    expect(phases[1]?.succeeded).toBe(0)
    // Before the outage, only what would have been in flight when it begins.
    expect(phases[0]?.rejected).toBeLessThan(10)
    expect(phases[2]?.rejected).toBe(0)
  })

  it('is not beaten when nothing is overloaded', async () => {
    const bound = (await runPolicy(policyNamed('oracle'), REFUSE)).succeeded
    for (const name of ['auto', 'simple', 'no breaker', 'opossum', 'Polly']) {
      expect((await runPolicy(policyNamed(name), REFUSE)).succeeded).toBeLessThanOrEqual(bound)
    }
  })
})

// About 10 calls a second, all of which fail: what opens is a matter of counting.
describe('others', () => {
  it.each([
    ['gobreaker', 'after 6 failures', 0.6, 0.5, 'for 60 s at a time'],
    ['resilience4j', 'when half of the last 100 calls failed', 5, 1.5, 'for 60 s at a time'],
    ['opossum', 'when over half of 10 s of calls failed', 5, 1.5, 'for 30 s at a time'],
    ['cockatiel, consecutive', 'after 5 failures', 0.5, 0.5, 'for 10 s at a time'],
    ['Polly', 'when a tenth of 30 s of calls failed', 3.3, 1.5, 'for 5 s at a time'],
    ['Hystrix', 'when half of 10 s of calls failed', 5.2, 1.5, 'for 5 s at a time'],
  ])('%s opens %s', async (name, _, expected, tolerance) => {
    const [opened] = (await turns(name)) ?? [Number.NaN]

    expect(Math.abs(Number(opened) - expected)).toBeLessThan(tolerance)
  })

  it.each([
    ['gobreaker', 60],
    ['resilience4j', 60],
    ['opossum', 30],
    ['cockatiel, consecutive', 10],
    ['Polly', 5],
    ['Hystrix', 5],
  ])('%s looks again every %i s, no earlier', async (name, seconds) => {
    const [opened, closed] = (await turns(name)) ?? [Number.NaN, Number.NaN]

    // The next multiple of its open time after the end of the outage, and a call or two more.
    const due = Math.ceil((60 - opened) / seconds) * seconds - (60 - opened)
    expect(closed).toBeGreaterThan(due - 0.1)
    expect(closed).toBeLessThan(due + (name === 'resilience4j' ? 4 : 3))
  })

  it.each(['cockatiel, sampling', 'Polly'])('%s does not open at one call in 2 s', async (name) => {
    const traffic = { ...REFUSE.traffic, callsPerSecond: 0.5 }

    expect(await turns(name, { ...REFUSE, traffic })).toBeUndefined()
  })

  it('an SRE throttle refuses most calls in an outage, and lets some through', async () => {
    const script = 'ok for 40 s, refuse for 300 s'
    const { phases } = await runPolicy(policyNamed('SRE throttle'), {
      ...REFUSE,
      dependency: { script },
    })

    const { offered = 0, rejected = 0 } = phases[1] ?? {}
    expect(rejected / offered).toBeGreaterThan(0.6)
    expect(rejected / offered).toBeLessThan(1)
  })
})

describe('the scenarios', () => {
  it.each(REGISTERED)('are those that were registered in $file', ({ file, from, to, hash }) => {
    const text = readFileSync(join(import.meta.dirname, '../../bench/policy', file), 'utf8')

    expect(scenariosHash(range(from, to))).toBe(hash)
    expect(text).toContain(hash)
    expect(text).toContain(`Seeds ${from} to ${to}`)
  })

  it.each([
    { from: 0, types: firstFaultTypes },
    { from: LATER_SEEDS, types: faultTypes },
  ])('take turns in the types of fault, from seed $from on', ({ from, types }) => {
    const seeds = range(from, from + 2 * types.length - 1)
    const first = from % types.length

    expect(seeds.map((seed) => scenarioOf(seed).fault)).toEqual(
      [...types, ...types, ...types].slice(first, first + seeds.length),
    )
  })
})

describe('auto', () => {
  it('costs less than the defaults of others, and never trips without a reason', async () => {
    const names = ['auto', 'resilience4j', 'Polly', 'gobreaker', 'Hystrix']
    const sums = new Map<string, number>()
    let tripsInHealth = 0
    for (const seed of range(2_600, 2_612)) {
      for (const outcome of await runScenario(seed, names)) {
        const { policy, fault, trips } = outcome
        sums.set(policy, (sums.get(policy) ?? 0) + cost(outcome, WEIGHTS))
        if (policy === 'auto' && fault === 'healthy') tripsInHealth += trips
      }
    }

    const [auto, ...others] = names.map((name) => sums.get(name) ?? 0)
    expect(tripsInHealth).toBe(0)
    expect(auto).toBeLessThan(Math.min(...others))
  }, 60_000)
})
