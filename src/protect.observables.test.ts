import { beforeEach, describe, expect, it, vi } from 'vitest'
import { createBreaker, turn } from '../test/helpers/public.ts'
import { type CircuitBreaker, protect } from './index.ts'
import type { ManualClock } from './testing/manual-clock.ts'

interface Observer {
  next(value: unknown): void
  error(reason: unknown): void
  complete(): void
}

/** An observable without a library, which goes on whatever is done with its subscriptions. */
class Source {
  observer: Observer | undefined
  unsubscribed = 0
  readonly #subscription: unknown
  constructor(subscription?: unknown) {
    this.#subscription = subscription
  }
  subscribe(observer: unknown, ..._: unknown[]): unknown {
    this.observer = observer as Observer
    return this.#subscription
  }
  '@@observable'(): this {
    return this
  }
}

let breaker: CircuitBreaker
let clock: ManualClock
let heard: ReturnType<typeof createObserver>
beforeEach(() => {
  ;({ breaker, clock } = createBreaker({ callTimeout: 50 }))
  heard = createObserver()
})

function createObserver() {
  return { next: vi.fn(), error: vi.fn(), complete: vi.fn() }
}

function watch(source: Source, signal?: AbortSignal): Source {
  return protect({ watch: (_: { signal: AbortSignal | undefined }) => source }, breaker).watch({
    signal,
  })
}

function counts() {
  const { admitted, success, failure, cancelled } = breaker.snapshot().counts
  return [admitted, success, failure, cancelled]
}

describe('an observable that goes on after its call has timed out', () => {
  it.each<[string, (observer: Observer | undefined) => void]>([
    ['an item', (observer) => observer?.next(1)],
    ['an error', (observer) => observer?.error(new Error('late'))],
    ['its end', (observer) => observer?.complete()],
  ])('tells no observer of %s, which counts for nothing', async (_, late) => {
    const source = new Source()
    watch(source).subscribe(heard)
    await clock.advance(50)
    await clock.advance(0)

    late(source.observer)

    expect(heard.error.mock.calls).toEqual([
      [expect.objectContaining({ code: 'ERR_CALL_TIMEOUT' })],
    ])
    expect([heard.next, heard.complete].flatMap(({ mock }) => mock.calls)).toEqual([])
    expect(counts()).toEqual([1, 0, 1, 0])
    expect(breaker.snapshot().counts.timeout).toBe(1)
  })
})

describe('an observable that ends in time', () => {
  it.each<[string, (observer: Observer | undefined) => void, number[]]>([
    ['completes without an item: a success', (observer) => observer?.complete(), [1, 1, 0, 0]],
    ['fails: a failure', (observer) => observer?.error(new Error('down')), [1, 0, 1, 0]],
  ])('%s, and does not time out', async (_, end, expected) => {
    const source = new Source()
    watch(source).subscribe(heard)

    end(source.observer)
    await clock.advance(100)

    expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts: { timeout: 0 } })
    expect(counts()).toEqual(expected)
  })

  it('is not timed once an item has come', async () => {
    const source = new Source()
    watch(source).subscribe(heard)

    source.observer?.next('item')
    await clock.advance(100)

    expect(heard.next).toHaveBeenCalledWith('item')
    expect(heard.error).not.toHaveBeenCalled()
    expect(breaker.snapshot().inFlight).toBe(1)
  })
})

describe('the subscription of an observable', () => {
  it('is that of its source, whose other members say nothing of the call', () => {
    const own = { closed: false, paused: 0, pause: () => own.paused++, unsubscribe: vi.fn() }
    const subscription = watch(new Source(own)).subscribe(heard) as typeof own

    subscription.pause()
    const { inFlight } = breaker.snapshot()
    subscription.unsubscribe()

    expect([subscription.closed, own.paused, inFlight]).toEqual([false, 1, 1])
    expect(own.unsubscribe).toHaveBeenCalledOnce()
    expect(counts()).toEqual([1, 0, 0, 1])
  })

  it('is ended at the timeout', async () => {
    const own = { unsubscribe: vi.fn() }
    watch(new Source(own)).subscribe(heard)

    await clock.advance(50)
    await clock.advance(0)

    expect(own.unsubscribe).toHaveBeenCalledOnce()
  })

  it.each([undefined, null, 5])('may be %s', (own) => {
    expect(watch(new Source(own)).subscribe(heard)).toBe(own)
  })

  it.each([undefined, null, 5, {}])('need not end at the timeout: %s', async (own) => {
    watch(new Source(own)).subscribe(heard)
    await clock.advance(50)

    expect(heard.error).toHaveBeenCalledOnce()
    expect(counts()).toEqual([1, 0, 1, 0])
  })

  it('needs no timer without a timeout', () => {
    const { breaker, clock } = createBreaker()
    protect({ watch: () => new Source() }, breaker)
      .watch()
      .subscribe(heard)

    expect(clock.timers).toBe(0)
    expect(breaker.snapshot().inFlight).toBe(1)
  })

  it('is a failure where there is none, because its source throws', async () => {
    class Broken extends Source {
      override subscribe(): never {
        throw new Error('down')
      }
    }

    expect(() => watch(new Broken()).subscribe(heard)).toThrow('down')
    expect(breaker.snapshot().inFlight).toBe(0)
    await clock.advance(50)
    expect(counts()).toEqual([1, 0, 1, 0])
    expect(heard.error).not.toHaveBeenCalled()
  })

  it('is closed by unsubscribing where the call was rejected, and takes teardowns', async () => {
    const { breaker } = createBreaker({ fallback: () => 'instead' })
    breaker.trip()
    const source = new Source()
    const client = protect({ watch: () => source }, breaker as unknown as CircuitBreaker)
    client.watch()
    const subscription = client.watch().subscribe(heard) as {
      readonly closed: boolean
      add(teardown: () => void): void
      unsubscribe(): void
    }
    const before = subscription.closed
    subscription.add(() => {})

    subscription.unsubscribe()
    await turn()

    expect([before, subscription.closed]).toEqual([false, true])
    expect(heard.next).not.toHaveBeenCalled()
    expect(source.observer).toBeUndefined()
  })
})

it('throws an error that is not listened for, as without a breaker, and counts it', () => {
  const thrown: unknown[] = []
  const queue = vi.spyOn(globalThis, 'queueMicrotask').mockImplementation((task) => {
    try {
      task()
    } catch (error) {
      thrown.push(error)
    }
  })
  const source = new Source()
  watch(source).subscribe(() => {})
  source.observer?.error('down')
  queue.mockRestore()

  expect(thrown).toEqual(['down'])
  expect(counts()).toEqual([1, 0, 1, 0])
})

it('ends as a success also where its end is not listened for', () => {
  const source = new Source()
  watch(source).subscribe(() => {})

  expect(() => source.observer?.complete()).not.toThrow()
  expect(counts()).toEqual([1, 1, 0, 0])
})

describe('a caller that leaves an observable', () => {
  it('says so to the subscription, where that takes teardowns', () => {
    const teardowns: (() => void)[] = []
    const own = { add: (teardown: () => void) => teardowns.push(teardown), unsubscribe() {} }
    expect(watch(new Source(own)).subscribe(heard)).toBe(own)
    for (const teardown of teardowns) teardown()

    expect(breaker.snapshot().inFlight).toBe(0)
    expect(counts()).toEqual([1, 0, 0, 1])
  })

  it('says so to the subscriber of an operator, whose source is left as well', () => {
    const teardowns: (() => void)[] = []
    const own = { unsubscribe: vi.fn() }
    const subscriber = { ...heard, add: (teardown: () => void) => teardowns.push(teardown) }
    watch(new Source(own)).subscribe(subscriber)
    for (const teardown of teardowns) teardown()

    expect(own.unsubscribe).toHaveBeenCalledOnce()
    expect(breaker.snapshot().inFlight).toBe(0)
    expect(counts()).toEqual([1, 0, 0, 1])
  })
})

it('is a failure without a timeout as well where its source throws', () => {
  const { breaker } = createBreaker()
  const subscribe = (): never => {
    throw new Error('down')
  }
  const source = { subscribe, '@@observable': () => source }
  const client = protect({ watch: () => source }, breaker)

  expect(() => client.watch().subscribe()).toThrow('down')
  expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts: { failure: 1 } })
})

it('calls a fallback with no arguments of the caller', async () => {
  const fallback = vi.fn((..._all: unknown[]) => 'instead' as never)
  const { breaker } = createBreaker({ fallback })
  const client = protect({ watch: (_id: number) => new Source() }, breaker)
  const observable = client.watch(1)
  breaker.trip()
  observable.subscribe(heard)
  await turn()

  expect(fallback.mock.calls).toEqual([[expect.objectContaining({ code: 'ERR_CIRCUIT_OPEN' })]])
  expect(heard.next.mock.calls).toEqual([['instead']])
})
