import { describe, expect, it } from 'vitest'
import {
  admit,
  createMachine,
  openMachine,
  RESET_TIMEOUT,
  settle,
} from '../../../test/helpers/core.ts'
import { RECENT, Statistics } from './statistics.ts'

describe('Statistics', () => {
  it('counts the calls of the last minute by what became of them', () => {
    const statistics = new Statistics()
    statistics.record('success', 10, 0)
    statistics.record('success', 10, 30_000)
    statistics.record('failure', 10, 30_000)
    statistics.record('neutral', 10, 30_000)
    statistics.record('cancelled', 10, 30_000)
    statistics.recordRejection(59_999)

    expect(statistics.recent(59_999)).toEqual({
      success: 2,
      failure: 1,
      neutral: 1,
      cancelled: 1,
      rejected: 1,
    })
  })

  it.each([
    { at: RECENT - 1, success: 1 },
    { at: RECENT, success: 0 },
    { at: 1e9, success: 0 },
  ])('forgets what is older, also without calls: $success at $at', ({ at, success }) => {
    const statistics = new Statistics()
    statistics.record('success', 10, 0)

    expect(statistics.recent(at).success).toBe(success)
  })

  it.each([
    { recorded: 4_999, at: 59_999, success: 1 },
    { recorded: 4_999, at: 60_000, success: 0 },
    { recorded: 5_000, at: 60_000, success: 1 },
    { recorded: 5_000, at: 64_999, success: 1 },
    { recorded: 5_000, at: 65_000, success: 0 },
    { recorded: 90_000, at: 149_999, success: 1 },
    { recorded: 90_000, at: 150_000, success: 0 },
  ])('forgets a twelfth of it at a time: $success of $recorded at $at', (row) => {
    const statistics = new Statistics()
    statistics.record('success', 10, row.recorded)

    expect(statistics.recent(row.at).success).toBe(row.success)
  })

  it('begins with each twelfth anew as it comes, after a pause too', () => {
    const statistics = new Statistics()
    for (let now = 0; now < RECENT; now += 5_000) statistics.record('failure', 10, now)

    for (const [at, failure] of [
      [60_000, 11],
      [75_000, 8],
      [80_000, 7],
    ] as const) {
      statistics.recordRejection(at)
      expect(statistics.recent(at)).toMatchObject({ failure })
    }
    expect(statistics.recent(80_000)).toMatchObject({ success: 0, rejected: 3 })
  })

  it('counts every kind also when its slice is over', () => {
    const statistics = new Statistics()
    for (const outcome of ['success', 'failure', 'neutral', 'cancelled'] as const) {
      statistics.record(outcome, 10, 4_999)
    }
    statistics.recordRejection(4_999)
    statistics.record('success', 10, 5_000)

    const expected = { success: 2, failure: 1, neutral: 1, cancelled: 1, rejected: 1 }
    expect(statistics.recent(5_000)).toEqual(expected)
    expect(statistics.recent(59_999)).toEqual(expected)
    expect(statistics.recent(60_000)).toMatchObject({ success: 1, failure: 0, rejected: 0 })
  })

  it('begins a slice with a rejection as well', () => {
    const statistics = new Statistics()
    statistics.recordRejection(4_999)
    statistics.recordRejection(5_000)

    expect(statistics.recent(59_999).rejected).toBe(2)
    expect(statistics.recent(60_000).rejected).toBe(1)
    expect(statistics.recent(200_000)).toEqual(new Statistics().recent(0))
  })

  it('begins to keep slices with the first that is not empty', () => {
    const statistics = new Statistics()
    statistics.recordRejection(0)
    const restored = Statistics.restore(statistics.save())
    restored.record('success', 10, 70_000)
    restored.record('success', 10, 75_000)

    expect(restored.recent(75_000)).toMatchObject({ success: 2, rejected: 0 })
  })

  it('goes on apart from its clone in slices that are over as well', () => {
    const statistics = new Statistics()
    statistics.record('success', 10, 1_000)
    statistics.record('failure', 10, 8_000)
    const copy = statistics.clone()
    expect(copy.recent(8_000)).toMatchObject({ success: 1, failure: 1 })

    copy.record('neutral', 10, 61_000)
    copy.record('neutral', 10, 66_000)

    expect(copy.recent(66_000)).toMatchObject({ success: 0, failure: 0, neutral: 2 })
    statistics.record('success', 10, 59_000)
    expect(statistics.recent(59_000)).toMatchObject({ success: 2, failure: 1, neutral: 0 })
  })

  it('starts its slices anew after a long silence', () => {
    const statistics = new Statistics()
    for (let now = 0; now < RECENT; now += 1_000) statistics.record('failure', 10, now)
    statistics.record('success', 10, 10 * RECENT)

    expect(statistics.recent(10 * RECENT)).toMatchObject({ success: 1, failure: 0 })
  })

  it('takes no latency from calls that say nothing', () => {
    const statistics = new Statistics()
    statistics.record('cancelled', 10_000, 0)
    statistics.record('neutral', 20, 0)

    expect(statistics.latency).toMatchObject({ count: 1, max: 20 })
  })

  it('knows what a failed call takes on average', () => {
    const statistics = new Statistics()
    expect(statistics.failedCall).toBe(0)

    statistics.record('failure', 100, 0)
    statistics.record('failure', 300, 0)
    statistics.record('success', 5, 0)
    expect(statistics.failedCall).toBe(200)
  })

  it('goes on from saved data and apart from its clone', () => {
    const statistics = new Statistics()
    statistics.record('failure', 100, 70_000)

    const copy = statistics.clone()
    copy.record('failure', 300, 70_000)

    expect(Statistics.restore(statistics.save()).failedCall).toBe(100)
    expect(copy.failedCall).toBe(200)
    expect([statistics, copy].map((value) => value.recent(70_000).failure)).toEqual([1, 2])
  })
})

describe('a machine with statistics', () => {
  it('keeps how long calls took, probes among them, and what was rejected', () => {
    const machine = openMachine({ statistics: true })
    machine.admit(0)
    settle(machine, admit(machine, RESET_TIMEOUT), 'success', RESET_TIMEOUT + 40)

    expect(machine.statistics?.latency).toMatchObject({ count: 4, max: 40 })
    expect(machine.statistics?.recent(RESET_TIMEOUT + 40)).toMatchObject({
      success: 1,
      failure: 3,
      rejected: 1,
    })
  })

  it('keeps none when it is told to, and says that they are lost', () => {
    const machine = createMachine({ statistics: true })
    const { settings } = machine

    expect(machine.configure({ ...settings, statistics: false }, 0)).toEqual(['statistics'])
    expect(machine.statistics).toBeNull()

    expect(machine.configure(settings, 0)).toEqual([])
    expect(machine.statistics).not.toBeNull()
    expect(machine.configure(settings, 0)).toEqual([])
  })

  it('sums up the time in each state', () => {
    const machine = openMachine()
    const probe = admit(machine, RESET_TIMEOUT + 50)
    settle(machine, probe, 'success', RESET_TIMEOUT + 90)

    expect(machine.history?.timeInState).toEqual({
      closed: 0,
      open: RESET_TIMEOUT,
      'half-open': 90,
    })
  })
})
