import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Machine } from '../../src/core/machine.ts'
import { SUCCESS } from '../../src/core/outcome.ts'
import { Permit } from '../../src/core/permit.ts'
import type { MachineSettings } from '../../src/core/settings.ts'
import { classificationOf, settingsOf, settle } from '../helpers/core.ts'
import { evidence } from '../helpers/overdue.ts'
import { seedOfRun } from './runs.ts'

const PROBE_TIME = 30_000
const OPEN_TIME = 1_000

const settings: MachineSettings = {
  ...settingsOf({ maxFailures: Infinity, resetTimeout: OPEN_TIME, trip: { evidence } }),
  recovery: {
    kind: 'slowStart',
    successes: 5,
    quietFor: 2_000,
    timeout: PROBE_TIME,
    slowerThan: 800,
  },
}

/** A breaker that knows that calls take 10 ms, and is half-open from `now` on. */
class Scene {
  readonly machine = new Machine(settings, 0, () => 0.5)
  readonly calls: { readonly permit: Permit; readonly endsAt: number }[] = []
  now = 0

  constructor() {
    for (let i = 0; i < 20; i++) {
      const permit = this.machine.admit(this.now) as Permit
      this.now += 10
      settle(this.machine, permit, 'success', this.now)
    }
    this.machine.trip(this.now)
    this.now += OPEN_TIME
  }

  start(latency: number): boolean {
    const permit = this.machine.admit(this.now)
    if (!(permit instanceof Permit)) return false
    this.calls.push({ permit, endsAt: this.now + latency })
    return true
  }

  /** Time passes; calls that end meanwhile do so at their own moments. */
  pass(ms: number, outcome: 'success' | 'failure' | 'cancelled' = 'success'): void {
    const until = this.now + ms
    for (;;) {
      const next = this.calls.toSorted((a, b) => a.endsAt - b.endsAt)[0]
      if (next === undefined || next.endsAt > until) break
      this.calls.splice(this.calls.indexOf(next), 1)
      this.now = Math.max(this.now, next.endsAt)
      this.machine.settle(
        next.permit,
        outcome === 'success' ? SUCCESS : classificationOf(outcome),
        this.now,
      )
    }
    this.now = until
  }

  conserves(): void {
    const { admitted, settled, expired } = this.machine.counters.read()
    expect(admitted).toBe(settled + expired + this.machine.counters.inFlight)
    const { state } = this.machine
    if (state.name !== 'half-open') return
    expect(state.recovery.inFlight.size).toBe([...state.recovery.inFlight].length)
  }
}

/** From here on every call succeeds, the n-th after such a time. How long until it closes, ms. */
function closesAfter(scene: Scene, every: number, latencyOf: (call: number) => number): number {
  const since = scene.now
  let calls = 0
  while (scene.machine.peek(scene.now).state.name !== 'closed') {
    if (scene.now - since > 3_600_000) return Infinity
    if (scene.start(latencyOf(calls))) calls++
    scene.pass(every)
  }
  return scene.now - since
}

const latency = fc.constantFrom(1, 10, 29, 31, 50, 200, 499, 501, 1_000, 5_000, 20_000)

describe('a slow start whose calls all succeed from some time on', () => {
  it.each([
    { first: 10, later: 50, every: 10 },
    { first: 10, later: 400, every: 10 },
    { first: 1, later: 31, every: 5 },
    { first: 10, later: 5_000, every: 100 },
    { first: 20_000, later: 20_000, every: 1_000 },
  ])('closes when they take $first ms and then $later ms, every $every ms', (row) => {
    const took = closesAfter(new Scene(), row.every, (call) => (call === 0 ? row.first : row.later))

    expect(took).toBeLessThan(20 * 60_000)
  })

  it('closes, whatever their latencies, their rate and what happened before', {
    timeout: 120_000,
  }, () => {
    const step = fc.record({
      calls: fc.nat(5),
      latency,
      outcome: fc.constantFrom('success', 'failure', 'cancelled'),
      pass: fc.constantFrom(1, 10, 100, 600, 3_000, 40_000),
    })
    const property = fc.property(
      fc.array(step, { maxLength: 12 }),
      fc.array(latency, { minLength: 1, maxLength: 4 }),
      fc.constantFrom(10, 50, 300, 2_000),
      (before, latencies, every) => {
        const scene = new Scene()
        for (const { calls, latency, outcome, pass } of before) {
          for (let i = 0; i < calls; i++) scene.start(latency)
          scene.pass(pass, outcome as 'success')
          scene.conserves()
        }
        const latencyOf = (call: number): number => latencies[call % latencies.length] as number
        expect(closesAfter(scene, every, latencyOf)).toBeLessThan(Infinity)
        scene.conserves()
      },
    )

    fc.assert(property, { numRuns: 300, seed: seedOfRun() })
  })

  it('closes after every short sequence of what can happen to it', { timeout: 120_000 }, () => {
    const happenings: readonly ((scene: Scene) => void)[] = [
      (scene) => scene.start(10),
      (scene) => scene.start(50),
      (scene) => scene.start(2_000),
      (scene) => scene.pass(15),
      (scene) => scene.pass(700),
      (scene) => scene.pass(2_500, 'failure'),
      (scene) => scene.pass(2_500, 'cancelled'),
    ]
    let sequences = 0
    const search = (path: readonly ((scene: Scene) => void)[]): void => {
      const scene = new Scene()
      for (const happen of path) happen(scene)
      scene.conserves()
      sequences++
      expect(closesAfter(scene, 20, () => 50)).toBeLessThan(Infinity)
      if (path.length < 4) for (const happen of happenings) search([...path, happen])
    }

    search([])

    expect(sequences).toBe(1 + 7 + 7 ** 2 + 7 ** 3 + 7 ** 4)
  })
})
