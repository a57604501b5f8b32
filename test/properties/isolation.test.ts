import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import {
  CircuitBreaker,
  type CircuitBreakerOptions,
  CircuitRegistry,
  type ConfigurePatch,
} from '../../src/index.ts'
import { ManualClock } from '../../src/testing/manual-clock.ts'
import { runsAsked, seedOfRun } from '../model/runs.ts'
import { SHAPES, type Shape } from '../model/shapes.ts'

vi.setConfig({ testTimeout: 600_000 })
const seed = seedOfRun()
process.stdout.write(`isolation: MODEL_SEED=${seed}\n`)

/** What a call of the tests ends with. */
type End = 'success' | 'failure' | 'cancelled'

type Operation =
  | { readonly do: 'start'; readonly shape: string; readonly times: number }
  | { readonly do: 'end'; readonly which: number; readonly as: End; readonly times: number }
  | { readonly do: 'advance'; readonly ms: number }
  | { readonly do: 'configure'; readonly patch: ConfigurePatch }
  | { readonly do: 'trip' | 'reset' | 'release' | 'permit' | 'save' | 'listen' }
  | { readonly do: 'force'; readonly mode: 'forceOpen' | 'forceClosed' | 'disable' }

/** A breaker, and something that happens to it; time passes for all of them. */
interface Event {
  readonly who: number
  readonly operation: Operation
}

const BREAKERS = 2
const rate = { threshold: 0.5, minimumCalls: 2, window: { calls: 4 } }

/** With and without a rule that follows each call. */
const TRIP_PATCHES: readonly ConfigurePatch[] = [
  { trip: 'auto' },
  { trip: { consecutiveFailures: 2 } },
  { trip: { evidence: { threshold: 2 }, failureRate: rate } },
  { trip: { slowCallRate: { ...rate, slowerThan: 100, window: { duration: 2_000 } } } },
]

const PATCHES: readonly ConfigurePatch[] = [
  ...TRIP_PATCHES,
  { recovery: 'auto' },
  { recovery: { probes: 2 } },
  { statistics: true },
  { statistics: false },
  { callTimeout: 500 },
  { callTimeout: undefined },
  { maxConcurrent: 2 },
  { maxConcurrent: undefined },
  { resetTimeout: 300 },
  { resetTimeout: 'auto' },
  { history: 1 },
]

const doing = <const D extends string>(value: D): fc.Arbitrary<D> => fc.constant(value)
const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 14,
    arbitrary: fc.record({
      do: doing('start'),
      // Most calls are made like this one, and it has its own path.
      shape: fc.oneof(fc.constant('no argument'), fc.constantFrom(...Object.keys(SHAPES))),
      times: fc.constantFrom(1, 1, 2, 5),
    }),
  },
  {
    weight: 10,
    arbitrary: fc.record({
      do: doing('end'),
      which: fc.nat({ max: 20 }),
      as: fc.constantFrom<End>('success', 'success', 'failure', 'failure', 'cancelled'),
      times: fc.constantFrom(1, 1, 2, 5),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: doing('advance'),
      ms: fc.constantFrom(1, 10, 100, 300, 600, 1_100, 5_000, 31_000),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: doing('configure'),
      patch: fc.oneof(fc.constantFrom(...TRIP_PATCHES), fc.constantFrom(...PATCHES)),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom<'trip' | 'reset' | 'release' | 'permit' | 'save' | 'listen'>(
        'trip',
        'reset',
        'release',
        'permit',
        'save',
        'listen',
      ),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: doing('force'),
      mode: fc.constantFrom<'forceOpen' | 'forceClosed' | 'disable'>(
        'forceOpen',
        'forceClosed',
        'disable',
      ),
    }),
  },
)

/** How the breakers of a run are made. */
const MADE = ['by themselves', 'from one options object', 'by one registry'] as const
type Made = (typeof MADE)[number]

/** Some breakers on one clock, and what each of them has shown after each of its operations. */
class Scene {
  readonly clock: ManualClock = new ManualClock()
  readonly breakers: CircuitBreaker[]
  readonly shown: string[][] = Array.from({ length: BREAKERS }, () => [])
  /** What was told to listeners since the last look. */
  readonly #events: unknown[][] = Array.from({ length: BREAKERS }, () => [])
  readonly #calls: ((as: End) => void)[][] = Array.from({ length: BREAKERS }, () => [])

  constructor(made: Made, initial: readonly CircuitBreakerOptions[]) {
    const { clock } = this
    const random = (): number => 0.5
    const registry = new CircuitRegistry()
    const one = { ...initial[0], clock, random }
    this.breakers = Array.from({ length: BREAKERS }, (_, i) => {
      if (made === 'from one options object') return new CircuitBreaker(one)
      const options = { ...initial[i], clock, random }
      if (made === 'by one registry') return registry.breaker(`breaker ${i}`, options)
      return new CircuitBreaker(options)
    })
  }

  async run({ who, operation }: Event): Promise<void> {
    if (operation.do === 'advance') await this.clock.advance(operation.ms)
    else this.#do(who, operation)
    await this.clock.advance(0)
  }

  #do(who: number, operation: Operation): void {
    const breaker = this.breakers[who] as CircuitBreaker
    switch (operation.do) {
      case 'start':
        for (let i = 0; i < operation.times; i++) this.#start(who, operation.shape)
        return
      case 'end': {
        const calls = this.#calls[who] as ((as: End) => void)[]
        const { which, times, as } = operation
        for (const end of calls.splice(which % Math.max(1, calls.length), times)) end(as)
        return
      }
      case 'configure':
        this.#note(who, breaker.configure(operation.patch))
        return
      case 'permit': {
        const permit = breaker.tryAcquire()
        this.#note(who, permit?.generation)
        this.#calls[who]?.push((as) => permit?.[as === 'cancelled' ? 'cancel' : as]())
        return
      }
      case 'save':
        this.#note(who, breaker.save())
        return
      case 'listen':
        breaker.on('transition', (event) => this.#events[who]?.push(event))
        return
      case 'force':
        breaker[operation.mode]({ for: 1_000 })
        return
      case 'trip':
      case 'reset':
      case 'release':
        breaker[operation.do]()
    }
  }

  #start(who: number, shape: string): void {
    const breaker = this.breakers[who] as CircuitBreaker
    const aborted = new AbortController()
    const ended = new Promise<End>((resolve) => this.#calls[who]?.push(resolve))
    const outcome = (SHAPES[shape] as Shape)(
      breaker,
      async () => {
        const as = await ended
        if (as === 'failure') throw new Error('down')
        if (as === 'cancelled') {
          aborted.abort()
          throw aborted.signal.reason
        }
        return { as, retryAfter: undefined }
      },
      aborted.signal,
    )
    const note = (result: unknown): void => this.#note(who, result)
    outcome.then(note, (error: Error) => note(String(error)))
  }

  #note(who: number, what: unknown): void {
    this.shown[who]?.push(JSON.stringify(what))
  }

  /**
   * Notes what a breaker has told and shows. Callers and listeners are told each in its order: which of them comes first
   * in a moment in which many calls time out depends on how many of them one timer ends.
   */
  look(who: number): void {
    const breaker = this.breakers[who] as CircuitBreaker
    for (const event of this.#events[who]?.splice(0) ?? []) this.#note(who, event)
    this.#note(who, { ...breaker.snapshot(), name: '' })
    this.#note(who, breaker.explain().trips)
  }
}

/** All breakers in one run; each of them is looked at after every event. */
async function together(
  made: Made,
  initial: readonly CircuitBreakerOptions[],
  events: readonly Event[],
): Promise<string[][]> {
  const scene = new Scene(made, initial)
  for (const event of events) {
    await scene.run(event)
    for (let who = 0; who < BREAKERS; who++) scene.look(who)
  }
  return scene.shown
}

/** What one of them shows when nothing happens to the others. */
async function alone(
  made: Made,
  initial: readonly CircuitBreakerOptions[],
  events: readonly Event[],
  who: number,
): Promise<string[]> {
  const scene = new Scene(made, initial)
  for (const event of events) {
    const own = event.who === who || event.operation.do === 'advance'
    // As many turns of the event loop in both: what ends a turn later must not differ.
    await scene.run(own ? event : { who, operation: { do: 'advance', ms: 0 } })
    scene.look(who)
  }
  return scene.shown[who] as string[]
}

describe.each(MADE)('breakers made %s', (made) => {
  it('show what they would show alone, whatever happens to the others', async () => {
    const options = fc.constantFrom<CircuitBreakerOptions>(
      ...(PATCHES as readonly CircuitBreakerOptions[]),
      {},
    )
    await fc.assert(
      fc.asyncProperty(
        fc.array(options, { minLength: BREAKERS, maxLength: BREAKERS }),
        fc.array(fc.record({ who: fc.nat({ max: BREAKERS - 1 }), operation }), {
          maxLength: 100,
          size: 'max',
        }),
        async (initial, events) => {
          const shown = await together(made, initial, events)
          for (let who = 0; who < BREAKERS; who++) {
            expect(shown[who]).toEqual(await alone(made, initial, events, who))
          }
        },
      ),
      { seed, numRuns: runsAsked(300) },
    )
  })
})
