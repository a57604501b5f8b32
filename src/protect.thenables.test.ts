import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createBreaker, reasonOf, turn } from '../test/helpers/public.ts'
import { type CircuitBreaker, CircuitOpenError, protect } from './index.ts'
import type { ManualClock } from './testing/manual-clock.ts'

let breaker: CircuitBreaker
let clock: ManualClock
const unhandled: unknown[] = []
const hear = (reason: unknown): unknown => unhandled.push(reason)
beforeEach(() => {
  ;({ breaker, clock } = createBreaker())
  unhandled.length = 0
  process.on('unhandledRejection', hear)
})
afterEach(() => {
  process.off('unhandledRejection', hear)
})

/** What is awaited like a promise, and has begun. */
function begun(answer: Promise<string>) {
  return {
    // biome-ignore lint/suspicious/noThenProperty: it is a thenable.
    then: answer.then.bind(answer),
    catch: answer.catch.bind(answer),
    abort(): void {},
  }
}

/** What begins when it is awaited. */
class Lazy implements PromiseLike<string> {
  readonly #start: () => Promise<string>
  constructor(start: () => Promise<string>) {
    this.#start = start
  }
  // biome-ignore lint/suspicious/noThenProperty: it is a thenable.
  then: PromiseLike<string>['then'] = (onFulfilled, onRejected) =>
    this.#start().then(onFulfilled, onRejected)
}

class Client {
  sent = 0
  search(failing = false) {
    return begun(this.#send(failing))
  }
  find(failing = false): PromiseLike<string> {
    return new Lazy(() => this.#send(failing))
  }
  /** Runs what has been prepared by `find`. */
  async batch(parts: readonly PromiseLike<string>[]): Promise<string[]> {
    if (parts.some((part) => !(part instanceof Lazy))) throw new TypeError('not from this client')
    return Promise.all(parts)
  }
  async #send(failing: boolean): Promise<string> {
    this.sent++
    if (failing) throw new Error('down')
    return 'answer'
  }
}

let real: Client
let client: Client
beforeEach(() => {
  real = new Client()
  client = protect(real, breaker)
})

describe.each(['search', 'find'] as const)('what %s returns, which is no promise', (name) => {
  it('is a call when it is awaited', async () => {
    expect(await client[name]()).toBe('answer')
    expect(await reasonOf(client[name](true))).toMatchObject({ message: 'down' })
    await turn()

    expect(breaker.snapshot().counts).toMatchObject({ admitted: 2, success: 1, failure: 1 })
    expect(unhandled).toEqual([])
  })

  it('sends nothing while the circuit is open, once it is known', async () => {
    await client[name]()
    breaker.trip()

    expect(await reasonOf(client[name](true))).toBeInstanceOf(CircuitOpenError)
    client[name](true)
    await turn()
    expect(real.sent).toBe(1)
    expect(unhandled).toEqual([])
    expect(breaker.snapshot().counts).toMatchObject({ admitted: 1, rejected: { open: 2 } })
  })

  it('sends nothing when it has been called before and was not awaited', async () => {
    client[name]()
    await turn()
    breaker.trip()
    const { sent } = real

    expect(await reasonOf(client[name]())).toBeInstanceOf(CircuitOpenError)
    expect(real.sent).toBe(sent)
  })

  it('may be awaited much later', async () => {
    await client[name]()
    const later = client[name]()
    await turn()
    await turn()

    expect(breaker.snapshot().inFlight).toBe(0)
    expect(await later).toBe('answer')
    expect(breaker.snapshot().counts.success).toBe(2)
  })

  it('lets one of many pass while half-open, which closes the circuit', async () => {
    await client[name]()
    breaker.trip()
    await clock.advance(1_000)
    const results = await Promise.allSettled([client[name](), client[name](), client[name]()])

    expect(results.map(({ status }) => status).sort()).toEqual([
      'fulfilled',
      'rejected',
      'rejected',
    ])
    expect(real.sent).toBe(2)
    expect(breaker.state).toBe('closed')
    expect(breaker.snapshot().inFlight).toBe(0)
  })
})

it('is rejected when it is awaited if the first call comes while the circuit is open', async () => {
  breaker.trip()

  expect(await reasonOf(client.find())).toBeInstanceOf(CircuitOpenError)
  expect(real.sent).toBe(0)
})

it('keeps its other methods when it is rejected', async () => {
  await client.search()
  breaker.trip()
  const rejected = client.search()

  expect(() => rejected.abort()).not.toThrow()
  expect(await rejected.catch((reason: unknown) => reason)).toBeInstanceOf(CircuitOpenError)
})

it('rejects the call that it is a part of, with the reason of its own', async () => {
  expect(await client.batch([client.find(), client.find()])).toEqual(['answer', 'answer'])
  breaker.trip()
  const { sent } = real

  expect(await reasonOf(client.batch([client.find()]))).toBeInstanceOf(CircuitOpenError)
  await turn()
  expect(real.sent).toBe(sent)
  expect(unhandled).toEqual([])
})
