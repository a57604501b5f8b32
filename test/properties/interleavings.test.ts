import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { CircuitBreaker, isShortCircuitError } from '../../src/index.ts'
import { ManualClock } from '../../src/testing/manual-clock.ts'
import { runsAsked, seedOfRun } from '../model/runs.ts'

vi.setConfig({ testTimeout: 600_000 })
const seed = seedOfRun()
process.stdout.write(`interleavings: MODEL_SEED=${seed}\n`)

const CALL_TIMEOUT = 50
const OPEN_TIME = 100

type Way = 'run' | 'wrapped' | 'stream' | 'permit'

interface Call {
  readonly way: Way
  readonly fails: boolean
  readonly hangs: boolean
  readonly aborted: boolean
  /** Before it begins, ms. */
  readonly wait: number
}

const call: fc.Arbitrary<Call> = fc.record({
  way: fc.constantFrom<Way>('run', 'wrapped', 'stream', 'permit'),
  fails: fc.boolean(),
  hangs: fc.integer({ min: 0, max: 3 }).map((value) => value === 0),
  aborted: fc.integer({ min: 0, max: 3 }).map((value) => value === 0),
  wait: fc.constantFrom(0, 0, 1, CALL_TIMEOUT, OPEN_TIME),
})

/** An answer that comes when the scheduler lets it. */
async function ending(scheduler: fc.Scheduler, well: boolean, label: string): Promise<string> {
  await scheduler.schedule(Promise.resolve(), label)
  if (!well) throw new Error('down')
  return 'answer'
}

/** What the callers of one run got, and how often their actions ran. */
class Scene {
  readonly clock: ManualClock = new ManualClock()
  readonly breaker: CircuitBreaker
  readonly results: (unknown | undefined)[] = []
  readonly runs: number[] = []
  readonly #scheduler: fc.Scheduler

  constructor(scheduler: fc.Scheduler, probes: number) {
    this.#scheduler = scheduler
    this.breaker = new CircuitBreaker({
      maxFailures: 2,
      resetTimeout: OPEN_TIME,
      callTimeout: CALL_TIMEOUT,
      recovery: { probes, timeout: 2 * CALL_TIMEOUT },
      clock: this.clock,
    })
  }

  /** Starts a call whose parts end whenever the scheduler lets them. */
  start(call: Call, index: number): void {
    this.runs[index] = 0
    const got = (result: unknown): void => {
      expect(this.results[index]).toBeUndefined()
      this.results[index] = { result }
    }
    const controller = new AbortController()
    if (call.aborted) {
      void this.#scheduler
        .schedule(Promise.resolve(), `abort ${index}`)
        .then(() => controller.abort(new Error('gone')))
    }
    this.#begin(call, index, controller.signal).then(got, got)
  }

  async #begin(call: Call, index: number, signal: AbortSignal): Promise<unknown> {
    const answer = (): Promise<string> => {
      this.runs[index] = (this.runs[index] as number) + 1
      if (call.hangs) return new Promise(() => {})
      return ending(this.#scheduler, !call.fails, `answer ${index}`)
    }
    if (call.way === 'wrapped') return this.breaker(answer)()
    if (call.way === 'run') return this.breaker.run(answer, { signal })
    if (call.way === 'permit') return this.#byHand(answer, signal)
    const items = this.breaker.stream(async function* () {
      yield await answer()
    })
    for await (const item of items()) return item
  }

  async #byHand(answer: () => Promise<string>, signal: AbortSignal): Promise<unknown> {
    const permit = this.breaker.acquire({ signal })
    const over = this.clock.now() + CALL_TIMEOUT
    void answer().then(
      (value) => permit.success(value),
      (error: unknown) => permit.failure(error),
    )
    return over
  }

  /** Time goes on between any two of the things that happen. */
  tick(ms: number, label: string): void {
    void this.#scheduler.schedule(Promise.resolve(), label).then(() => this.clock.advance(ms))
  }
}

describe('interleavings', () => {
  it('end every call once, lose no permit and run no rejected call, in any order', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.integer({ min: 1, max: 3 }),
        fc.array(call, { minLength: 1, maxLength: 12 }),
        async (scheduler, probes, calls) => {
          const scene = new Scene(scheduler, probes)
          for (const [index, call] of calls.entries()) {
            await scene.clock.advance(call.wait)
            scene.start(call, index)
            scene.tick(CALL_TIMEOUT / 2, `tick ${index}`)
            if (index % 3 === 2) await scheduler.waitOne()
            const { probes: out } = scene.breaker.snapshot()
            expect(out?.inFlight ?? 0).toBeLessThanOrEqual(probes)
          }
          await scheduler.waitAll()
          // One step for each: a timer is set again only after the calls before are over.
          for (let i = 0; i <= calls.length; i++) await scene.clock.advance(CALL_TIMEOUT)

          const { counts, inFlight } = scene.breaker.snapshot()
          expect(inFlight).toBe(0)
          expect(counts.admitted).toBe(counts.settled + counts.expired)
          expect(scene.clock.timers).toBe(0)
          for (const index of calls.keys()) {
            const { result } = scene.results[index] as { result: unknown }
            const rejected = isShortCircuitError(result) && result.code !== 'ERR_CALL_TIMEOUT'
            expect(scene.runs[index]).toBeLessThanOrEqual(1)
            if (rejected) expect(scene.runs[index]).toBe(0)
          }
        },
      ),
      { seed, numRuns: runsAsked(300) },
    )
  })

  it('let the probe decide, whenever late answers of the time before come in', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.array(fc.boolean(), { minLength: 1, maxLength: 8 }),
        fc.boolean(),
        async (scheduler, late, probeSucceeds) => {
          const clock = new ManualClock()
          const breaker = new CircuitBreaker({ maxFailures: 1, resetTimeout: OPEN_TIME, clock })
          // Without more a call needs no permit of its own; with a signal it does.
          const { signal } = new AbortController()
          const calls = late.map((succeeds, i) =>
            breaker.run(() => ending(scheduler, succeeds, `late ${i}`), i % 2 ? {} : { signal }),
          )
          breaker.trip()
          await clock.advance(OPEN_TIME)
          calls.push(breaker.run(() => ending(scheduler, probeSucceeds, 'probe')))
          const settled = Promise.allSettled(calls)

          await scheduler.waitAll()
          await settled

          expect(breaker.state).toBe(probeSucceeds ? 'closed' : 'open')
          expect(breaker.snapshot().counts.stale).toBe(late.length)
        },
      ),
      { seed, numRuns: runsAsked(300) },
    )
  })

  it('give up a probe that is late in whatever order its answer and the next calls come', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.nat({ max: 250 }), async (scheduler, takes) => {
        const clock = new ManualClock()
        const recovery = { probes: 1, timeout: 100 }
        const breaker = new CircuitBreaker({ maxFailures: 1, resetTimeout: 100, recovery, clock })
        breaker.trip()
        await clock.advance(100)
        const answer = scheduler.schedule(Promise.resolve('answer'), 'answer')
        const probe = breaker.run(() => answer)
        void scheduler.schedule(Promise.resolve(), 'time').then(() => clock.advance(takes))
        const others = Array.from({ length: 3 }, (_, i) =>
          scheduler.schedule(Promise.resolve(), `call ${i}`).then(() => breaker.run(() => i)),
        )
        const settled = Promise.allSettled(others)

        await scheduler.waitAll()
        await settled

        expect(await probe).toBe('answer')
        const { counts, inFlight } = breaker.snapshot()
        expect(counts.admitted).toBe(counts.settled + counts.expired + inFlight)
        expect(inFlight).toBe(0)
      }),
      { seed, numRuns: runsAsked(300) },
    )
  })
})
