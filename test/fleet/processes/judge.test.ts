import { describe, expect, it } from 'vitest'
import { NO_REGISTERS, type Register, type Registers } from '../../../src/fleet/index.ts'
import type { Event, ProcessEvent, TestEvent, View } from './history.ts'
import { violations } from './judge.ts'

const STAMP = 1_700_000_000_000 * 1024
const rules = { probes: 1, leaseMs: 1_000, minReporters: 2 }
const closed: View = {
  ...{ state: 'closed', override: null, decides: 'fleet', fleet: 'closed', since: null },
}
const halfOpen: View = { ...closed, state: 'half-open', fleet: 'half-open', since: STAMP / 1024 }

function registers(automatic: Partial<Register> = {}, override: object = {}): Registers {
  const { automatic: a, override: o } = NO_REGISTERS
  return { automatic: { ...a, ...automatic }, override: { ...o, ...override } }
}
const probing = registers({ stamp: STAMP, state: 'half-open', reason: 'elapsed' })
const recovered = registers({ stamp: STAMP, state: 'closed', reason: 'recovered' })
const opened = registers({ stamp: STAMP, state: 'open', reason: 'failureRate' })
const forced = registers({}, { stamp: STAMP, mode: 'forced-open' })

type Entry = readonly [process: string, event: ProcessEvent | TestEvent, at?: number]

/** One event per ms, or at the time that is given. */
function history(...events: readonly Entry[]): Event[] {
  return events.map(([process, event, at], i) => ({ process, at: at ?? i, ...event }))
}

const call = (more: Partial<Extract<Event, { kind: 'call' }>> = {}): ProcessEvent => ({
  ...{ kind: 'call', beganAt: 0, view: closed, admitted: closed },
  ...{ waitedUntil: undefined, outcome: 'success', ...more },
})
const ask = (n: number, more: Partial<Extract<Event, { kind: 'ask' }>> = {}): ProcessEvent => ({
  ...{ kind: 'ask', n, known: NO_REGISTERS, report: undefined, lease: undefined },
  ...{ renew: undefined, result: undefined, command: undefined, ...more },
})
const answer = (
  n: number,
  more: Partial<Extract<Event, { kind: 'answer' }>> = {},
): ProcessEvent => ({
  ...{ kind: 'answer', n, registers: NO_REGISTERS, fleet: counts(0) },
  ...{ granted: undefined, refused: undefined, ...more },
})
const final = (view: View): ProcessEvent => ({ kind: 'final', view })
const store = (registers: Registers): TestEvent => ({ kind: 'store', registers })
const counts = (success: number, failure = 0) => ({ success, failure, slow: 0 })
const granted = { registers: probing, granted: true }
const probe = (lease?: string): ProcessEvent => ({ kind: 'probe', view: halfOpen, lease })

describe('the judge of histories', () => {
  const good = history(
    ...([
      ['a', call({ outcome: 'failure' })],
      ['a', ask(1, { report: counts(0, 1) })],
      ['a', answer(1, { fleet: counts(0, 1) })],
      ['b', call({ outcome: 'failure' })],
      ['b', ask(1, { report: counts(0, 1) })],
      ['b', answer(1, { registers: opened })],
      ['a', { kind: 'push', registers: opened }],
      ['a', ask(2, { known: opened, lease: 'x' })],
    ] as const),
    ['a', answer(2, { ...granted, registers: later(probing) })],
    ['a', probe('x')],
    ['a', ask(3, { known: later(probing), result: 'x' })],
    ['a', final(halfOpen)],
    ['test', store(later(probing))],
  )

  it('has nothing against one that keeps all promises', () => {
    expect(violations(good, rules)).toEqual([])
  })

  it.each<[string, Event[]]>([
    ['a caller saw', history(['a', call({ outcome: 'error', error: 'READONLY' })])],
    ['a call waited for the store', history(['a', call({ waitedUntil: 1 })])],
    [
      'two calls waited at once',
      history(
        ['a', call({ waitedUntil: 5, view: halfOpen, beganAt: 0 }), 5],
        ['a', call({ waitedUntil: 6, view: halfOpen, beganAt: 4 }), 6],
      ),
    ],
    ['a has trouble', history(['a', { kind: 'trouble', error: 'a newer record' }])],
    ['a has trouble', history(['a', { kind: 'ended', code: 1 }])],
    ['a went back', history(['a', ask(1, { known: opened })], ['a', ask(2)])],
    ['a went back', history(['a', ask(1, { known: forced })], ['a', ask(2)])],
    [
      'one stamp has two contents',
      history(['a', ask(1, { known: probing })], ['b', { kind: 'push', registers: opened }]),
    ],
    [
      '2 leases',
      history(
        ['a', ask(1, { lease: 'x' }), 0],
        ['a', answer(1, granted), 1],
        ['b', ask(1, { lease: 'y' }), 500],
        ['b', answer(1, granted), 501],
      ),
    ],
    [
      '2 leases',
      history(
        ['a', ask(1, { lease: 'x' }), 0],
        ['a', answer(1, granted), 1],
        ['a', ask(2, { known: probing, renew: 'x' }), 800],
        ['a', answer(2, { registers: probing }), 801],
        ['b', ask(1, { lease: 'y' }), 1_500],
        ['b', answer(1, granted), 1_501],
      ),
    ],
    [
      '3 leases',
      history(
        ['a', ask(1, { lease: 'x' }), 0],
        ['a', answer(1, granted), 1],
        ['test', { kind: 'lost data', since: 2 }, 2],
        ['b', ask(1, { lease: 'y' }), 3],
        ['b', answer(1, granted), 4],
        ['c', ask(1, { lease: 'z' }), 5],
        ['c', answer(1, granted), 6],
      ),
    ],
    ['a probe without a lease', history(['a', probe()])],
    [
      'a probe without a lease',
      history(['a', ask(1, { lease: 'x' })], ['a', answer(1, granted)], ['b', probe('x')]),
    ],
    [
      'two probes with one lease',
      history(
        ...([
          ['a', ask(1, { lease: 'x' })],
          ['a', answer(1, granted)],
          ['a', probe('x')],
          ['a', probe('x')],
        ] as const),
      ),
    ],
    ['1 calls reported of 0', history(['a', ask(1, { report: counts(1) })])],
    [
      '2 calls reported of 1',
      history(
        ['a', call()],
        ['a', ask(1, { report: counts(1) })],
        ['a', ask(2, { report: counts(1) })],
      ),
    ],
    [
      '1 calls reported of 0',
      history(['a', call()], ['a', ask(1, { known: recovered, report: counts(1) })]),
    ],
    [
      '2 calls counted of 1 reported',
      history(
        ['a', call()],
        ['a', ask(1, { report: counts(1) })],
        ['a', answer(1, { fleet: counts(2) })],
      ),
    ],
    [
      'opened by too few processes',
      history(
        ['a', call({ outcome: 'failure' })],
        ['a', ask(1, { report: counts(0, 1) })],
        ['a', answer(1, { registers: opened })],
      ),
    ],
    [
      'an override is lost',
      history(
        ['b', ask(1, { command: 'forced-open' })],
        ['b', answer(1, { registers: forced })],
        ['test', store(NO_REGISTERS)],
      ),
    ],
    ['a disagrees with the store', history(['a', final(halfOpen)], ['test', store(NO_REGISTERS)])],
    ['a disagrees with the store', history(['a', final(closed)], ['test', store(forced)])],
    [
      'a does not follow the fleet',
      history(['a', final({ ...halfOpen, state: 'closed' })], ['test', store(probing)]),
    ],
  ])('finds that %s', (what, events) => {
    expect(violations(events, rules).join('\n')).toContain(what)
  })

  it('knows when a lease is over', () => {
    const first = [
      ['a', ask(1, { lease: 'x' }), 0],
      ['a', answer(1, granted), 1],
    ] as const
    const second = [
      ['b', ask(1, { lease: 'y' }), 1_002],
      ['b', answer(1, granted), 1_003],
    ] as const
    const reported = ['a', ask(2, { known: probing, result: 'x' }), 2] as const
    const reopened = registers({ stamp: STAMP + 1, state: 'open', reason: 'probeFailed' })
    const heard = ['c', { kind: 'push', registers: reopened }, 2] as const
    const soon = [
      ['b', ask(1, { lease: 'y' }), 3],
      ['b', answer(1, granted), 4],
    ] as const

    expect(violations(history(...first, ...second), rules)).toEqual([])
    expect(violations(history(...first, reported, ...soon), rules)).toEqual([])
    expect(violations(history(...first, heard, ...soon), rules)).toEqual([])
    const lost = ['test', { kind: 'lost data', since: 2 }, 2] as const
    expect(violations(history(...first, lost, ...soon), rules)).toEqual([])
  })
})

function later({ automatic, override }: Registers): Registers {
  return { automatic: { ...automatic, stamp: automatic.stamp + 1 }, override }
}
