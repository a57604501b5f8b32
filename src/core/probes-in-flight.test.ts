import { describe, expect, it } from 'vitest'
import { admit, settle } from '../../test/helpers/core.ts'
import { flood, GROWN_AT, grown, settleAll } from '../../test/helpers/slow-start.ts'
import { Permit } from './permit.ts'
import { ProbesInFlight } from './probes-in-flight.ts'

/** Which properties of permits are read, in all. */
class CountingPermit extends Permit {
  static reads = 0

  static create(startedAt: number, due: number, backstop = 0): Permit {
    return new Proxy(new CountingPermit(null, startedAt, due, backstop), {
      get: (permit, key) => {
        CountingPermit.reads++
        return Reflect.get(permit, key)
      },
    })
  }
}

function readsOf(act: () => void): number {
  CountingPermit.reads = 0
  act()
  return CountingPermit.reads
}

/** So many probes, every second of them with a timer of its own. */
function many(count: number): { probes: ProbesInFlight; permits: Permit[] } {
  const probes = new ProbesInFlight()
  const permits = Array.from({ length: count }, (_, i) =>
    CountingPermit.create(i, i + 30_000, i % 2 === 0 ? 0 : 60_000),
  )
  for (const permit of permits) probes.add(permit)
  return { probes, permits }
}

describe('ProbesInFlight', () => {
  it('has none at first', () => {
    const probes = new ProbesInFlight()

    expect(probes).toMatchObject({ size: 0, firstDue: Infinity, waiting: 0 })
    expect(probes.firstDeadline(Infinity)).toBe(Infinity)
    expect(probes.oldestWaiting).toBeUndefined()
    expect(probes.takeExpired(Infinity)).toBeUndefined()
  })

  it('gives out first what has delivered and is due, before one that its own timer will end', () => {
    const probes = new ProbesInFlight()
    const [patient, delivered] = [
      new Permit(null, 0, 500, 60_000),
      new Permit(null, 10, 510, 60_000),
    ]
    probes.add(patient)
    probes.add(delivered)
    delivered.deliver(20)

    expect(probes.firstDeadline(509)).toBe(Infinity)
    expect(probes.firstDeadline(600)).toBe(510)
    expect([probes.takeExpired(70_000), probes.takeExpired(70_000)]).toEqual([delivered, patient])
  })

  it.each([
    { what: 'is due sooner', later: [10, 110, 0], firstDue: 110, oldest: 0 },
    { what: 'began sooner', later: [-10, 2_000, 0], firstDue: 1_000, oldest: -10 },
    { what: 'has no timer of its own', later: [10, 1_010, 0], firstDue: 1_000, oldest: 0 },
  ] as const)('knows the first of all when one that comes later $what', (row) => {
    const probes = new ProbesInFlight()
    probes.add(new Permit(null, 0, 1_000, 60_000))
    const [startedAt, due, backstop] = row.later
    const later = new Permit(null, startedAt, due, backstop)
    probes.add(later)

    expect(probes.firstDue).toBe(row.firstDue)
    expect(probes.oldestWaiting?.startedAt).toBe(row.oldest)
    expect(probes.takeExpired(3_000)).toBe(later)
  })

  it.each([
    { what: 'is due sooner', later: [30, 110, 60_000], firstDue: 110, oldest: 20 },
    { what: 'began sooner', later: [10, 1_010, 0], firstDue: 1_000, oldest: 10 },
  ] as const)('knows the first of all when one that comes and expires later $what', (row) => {
    const probes = new ProbesInFlight()
    probes.add(new Permit(null, 20, 1_000))
    const [startedAt, due, backstop] = row.later
    probes.add(new Permit(null, startedAt, due, backstop))

    expect(probes.firstDue).toBe(row.firstDue)
    expect(probes.oldestWaiting?.startedAt).toBe(row.oldest)
  })

  it('removes those whose deadline has passed one by one, by their deadlines', () => {
    const probes = new ProbesInFlight()
    for (const [startedAt, due, backstop] of [
      [0, 100, 0],
      [1, 101, 60],
      [2, 102, 0],
      [3, 53, 0],
      [4, 54, 60],
    ] as const) {
      probes.add(new Permit(null, startedAt, due, backstop))
    }

    const deadlines: number[] = []
    for (let next = probes.takeExpired(114); next; next = probes.takeExpired(114)) {
      deadlines.push(next.deadline)
    }

    expect(deadlines).toEqual([53, 100, 102, 114])
    expect([...probes].map(({ deadline }) => deadline)).toEqual([161])
    expect(probes).toMatchObject({ size: 1, firstDue: 101 })
    expect(probes.firstDeadline(160)).toBe(Infinity)
    expect(probes.firstDeadline(161)).toBe(161)
  })

  it('knows the oldest and the one that is due first, whichever has ended', () => {
    const { probes, permits } = many(6)

    for (const ended of [0, 3]) permits[ended]?.list?.remove(permits[ended] as Permit)

    expect(probes.oldestWaiting?.startedAt).toBe(1)
    expect(probes.firstDue).toBe(30_001)
    expect(probes.size).toBe(4)
  })

  it('lets those that have delivered wait no longer, and expire by their own deadlines', () => {
    const { probes, permits } = many(4)

    for (const at of [0, 1, 3]) permits[at]?.deliver(50)

    expect(probes).toMatchObject({ size: 4, waiting: 1, firstDue: 30_002 })
    expect(probes.oldestWaiting?.startedAt).toBe(2)
    const expired = Array.from({ length: 5 }, () => probes.takeExpired(30_003)?.startedAt)
    expect(expired).toEqual([0, 1, 2, 3, undefined])
    expect(probes).toMatchObject({ size: 0, waiting: 0, firstDue: Infinity })
  })

  it('takes over those of another one, whose time goes on', () => {
    const [{ probes }, { probes: others }] = [many(3), many(4)]

    others.takeFrom(probes)

    expect([probes.size, others.size]).toEqual([0, 7])
    expect(others.firstDeadline(30_000)).toBe(30_000)
  })

  it('is cloned in its order, apart', () => {
    const { probes, permits } = many(5)

    const order = [...probes].map(({ startedAt }) => startedAt)
    const copy = probes.clone((permit) => permit.clone(null))
    permits[0]?.list?.remove(permits[0])

    expect([...copy].map(({ startedAt }) => startedAt)).toEqual(order)
    expect(probes.size).toBe(4)
  })

  it.each([
    [
      'reading what is due next',
      ({ probes }) => [probes.firstDeadline(29_999), probes.firstDue, probes.oldestWaiting],
    ],
    ['adding one', ({ probes }) => probes.add(CountingPermit.create(1e6, 2e6))],
    [
      'removing one from the middle',
      ({ permits }) => permits[9]?.list?.remove(permits[9] as Permit),
    ],
    ['expiring one', ({ probes }) => probes.takeExpired(30_000)],
    ['counting them', ({ probes }) => probes.size],
  ] as [string, (all: ReturnType<typeof many>) => unknown][])(
    'costs the same for 20 as for 16 000: %s',
    (_, act) => {
      const [few, lots] = [many(20), many(16_000)]

      const reads = [few, lots].map((all) => readsOf(() => void act(all)))

      expect(reads[1]).toBe(reads[0])
    },
  )
})

describe('a slow start with thousands of probes in flight', () => {
  it('visits none of them for a call that is rejected, admitted or settled', () => {
    const machine = grown({ successes: 1e9, timeout: 30_000 })
    let at = GROWN_AT
    for (let probes = flood(machine, at); probes.length < 300; probes = flood(machine, at)) {
      settleAll(machine, probes, 'success', at)
    }
    const visited: number[] = []
    const { state } = machine
    if (state.name !== 'half-open') throw new Error('expected it to be half-open')
    for (const [i, probe] of [...state.recovery.inFlight].entries()) {
      const { startedAt } = probe
      const get = (): number => {
        visited.push(i)
        return startedAt
      }
      Object.defineProperty(probe, 'startedAt', { get })
    }
    const first = [...state.recovery.inFlight][0] as Permit

    visited.length = 0
    for (let i = 0; i < 100; i++) expect(machine.admit(at)).toBe('half-open')
    settle(machine, first, 'success', ++at)
    settle(machine, admit(machine, at), 'success', at)

    expect(new Set(visited).size).toBeLessThanOrEqual(4)
  })
})
