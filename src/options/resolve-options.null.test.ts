import { describe, expect, it } from 'vitest'
import { createBreaker, reasonOf } from '../../test/helpers/public.ts'
import { CircuitBreaker } from '../circuit-breaker.ts'

const rate = { threshold: 0.5, minimumCalls: 5, window: { calls: 10 } }

/** An option that is null, and the name that the error must say. */
const nulls: [string, object][] = [
  ['name', { name: null }],
  ['maxFailures', { maxFailures: null }],
  ['resetTimeout', { resetTimeout: null }],
  ['resetTimeout.initial', { resetTimeout: { initial: null } }],
  ['trip', { trip: null }],
  ['trip.consecutiveFailures', { trip: { consecutiveFailures: null } }],
  ['trip.failureRate', { trip: { failureRate: null } }],
  ['trip.failureRate.window', { trip: { failureRate: { ...rate, window: null } } }],
  ['trip.slowCallRate', { trip: { slowCallRate: null } }],
  ['trip.evidence', { trip: { evidence: null } }],
  ['trip.evidence.overdue', { trip: { evidence: { overdue: null } } }],
  ['trip.when', { trip: { when: null } }],
  ['recovery', { recovery: null }],
  ['recovery.probes', { recovery: { probes: null } }],
  ['recovery.slowStart', { recovery: { slowStart: null } }],
  ['recovery.timeout', { recovery: { timeout: null } }],
  ['callTimeout', { callTimeout: null }],
  ['maxConcurrent', { maxConcurrent: null }],
  ['classify', { classify: null }],
  ['retryAfter', { retryAfter: null }],
  ['fallback', { fallback: null }],
  ['redact', { redact: null }],
  ['history', { history: null }],
  ['clock', { clock: null }],
  ['random', { random: null }],
  ['registry', { registry: null }],
  ['saved', { saved: null }],
]
const patches = nulls.filter(([path]) => !/^(name|clock|random|registry|saved)/.test(path))

describe('an option that is null', () => {
  it.each(nulls)('is a TypeError that names it: %s', (path, options) => {
    const make = () => new CircuitBreaker(options)

    expect(make).toThrow(TypeError)
    expect(make).toThrow(new RegExp(`^${path.replaceAll('.', '\\.')} must be `))
  })

  it.each(patches)('is one for configure, which changes nothing then: %s', (path, patch) => {
    const { breaker } = createBreaker({ maxFailures: undefined })
    const before = breaker.options

    expect(() => breaker.configure(patch)).toThrow(TypeError)
    expect(() => breaker.configure(patch)).toThrow(path)
    expect(breaker.options).toBe(before)
  })
})

describe('a function of a kind that can’t be guarded', () => {
  async function* later(): AsyncGenerator<number> {
    yield 1
  }
  function* now(): Generator<number> {
    yield 1
  }
  const { breaker } = createBreaker()

  it.each<[string, () => unknown, string]>([
    [
      'breaker(async function*)',
      () => breaker(later as never),
      'breaker takes a function that returns a promise, got an AsyncGeneratorFunction; use breaker.stream(fn)',
    ],
    [
      'breaker(function*)',
      () => breaker(now as never),
      'breaker takes a function that returns a promise, got a GeneratorFunction',
    ],
    [
      'breaker.sync(async function*)',
      () => breaker.sync(later as () => unknown),
      'breaker.sync takes a synchronous function, got an AsyncGeneratorFunction; use breaker.stream(fn)',
    ],
    [
      'breaker.sync(function*)',
      () => breaker.sync(now as () => unknown),
      'breaker.sync takes a synchronous function, got a GeneratorFunction',
    ],
    [
      'breaker.sync(async () => …)',
      () => breaker.sync((async () => 1) as () => unknown),
      'breaker.sync takes a synchronous function, got an AsyncFunction; use breaker(fn)',
    ],
  ])('is a TypeError that says what guards it: %s', (_, wrap, message) => {
    expect(wrap).toThrow(new TypeError(message))
  })
})

describe('options of a call that are wrong', () => {
  it.each([
    ['acquire', { signal: null }, 'signal must be an AbortSignal'],
    ['tryAcquire', { timeout: null }, 'timeout must be milliseconds'],
    ['acquire', { classify: null }, 'classify must be a function'],
    ['tryAcquire', { fallback: () => 1 }, 'unknown option "fallback" (in options of tryAcquire)'],
  ] as const)('are thrown by %s, and no permit is taken: %o', (method, call, message) => {
    const { breaker } = createBreaker()

    expect(() => breaker[method](call as never)).toThrow(TypeError)
    expect(() => breaker[method](call as never)).toThrow(message)
    expect(breaker.snapshot().counts.admitted).toBe(0)
  })

  it('are rejected by run with a TypeError', async () => {
    const { breaker } = createBreaker()

    const reasons = [null, { signal: null }, { timeout: null }, { fallback: null }].map((call) =>
      reasonOf(breaker.run(() => 1, call as never)),
    )

    expect((await Promise.all(reasons)).every((value) => value instanceof TypeError)).toBe(true)
  })
})
