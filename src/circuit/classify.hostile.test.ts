import { createContext, runInContext, runInNewContext } from 'node:vm'
import { afterEach, beforeEach, describe, expect, it, type MockInstance, vi } from 'vitest'
import { createBreaker, reasonOf, turn } from '../../test/helpers.ts'
import { CircuitBreaker } from '../circuit-breaker.ts'
import { isCircuitOpenError, isShortCircuitError } from '../errors.ts'

/** Throws whatever it is asked. */
function touchy(): object {
  const trap = (): never => {
    throw new Error('touched')
  }
  const traps = ['get', 'has', 'getPrototypeOf', 'ownKeys', 'getOwnPropertyDescriptor']
  return new Proxy({}, Object.fromEntries(traps.map((name) => [name, trap])))
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

const hostile: [string, () => object][] = [
  ['a proxy that throws', touchy],
  ['a revoked proxy', revoked],
  ['an error whose members throw', withThrowingMembers],
]

/** All ways for a call to go. */
const callers: [string, (breaker: CircuitBreaker, reason: unknown) => Promise<unknown>][] = [
  ['breaker.run', (breaker, reason) => breaker.run(() => Promise.reject(reason))],
  ['breaker.run that throws', (breaker, reason) => breaker.run(() => raise(reason))],
  ['a wrapped function', (breaker, reason) => breaker(() => Promise.reject(reason))()],
  ['a wrapped function that throws', (breaker, reason) => breaker(() => raise(reason))()],
  [
    'a wrapped synchronous function',
    async (breaker, reason) => breaker.sync(() => void raise(reason))(),
  ],
  [
    'a stream',
    (breaker, reason) =>
      breaker
        .stream(() => ({
          [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(reason) }),
        }))()
        [Symbol.asyncIterator]()
        .next(),
  ],
]

const options: [string, object][] = [
  ['maxFailures only', { maxFailures: 9 }],
  ['default options', { maxFailures: undefined }],
  ['a call timeout', { maxFailures: 9, callTimeout: 1_000 }],
  ['a classifier', { maxFailures: 9, classify: () => undefined }],
  ['a server’s word that is looked for', { maxFailures: 9, retryAfter: () => undefined }],
]

const rows = hostile.flatMap(([name, make]) =>
  callers.flatMap(([caller, call]) =>
    options.map(([kind, given]) => ({ name, make, caller, call, kind, given })),
  ),
)

describe('a rejection with something hostile', () => {
  it.each(rows)('$name reaches the caller of $caller as it is, with $kind', async (row) => {
    const { breaker } = createBreaker(row.given)
    const reason = row.make()

    const got = await row.call(breaker, reason).then(() => 'nothing', box)

    expect(got).toEqual(expect.objectContaining({ isIt: expect.any(Function) }))
    expect((got as ReturnType<typeof box>).isIt(reason)).toBe(true)
    expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts: { failure: 1 } })
  })

  it.each(hostile)('%s is none of this library’s errors', (_, make) => {
    expect([isCircuitOpenError(make()), isShortCircuitError(make())]).toEqual([false, false])
  })

  it.each(hostile)('%s opens the circuit like any other, and can be told of', async (_, make) => {
    const { breaker } = createBreaker({ maxFailures: 1 })
    await breaker.run(() => Promise.reject(make())).catch(() => {})

    const refusal = await reasonOf(breaker.run(() => 1))

    expect(isCircuitOpenError(refusal)).toBe(true)
    expect(JSON.parse(JSON.stringify(refusal))).toMatchObject({ code: 'ERR_CIRCUIT_OPEN' })
    expect(breaker.explain().trips).toHaveLength(1)
    expect(new CircuitBreaker({ saved: breaker.save() }).state).toBe('open')
  })

  it.each(hostile)('%s thrown by a fallback reaches the caller as it is', async (_, make) => {
    const thrown = make()
    const { breaker } = createBreaker({ fallback: () => raise(thrown) })
    const later = createBreaker({ fallback: () => Promise.reject(thrown) }).breaker
    breaker.trip()
    later.trip()

    const got = [breaker, later].map((value) => value.run(() => 1).then(() => undefined, box))

    expect((await Promise.all(got)).map((value) => value?.isIt(thrown))).toEqual([true, true])
  })
})

describe('a result that is hostile', () => {
  it.each(options)('is given as it is by a synchronous function, with %s', (_, given) => {
    const { breaker } = createBreaker(given)
    const value = revoked()

    expect(breaker.sync(() => value)() === value).toBe(true)
    expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts: { success: 1 } })
  })
})

describe('a console that throws', () => {
  let print: MockInstance<typeof console.error>
  beforeEach(() => {
    print = vi.spyOn(console, 'error').mockImplementation(() => raise(new Error('no console')))
  })
  afterEach(() => print.mockRestore())

  it('changes no result when a classifier throws', async () => {
    const { breaker } = createBreaker({ classify: () => raise(new Error('no class')) })
    const down = new Error('down')

    expect(await breaker.run(() => 'answer')).toBe('answer')
    expect(await breaker(async () => 'answer')()).toBe('answer')
    expect(await reasonOf(breaker.run(() => Promise.reject(down)))).toBe(down)
    expect(print).toHaveBeenCalledTimes(3)
    expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts: { success: 2, failure: 1 } })
  })

  it('changes no result when a listener throws', async () => {
    const { breaker } = createBreaker()
    breaker.on('success', () => raise(new Error('bad listener')))

    expect(await breaker.run(() => 'answer')).toBe('answer')
    await turn()
    expect(breaker.snapshot().inFlight).toBe(0)
  })
})

describe('a native promise whose own then() throws', () => {
  const down = new Error('no then')
  const broken = (): Promise<never> => {
    const promise = new Promise<never>(() => {})
    return Object.defineProperty(promise, 'then', { value: () => raise(down) })
  }
  const guards: [string, (breaker: CircuitBreaker<unknown>) => Promise<unknown>][] = [
    ['breaker.run', (breaker) => breaker.run(broken)],
    ['breaker.run with options', (breaker) => breaker.run(broken, { timeout: 9 })],
    ['a wrapped function', (breaker) => breaker(broken)()],
    ['one of one argument', (breaker) => breaker((_: number) => broken())(1)],
    ['one of several', (breaker) => breaker((_: number, __: number) => broken())(1, 2)],
    ['a synchronous one', async (breaker) => breaker.sync(broken as () => unknown)()],
  ]
  const ways: [string, object][] = [
    ...options,
    ['a listener', { maxFailures: 9 }],
    ['a recovery by probes', { maxFailures: 9, recovery: { probes: 2 } }],
  ]
  const all = guards.flatMap(([guard, call]) =>
    ways.map(([kind, given]) => ({ guard, call, kind, given })),
  )

  it.each(all)('makes $guard reject and gives the permit back, with $kind', async (row) => {
    const { breaker, clock } = createBreaker(row.given)
    if (row.kind === 'a listener') breaker.on('failure', () => {})

    expect(await reasonOf(row.call(breaker))).toBe(down)
    expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts: { failure: 1 } })
    await clock.advance(0)
    expect(clock.timers).toBe(0)
  })

  it.each(guards)('lets the fallback of %s run', async (_, call) => {
    const { breaker } = createBreaker<unknown>({ fallback: () => 'kept' })

    expect(await call(breaker)).toBe('kept')
    expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts: { failure: 1 } })
  })
})

describe('an error of another realm', () => {
  it.each<[string, string]>([
    ['throws', '(() => { throw new TypeError("no cache") })'],
    ['rejects with', '(() => Promise.reject(new TypeError("no cache")))'],
  ])('that a fallback %s gets its cause', async (_, code) => {
    const { breaker } = createBreaker({ fallback: runInNewContext(code) as () => unknown })
    const down = new Error('down')

    const error = await reasonOf(breaker.run(() => Promise.reject(down)))

    expect(error).not.toBeInstanceOf(Error)
    expect(error).toMatchObject({ message: 'no cache', cause: down })
  })

  it('is described as any other', async () => {
    const { breaker } = createBreaker({ maxFailures: 1 })
    const context = createContext()

    await reasonOf(breaker.run(() => raise(runInContext('new RangeError("far")', context))))

    expect(breaker.explain().trips[0]?.failures).toMatchObject([
      { name: 'RangeError', message: 'far' },
    ])
  })
})

describe('wrong arguments of breaker.run', () => {
  it.each([
    ['no action', [], 'action must be a function, got undefined'],
    ['a string', ['find'], 'action must be a function, got "find"'],
    ['null as options', [() => 1, null], 'the options of run must be an object, got null'],
    ['an unknown option', [() => 1, { timeOut: 5 }], 'did you mean "timeout"?'],
    ['a timeout of 0', [() => 1, { timeout: 0 }], 'timeout must be milliseconds'],
    ['a signal that is none', [() => 1, { signal: {} }], 'signal must be an AbortSignal'],
    ['a fallback that is none', [() => 1, { fallback: 1 }], 'fallback must be a function'],
  ])('make it reject: %s', async (_, args, message) => {
    const { breaker } = createBreaker()
    const run = breaker.run.bind(breaker) as (...args: unknown[]) => Promise<unknown>

    const promise = run(...args)

    expect(String(await reasonOf(promise))).toContain(message)
    expect(breaker.snapshot().counts.admitted).toBe(0)
  })
})

/** So that nothing looks into it: a promise would. */
function box(reason: unknown): { isIt: (other: unknown) => boolean } {
  return { isIt: (other) => reason === other }
}

function raise(error: unknown): never {
  throw error
}

function withThrowingMembers(): Error {
  const error = new Error('touchy')
  for (const key of ['name', 'message', 'code', 'cause', 'stack', 'constructor', 'then']) {
    Object.defineProperty(error, key, { get: () => raise(new Error('touched')) })
  }
  return error
}
