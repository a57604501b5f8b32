import {
  BehaviorSubject,
  catchError,
  concat,
  firstValueFrom,
  from,
  lastValueFrom,
  map,
  NEVER,
  Observable,
  of,
  retry,
  switchMap,
  take,
  takeUntil,
  throwError,
  timer,
  toArray,
} from 'rxjs'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { type CircuitBreaker, CircuitOpenError, protect } from '../../src/index.ts'
import type { ManualClock } from '../../src/testing/manual-clock.ts'
import { createBreaker, reasonOf, turn } from '../helpers/public.ts'

let breaker: CircuitBreaker
let clock: ManualClock
beforeEach(() => {
  ;({ breaker, clock } = createBreaker())
})

function counts() {
  const { admitted, success, failure, cancelled, rejected } = breaker.snapshot().counts
  return [admitted, success, failure, cancelled, rejected.open]
}

const down = new Error('HTTP 500')

class HttpService {
  #requests = 0
  get requests(): number {
    return this.#requests
  }
  get<T>(answer: Observable<T>): Observable<T> {
    return new Observable((subscriber) => {
      this.#requests++
      return answer.subscribe(subscriber)
    })
  }
}

describe('an observable of RxJS that a client returns', () => {
  let real: HttpService
  let http: HttpService
  beforeEach(() => {
    real = new HttpService()
    http = protect(real, breaker)
  })

  it('is an observable, and nothing is counted before it is subscribed to', () => {
    const answer = http.get(of(1))

    expect(answer).toBeInstanceOf(Observable)
    expect(from(answer)).toBe(answer)
    expect([real.requests, ...counts()]).toEqual([0, 0, 0, 0, 0, 0])
  })

  it('is a call with each subscription: a success when it completes, a failure by its error', async () => {
    const answer = http.get(of(1, 2))
    expect(await lastValueFrom(answer)).toBe(2)
    expect(await lastValueFrom(answer.pipe(toArray()))).toEqual([1, 2])
    expect(await reasonOf(lastValueFrom(http.get(throwError(() => down))))).toBe(down)

    expect(counts()).toEqual([3, 2, 1, 0, 0])
  })

  it('is guarded behind operators, retries included', async () => {
    const answer = http.get(throwError(() => down)).pipe(
      retry(1),
      map((value) => value),
      catchError(() => of('caught')),
    )

    expect(await lastValueFrom(answer)).toBe('caught')
    expect(counts()).toEqual([2, 0, 2, 0, 0])
    expect(await lastValueFrom(of(1).pipe(switchMap(() => http.get(of('inner')))))).toBe('inner')
    expect(counts()).toEqual([3, 1, 2, 0, 0])
  })

  it.each([
    ['after an item', concat(of(1), NEVER), [1, 1, 0, 0, 0]],
    ['before the first item', NEVER, [1, 0, 0, 1, 0]],
  ])('that is unsubscribed %s returns its permit', (_, answer, expected) => {
    const subscription = http.get(answer as Observable<number>).subscribe()
    expect(breaker.snapshot().inFlight).toBe(1)
    subscription.unsubscribe()

    expect(subscription.closed).toBe(true)
    expect(counts()).toEqual(expected)
  })

  it.each<[string, (answer: Observable<number>) => Promise<unknown>]>([
    ['take(1)', (answer) => lastValueFrom(answer.pipe(take(1)))],
    ['firstValueFrom', (answer) => firstValueFrom(answer)],
    ['takeUntil', (answer) => lastValueFrom(answer.pipe(takeUntil(timer(1)), toArray()))],
  ])('that %s leaves returns its permit, and its source is told', async (_, leave) => {
    const ended = vi.fn()
    const source = new Observable<number>((subscriber) => {
      queueMicrotask(() => subscriber.next(1))
      return ended
    })
    await leave(http.get(source))

    expect(ended).toHaveBeenCalledOnce()
    expect(counts()).toEqual([1, 1, 0, 0, 0])
    expect(breaker.snapshot().inFlight).toBe(0)
  })

  it('ends with the rejection while the circuit is open, and does not run', async () => {
    breaker.trip()
    const answer = http.get(of(1))
    const errors: unknown[] = []
    answer.subscribe({ error: (error) => errors.push(error) })
    expect(await reasonOf(lastValueFrom(answer))).toBeInstanceOf(CircuitOpenError)
    expect(await reasonOf(firstValueFrom(answer.pipe(map(String))))).toBeInstanceOf(
      CircuitOpenError,
    )

    expect(errors).toEqual([expect.any(CircuitOpenError)])
    expect(real.requests).toBe(0)
    expect(counts()).toEqual([0, 0, 0, 0, 3])
  })

  it('tells nothing to a subscriber that leaves before the rejection comes', async () => {
    breaker.trip()
    const error = vi.fn()
    http.get(of(1)).subscribe({ error }).unsubscribe()
    await turn()

    expect(error).not.toHaveBeenCalled()
  })

  it('emits the value of a fallback', async () => {
    const { breaker } = createBreaker({ fallback: () => 'instead' })
    const lenient = protect(real, breaker as CircuitBreaker<never>)
    breaker.trip()

    expect(await lastValueFrom(lenient.get(of('own')).pipe(toArray()))).toEqual(['instead'])
  })

  it('ends at the call timeout if nothing has come by then', async () => {
    breaker.configure({ callTimeout: 5 })
    const ended = vi.fn()
    const reason = reasonOf(lastValueFrom(http.get(new Observable(() => ended))))
    const items: unknown[] = []
    http.get(concat(of(1), NEVER)).subscribe((item) => items.push(item))
    await clock.advance(5)
    await clock.advance(0)

    expect(await reason).toMatchObject({ code: 'ERR_CALL_TIMEOUT' })
    expect(ended).toHaveBeenCalledOnce()
    expect(items).toEqual([1])
    expect(counts()).toEqual([2, 0, 1, 0, 0])
  })

  it('may be a subject, which can still be used as one', async () => {
    const state = new BehaviorSubject(1)
    const client = protect({ watch: () => state }, breaker)
    const items: unknown[] = []
    const watched = client.watch()
    watched.subscribe((item) => items.push(item))
    watched.next(2)

    expect(items).toEqual([1, 2])
    expect(watched.value).toBe(2)
  })

  it('takes up no capacity once an item has come', async () => {
    const { breaker } = createBreaker({ maxConcurrent: 1 })
    const limited = protect(real, breaker)
    limited.get(concat(of(1), NEVER)).subscribe()

    expect(await lastValueFrom(limited.get(of(2)))).toBe(2)
  })
})

describe('an observable of another kind', () => {
  class Source {
    readonly #run: (observer: { next(value: unknown): void; complete(): void }) => void
    unsubscribed = 0
    constructor(run: Source['run']) {
      this.#run = run
    }
    get run() {
      return this.#run
    }
    subscribe(observer: object | ((value: unknown) => void)): { unsubscribe(): void } {
      this.#run(observer as never)
      return {
        unsubscribe: () => {
          this.unsubscribed++
        },
      }
    }
    '@@observable'(): this {
      return this
    }
  }

  it('is guarded with its private fields, functions as observers, and its own subscriptions', () => {
    const source = new Source((observer) => observer.next('item'))
    const client = protect({ watch: () => source }, breaker)
    const items: unknown[] = []
    const subscription = client.watch().subscribe((item: unknown) => items.push(item))
    subscription.unsubscribe()

    expect(items).toEqual(['item'])
    expect(client.watch().run).toBe(source.run)
    expect(source.unsubscribed).toBe(1)
    expect(counts()).toEqual([1, 1, 0, 0, 0])
  })
})

describe('a guarded function that returns an observable', () => {
  it('rejects, since its end could not be seen', async () => {
    const get = breaker(() => of(1) as unknown as Promise<number>)

    expect(await reasonOf(get())).toHaveProperty(
      'message',
      'an observable was returned: protect its client, or return a promise',
    )
    expect(await breaker(() => lastValueFrom(of(1)))()).toBe(1)
  })

  it('may resolve with one, or return what can only be subscribed to', async () => {
    const store = { subscribe: () => {} }
    const answer = of(1)

    expect(await breaker(async () => answer)()).toBe(answer)
    expect(await breaker(() => store as never)()).toBe(store)
  })
})
