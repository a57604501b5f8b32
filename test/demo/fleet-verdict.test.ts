import { describe, expect, it } from 'vitest'
import type { FleetHistory } from '../../demo/fleet/history.ts'
import { judge, mostAtOnce } from '../../demo/fleet/verdict.ts'
import { goodRun } from './fleet-history.ts'

const end = 30_000
const told = (history: FleetHistory) =>
  judge(history, end).map(({ verdict, text }) => `${verdict}: ${text}`)

/** The run with something else in it. */
function run(change: (history: FleetHistory) => unknown): FleetHistory {
  const history = goodRun()
  change(history)
  return history
}

describe('judge', () => {
  it('tells what a good run has shown, with its times', () => {
    expect(told(goodRun())).toEqual([
      'yes: Upstream killed: the fleet opened after 1.00 s, all 8 within 0.7 ms',
      'yes: 2 probes by 2 processes, never more than 1 at once',
      'yes: Upstream back: the fleet closed after 530 ms, all 8 within 0.7 ms',
      'yes: Redis killed: of 60 calls none failed or rejected, half within 20 ms; before, 20 ms',
      'yes: Upstream killed again: each opened by itself, 8 of 8, after 2.00 s to 2.00 s',
      'yes: Upstream back: each closed by itself, 8 of 8, after 530 ms to 531 ms',
      'yes: Redis back, and empty: 8 of 8 report to it again, after 1.00 s',
      'yes: Upstream killed once more: the fleet opened after 1.00 s, all 8 within 0.7 ms',
      'yes: 2 probes by 2 processes, never more than 1 at once',
      'yes: Upstream back: the fleet closed after 530 ms, all 8 within 0.7 ms',
      'yes: None opened while the upstream was up',
    ])
  })

  it.each<[string, (history: FleetHistory) => unknown, string]>([
    [
      'a process did not follow',
      ({ changes }) => changes[3]?.splice(0),
      'no: Upstream killed: the fleet opened in 7 of 8 processes only',
    ],
    [
      'a process had opened by itself',
      ({ changes }) => changes[3]?.unshift({ at: 3_990, state: 'open', byFleet: false }),
      'no: Upstream killed: the fleet opened after 990 ms, all 8 within 11 ms; 1 of them by themselves',
    ],
    [
      'two probed at once',
      ({ probes }) => probes.push({ startedAt: 7_010, endedAt: 7_020, result: 'ok', process: 5 }),
      'no: 3 probes by 3 processes, never more than 2 at once',
    ],
    [
      'none probed',
      ({ probes }) => probes.splice(0),
      'no: 0 probes by 0 processes, never more than 0 at once',
    ],
    [
      'a call failed while Redis alone was down',
      ({ calls }) => calls.push({ startedAt: 10_000, endedAt: 10_010, result: 'failed' }),
      'no: Redis killed: of 61 calls 1 failed or rejected, half within 20 ms; before, 20 ms',
    ],
    [
      'a call was rejected while Redis alone was down',
      ({ calls }) => calls.push({ startedAt: 10_000, endedAt: 10_000, result: 'rejected' }),
      'no: Redis killed: of 61 calls 1 failed or rejected, half within 20 ms; before, 20 ms',
    ],
    [
      'there was no call while Redis was down',
      ({ calls }) => calls.splice(0),
      'no: Redis killed: of 0 calls none failed or rejected, half within 0.0 ms; before, 0.0 ms',
    ],
    [
      'a process did not open by itself',
      ({ changes }) => changes[0]?.splice(shared, alone),
      'no: Upstream killed again: each opened by itself, 7 of 8, after 2.00 s to 2.00 s',
    ],
    [
      'no process opened by itself',
      ({ changes }) => void changes.map((of) => of.splice(shared, alone)),
      'no: Upstream killed again: each opened by itself: none has',
    ],
    [
      'a process was told to close, though there was no Redis',
      ({ changes }) => changes[0]?.push({ at: 15_600, state: 'closed', byFleet: true }),
      'no: Upstream back: each closed by itself, 8 of 8, after 100 ms to 531 ms',
    ],
    [
      'a process did not come back to Redis',
      ({ connections }) => connections[0]?.pop(),
      'no: Redis back, and empty: 7 of 8 report to it again',
    ],
    [
      'a process opened for no reason',
      ({ changes }) => changes[0]?.unshift({ at: 2_000, state: 'open', byFleet: false }),
      'no: 1 process opened while the upstream was up',
    ],
  ])('says no when %s', (_, change, expected) => {
    const history = run(change)
    for (const of of history.changes) of.sort((a, b) => a.at - b.at)

    expect(told(history)).toContain(expected)
  })

  it('calls it slow when a process followed late', () => {
    const history = run(({ changes }) => {
      for (const change of changes[7] ?? []) change.at += 60
    })

    const verdicts = judge(history, end).map(({ verdict }) => verdict)
    expect(verdicts).toContain('slow')
    expect(verdicts).not.toContain('no')
  })

  it('takes a probe for none that failed just before the upstream was back, and opened again', () => {
    const history = run(({ changes }) =>
      changes[0]?.splice(
        ...([shared + 2, 0] as const),
        { at: 15_510, state: 'open', byFleet: false },
        { at: 15_900, state: 'half-open', byFleet: false },
      ),
    )
    for (const of of history.changes) of.sort((a, b) => a.at - b.at)
    history.changes[0]?.splice(shared + 1, 0, { at: 15_505, state: 'half-open', byFleet: false })

    expect(told(history).at(-1)).toBe('yes: None opened while the upstream was up')
  })

  it('says so when it was not played to its end', () => {
    const history = run(({ upstream }) => upstream.splice(0))

    expect(told(history)).toEqual(['no: It was not played to its end.'])
  })
})

/** How many changes a process has in an outage with Redis, and in one without. */
const shared = 5
const alone = 3

describe('mostAtOnce', () => {
  it.each([
    [[], 0],
    [[[0, 10]], 1],
    [
      [
        [0, 10],
        [10, 20],
      ],
      1,
    ],
    [
      [
        [0, 10],
        [9, 20],
      ],
      2,
    ],
    [
      [
        [0, 30],
        [5, 6],
        [7, 8],
      ],
      2,
    ],
    [[[5, 5]], 1],
  ])('of %j is %i', (probes, most) => {
    expect(
      mostAtOnce(
        probes.map(([startedAt = 0, endedAt = 0]) => {
          return { startedAt, endedAt, result: 'ok' as const, process: 0 }
        }),
      ),
    ).toBe(most)
  })
})
