import { beforeEach, describe, expect, it, vi } from 'vitest'
import { createBreaker, reasonOf, turn } from '../test/helpers/public.ts'
import { type CircuitBreaker, CircuitOpenError, protect } from './index.ts'
import type { ManualClock } from './testing/manual-clock.ts'

let breaker: CircuitBreaker
let clock: ManualClock
beforeEach(() => {
  ;({ breaker, clock } = createBreaker())
})

const counts = () => breaker.snapshot().counts

/** A promise under way, with members of its own. */
class Answer extends Promise<string> {
  static override get [Symbol.species]() {
    return Promise
  }
  readonly url = 'http://a.example'
  chain(): this {
    return this
  }
  json(): Promise<unknown> {
    return this.then((text) => ({ text }))
  }
  /** Does its work when it is awaited. */
  lazy(): Promise<unknown> {
    return Object.assign(new Promise<string>(() => {}), {
      // biome-ignore lint/suspicious/noThenProperty: as the promises of such clients.
      then: (...args: Parameters<Promise<string>['then']>) => this.then(...args) as never,
    })
  }
  items = 2;
  /** No generator: only what iterates it tells how it ends. */
  [Symbol.asyncIterator](): AsyncIterator<number> {
    let left = this.items
    return { next: async () => ({ done: left === 0, value: left-- }) as never }
  }
}

const answering = (text = 'text'): Answer => new Answer((resolve) => resolve(text))
const client = () => protect({ get: answering }, breaker)

async function drain(items: AsyncIterable<unknown>): Promise<unknown[]> {
  const all: unknown[] = []
  for await (const item of items) all.push(item)
  return all
}

describe('a guarded promise with members', () => {
  it('has them as they are, and is the same promise where it returns itself', async () => {
    const answer = client().get()

    expect(answer.constructor).toBe(Answer)
    expect(answer.url).toBe('http://a.example')
    expect(answer.chain()).toBe(answer)
    expect(await answer).toBe('text')
  })

  it('counts once, however often it is used', async () => {
    const answer = client().get()
    expect(await answer.json()).toEqual({ text: 'text' })
    expect(await answer.json()).toEqual({ text: 'text' })
    expect(await answer).toBe('text')
    expect(await answer.lazy().then((text) => text)).toBe('text')

    expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts: { admitted: 1, success: 1 } })
  })

  it('ends with another one that begins when it is awaited', async () => {
    expect(await client().get().lazy()).toBe('text')
    await clock.advance(0)

    expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts: { admitted: 1, success: 1 } })
  })

  it('holds its permit while it is iterated, and is another call each time', async () => {
    const answer = client().get()
    for await (const _item of answer) expect(breaker.snapshot().inFlight).toBe(1)
    expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts: { admitted: 1, success: 1 } })
    expect(await drain(answer)).toEqual([2, 1])
    expect(counts()).toMatchObject({ admitted: 2, success: 2 })
    breaker.trip()

    // Its first page is there, so there is nothing to reject.
    expect(await drain(answer)).toEqual([2, 1])
    expect(counts()).toMatchObject({ admitted: 2, rejected: { open: 0 } })
  })

  it('is one call while it is awaited and iterated at once', async () => {
    let resolve: (text: string) => void = () => {}
    const pending = new Answer((done) => {
      resolve = done
    })
    const answer = protect({ get: () => pending }, breaker).get()
    const text = answer.then()
    await drain(answer)
    expect(breaker.snapshot()).toMatchObject({ inFlight: 1, counts: { admitted: 1 } })
    resolve('text')

    expect(await text).toBe('text')
    expect(counts()).toMatchObject({ admitted: 1, success: 1 })
  })
})

/** Is sent when it is awaited, or is a part of another one. */
class Sql extends Promise<string> {
  readonly sent: string[]
  readonly text: string
  constructor(text: string, sent: string[] = []) {
    super(() => {})
    this.text = text
    this.sent = sent
  }
  // biome-ignore lint/suspicious/noThenProperty: as the promises of such clients.
  override then(...args: Parameters<Promise<string>['then']>): never {
    this.sent.push(this.text)
    return turn()
      .then(() => this.text)
      .then(...args) as never
  }
  trimmed(): this {
    return this
  }
  each(): Promise<string> {
    return this.then() as Promise<string>
  }
}

describe('a promise that is sent when it is used', () => {
  const composing = async (): Promise<{
    sql(text: string): Sql
    batch(parts: Sql[]): Promise<string>
  }> => {
    const composed = protect(
      { sql: (text: string) => new Sql(text), batch: async (_parts: Sql[]) => 'sent' },
      breaker,
    )
    await composed.batch([composed.sql('a')])
    return composed
  }

  it('keeps the call that it has begun when it is passed to another one', async () => {
    const composed = await composing()
    const before = counts()
    const query = composed.sql('a')
    const sent = query.then()
    await composed.batch([query])
    await sent

    expect(counts()).toMatchObject({ success: before.success + 2, cancelled: before.cancelled })
  })

  it('holds no permit where it is used and then left alone', async () => {
    const { sql } = await composing()
    const query = sql('a')
    await clock.advance(0)
    query.trimmed()
    await clock.advance(0)

    expect(breaker.snapshot().inFlight).toBe(0)
  })

  it('is one call when it is used twice, later', async () => {
    const lone = protect({ sql: (text: string) => new Sql(text) }, breaker).sql('a')
    await clock.advance(0)
    await lone
    const { admitted } = counts()
    expect(await lone.each()).toBe('a')

    expect(counts().admitted).toBe(admitted)
  })
})

describe('what a rejected call of a client returns', () => {
  it('is nothing where the method calls back and returns nothing', async () => {
    const get = (callback: (error: unknown, value?: unknown) => void): void => callback(null, 'a')
    const guarded = protect({ get }, breaker, { methods: ['get'] })
    const callback = vi.fn((_error: unknown, _value?: unknown) => {})
    guarded.get(callback)
    breaker.trip()

    expect(guarded.get(callback)).toBeUndefined()
    await turn()
    expect(callback.mock.lastCall).toEqual([expect.any(CircuitOpenError)])
  })

  it('is a stream of the web where it has been one', async () => {
    const get = (): ReadableStream => new ReadableStream({ pull: (stream) => stream.close() })
    const guarded = protect({ get }, breaker)
    await drain(guarded.get())
    breaker.trip()
    const rejected = guarded.get()

    expect(rejected).toBeInstanceOf(ReadableStream)
    expect(await reasonOf(rejected.getReader().read())).toBeInstanceOf(CircuitOpenError)
  })

  it('says where it is iterated that the fallback has returned nothing to iterate', async () => {
    const { breaker } = createBreaker({ fallback: () => 5 as never })
    const items = {
      [Symbol.asyncIterator]: () => ({ next: async () => ({ done: true, value: 1 }) }),
    }
    const guarded = protect({ list: (): AsyncIterable<unknown> => items }, breaker)
    await drain(guarded.list())
    breaker.trip()

    expect(await reasonOf(drain(guarded.list()))).toEqual(
      new TypeError('the fallback did not return an async iterable'),
    )
  })
})
