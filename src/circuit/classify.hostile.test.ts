import { describe, expect, it } from 'vitest'
import { createBreaker, reasonOf } from '../../test/helpers/public.ts'
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

    const rejection = await reasonOf(breaker.run(() => 1))

    expect(isCircuitOpenError(rejection)).toBe(true)
    expect(JSON.parse(JSON.stringify(rejection))).toMatchObject({ code: 'ERR_CIRCUIT_OPEN' })
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
