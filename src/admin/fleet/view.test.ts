import { describe, expect, it } from 'vitest'
import { POLICY } from '../../../test/helpers/fleet.ts'
import { report } from '../../../test/helpers/fleet-asks.ts'
import {
  type FleetBreaker,
  type FleetReading,
  NO_REGISTERS,
  type ProcessReport,
  policyText,
  type Register,
} from '../../fleet/index.ts'
import { appliedOf } from './applied.ts'
import { fleetView, summaryOf } from './view.ts'

const NOW = 1_700_000_000_000
const stampAt = (ms: number): number => ms * 1_024

function breaker(
  name: string,
  automatic: Partial<Register> = {},
  more: Partial<FleetBreaker> = {},
): FleetBreaker {
  const registers = { ...NO_REGISTERS, automatic: { ...NO_REGISTERS.automatic, ...automatic } }
  const calls = { success: 0, failure: 0, slow: 0 }
  return { name, registers, calls, reporters: [], leases: [], policy: policyText(POLICY), ...more }
}

function seen(process: string, ago: number, more: Partial<ProcessReport> = {}) {
  return { ...report(process, more), seenAt: NOW - ago }
}

function view(breakers: readonly FleetBreaker[], processes: FleetReading['processes']) {
  return fleetView({ nowMs: NOW, breakers, processes })
}

const alone = (name: string) => ({ name, reason: 'failureRate', age: 4_000, hits: 23, calls: 23 })

describe('a process', () => {
  it('is behind while it has not heard of what was done by hand, after a second of grace', () => {
    const trip = (ago: number) =>
      breaker('db', { state: 'open', reason: 'trip', stamp: stampAt(NOW - ago), by: 'ada' })
    const process = seen('p1', 500, { heard: stampAt(NOW - 5_000) })

    expect(view([trip(14_000)], [process]).processes[0]?.state).toBe('up to date')
    expect(view([trip(900)], [process]).processes[0]?.state).toBe('up to date')
    expect(view([trip(3_000)], [process]).processes[0]).toMatchObject({
      ...{ state: 'behind', breaker: 'db', text: 'trip not applied yet', since: NOW - 3_000 },
    })
  })

  it('is not behind in what the fleet did by itself: it says that seldom', () => {
    const opened = breaker('db', {
      state: 'open',
      reason: 'failureRate',
      stamp: stampAt(NOW - 9_000),
    })

    expect(view([opened], [seen('p1', 500)]).processes[0]?.state).toBe('up to date')
  })

  it.each([
    [44_000, 'up to date'],
    [46_000, 'silent'],
  ])('that was last seen %i ms ago is %s', (ago, state) => {
    expect(view([], [seen('p1', ago)]).processes[0]?.state).toBe(state)
  })

  it('is isolated while it is open alone, and not when the fleet is open, too', () => {
    const process = seen('p1', 0, { alone: [alone('tax')] })

    expect(view([breaker('tax')], [process]).processes[0]).toMatchObject({
      ...{ state: 'isolated', breaker: 'tax', since: NOW - 4_000 },
      text: 'open by itself: 23 of 23 calls failed here',
    })
    const open = breaker('tax', { state: 'open', reason: 'failureRate' })
    expect(view([open], [process]).processes[0]?.state).toBe('up to date')
  })

  it('says for how long it was without the store', () => {
    expect(view([], [seen('p1', 0, { degraded: 14_000 })]).processes[0]).toMatchObject({
      ...{ state: 'degraded', text: 'was without the store for 14 s', since: NOW - 14_000 },
    })
  })

  it('has another policy when most of those that say so have one', () => {
    const usual = policyText(POLICY)
    const other = policyText({ ...POLICY, failureRate: 0.6 })
    const of = (policy: string) => ({ policies: [{ name: 'db', policy }] })
    const processes = [seen('p1', 0, of(usual)), seen('p2', 0, of(usual)), seen('p3', 0, of(other))]

    expect(view([], processes).processes.map(({ state }) => state)).toEqual([
      ...['up to date', 'up to date', 'other policy'],
    ])
    expect(view([], processes).processes[2]).toMatchObject({
      ...{ breaker: 'db', text: 'failure rate 0.6 here, 0.5 elsewhere' },
    })
    expect(view([], processes.slice(1)).processes.map(({ state }) => state)).toEqual([
      ...['other policy', 'other policy'],
    ])
  })
})

describe('a breaker of the fleet', () => {
  it('says who holds it, for how long, and how many have applied it', () => {
    const override = {
      ...{ mode: 'forced-open' as const, until: NOW + 600_000, by: 'ada', reason: 'CHG-118' },
      stamp: stampAt(NOW - 5_000),
    }
    const held = breaker('mail')
    const registers = { ...held.registers, override: { ...NO_REGISTERS.override, ...override } }
    const processes = [seen('p1', 0, { heard: override.stamp }), seen('p2', 0)]

    expect(view([{ ...held, registers }], processes).breakers[0]).toMatchObject({
      ...{ state: 'forced-open', since: NOW - 5_000, behind: ['p2'] },
      ...{ text: 'ada, 10 min left', more: '“CHG-118”' },
      parts: [
        ['forced-open', 1],
        ['closed', 1],
      ],
    })
    expect(appliedOf({ nowMs: NOW, processes, breakers: [] }, override.stamp)).toMatchObject({
      applied: 1,
      of: 2,
    })
  })

  it('is what it was again when the time of its override is over', () => {
    const held = breaker('mail')
    const over = { stamp: 1, mode: 'disabled', until: NOW, by: 'ada', reason: '' } as const
    const registers = { ...held.registers, override: { ...NO_REGISTERS.override, ...over } }

    expect(view([{ ...held, registers }], []).breakers[0]).toMatchObject({
      ...{ state: 'closed', override: null },
    })
  })

  it('says who has opened it alone, and which probes are out', () => {
    const tax = view([breaker('tax')], [seen('p1', 0, { alone: [alone('tax')] }), seen('p2', 0)])
    expect(tax.breakers[0]).toMatchObject({
      ...{ state: 'closed', alone: ['p1'], text: '1 open by itself', more: 'p1: 23 of 23 failed' },
      parts: [
        ['closed', 1],
        ['open', 1],
      ],
    })
    const half = breaker('db', { state: 'half-open' }, { leases: ['host.1.7.99'] })
    expect(view([half], []).breakers[0]).toMatchObject({
      text: '1 of 1 probes out',
      more: 'host.1',
    })
  })
})

describe('the summary', () => {
  it('has those that differ, the worst first, or all', () => {
    const processes = [
      seen('a', 0),
      seen('b', 0, { degraded: 1_000 }),
      seen('c', 50_000),
      seen('d', 0, { alone: [alone('tax')], service: 'cron' }),
    ]
    const reading = { nowMs: NOW, processes, breakers: [breaker('tax'), breaker('db')] }

    const { processes: differing, breakers, counts } = summaryOf(reading, false)

    expect(differing.map(({ process }) => process)).toEqual(['c', 'd', 'b'])
    expect(breakers.map(({ name }) => name)).toEqual(['tax'])
    expect(counts).toMatchObject({
      ...{ processes: 4, breakers: 2, overrides: 0, endless: 0 },
      byState: { silent: 1, isolated: 1, degraded: 1, 'up to date': 1 },
      services: [
        ['', 3],
        ['cron', 1],
      ],
    })
    expect(summaryOf(reading, true).processes).toHaveLength(4)
  })
})
