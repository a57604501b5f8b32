import { EventEmitter } from 'node:events'
import { beforeEach, describe, expect, it } from 'vitest'
import { createBreaker, reasonOf } from '../test/helpers/public.ts'
import { type CircuitBreaker, CircuitOpenError, protect } from './index.ts'

/** Has events, and asks the server only when an item is asked for, as the cursors of MongoDB. */
class Cursor extends EventEmitter {
  readonly #collection: Collection
  #items: string[] | undefined

  constructor(collection: Collection) {
    super()
    this.#collection = collection
  }

  sort(): this {
    return this
  }

  async next(): Promise<string | null> {
    this.#items ??= this.#collection.load()
    return this.#items.shift() ?? null
  }

  async toArray(): Promise<string[]> {
    return this.#collection.load()
  }

  async close(): Promise<void> {
    this.emit('close')
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<string> {
    for (let item = await this.next(); item !== null; item = await this.next()) yield item
  }
}

class Collection {
  ran = 0
  failing = false
  load(): string[] {
    this.ran++
    if (this.failing) throw new Error('down')
    return ['Ada', 'Bob']
  }
  find(): Cursor {
    return new Cursor(this)
  }
}

let breaker: CircuitBreaker
let real: Collection
let collection: Collection
beforeEach(() => {
  ;({ breaker } = createBreaker())
  real = new Collection()
  collection = protect(real, breaker)
})

async function iterate(): Promise<string[]> {
  const items: string[] = []
  for await (const item of collection.find().sort()) items.push(item)
  return items
}

describe.each([
  ['toArray', async () => collection.find().sort().toArray(), ['Ada', 'Bob']],
  ['next', async () => collection.find().sort().next(), 'Ada'],
  ['its iteration', iterate, ['Ada', 'Bob']],
] as const)('a cursor, used by %s', (_, use, expected) => {
  it('is one call, which succeeds or fails', async () => {
    expect(await use()).toEqual(expected)
    expect(await use()).toEqual(expected)
    real.failing = true
    expect(await reasonOf(use())).toMatchObject({ message: 'down' })

    expect(breaker.snapshot()).toMatchObject({
      inFlight: 0,
      counts: { admitted: 3, success: 2, failure: 1, cancelled: 0 },
    })
  })

  it('asks the server for nothing while the circuit is open', async () => {
    await use()
    breaker.trip()

    expect(await reasonOf(use())).toBeInstanceOf(CircuitOpenError)
    expect(real.ran).toBe(1)
  })

  it('can be closed while the circuit is open, which is no call', async () => {
    await use()
    const cursor = collection.find()
    await cursor.close()
    breaker.trip()
    await cursor.close()

    expect(breaker.snapshot().counts).toMatchObject({ admitted: 1, rejected: { open: 0 } })
  })

  it('takes nothing up if it is never used', async () => {
    collection.find().on('close', () => {})

    expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts: { admitted: 0 } })
  })
})
