import type { Collection, MongoClient } from 'mongodb'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CircuitBreaker, isCircuitOpenError, protect } from '../../../src/index.ts'
import { mongodb } from '../../../src/outcomes/index.ts'
import { reasonOf } from '../../helpers/public.ts'
import { MongoUpstream } from './mongodb-upstream.ts'

// The real driver. The server is a few commands of its protocol: there is none to install everywhere.
describe('the driver of MongoDB, with `mongodb` of the outcomes', () => {
  let upstream: MongoUpstream
  let breaker: CircuitBreaker
  let client: MongoClient
  let items: Collection
  beforeEach(async () => {
    const { MongoClient } = await import('mongodb')
    upstream = await MongoUpstream.start()
    breaker = new CircuitBreaker({ maxFailures: 1, resetTimeout: 60_000, classify: mongodb })
    client = new MongoClient(upstream.url, {
      ...{ retryReads: false, retryWrites: false, serverSelectionTimeoutMS: 500 },
      socketTimeoutMS: 500,
    })
    items = protect(client.db('shop').collection('items'), breaker)
  })
  afterEach(async () => {
    await client.close()
    await upstream.close()
    expect(breaker.snapshot().inFlight).toBe(0)
  })

  it('counts what is found and what is inserted', async () => {
    expect(await items.findOne()).toEqual({ text: 'hello' })
    expect(await items.find().toArray()).toEqual([{ text: 'hello' }])
    await items.insertOne({ text: 'more' })

    expect(breaker.snapshot().counts).toMatchObject({ admitted: 3, success: 3 })
  })

  it.each([
    ['shutdown', 91, 'failure'],
    ['no primary', 10107, 'failure'],
    ['out of time', 50, 'failure'],
    ['write conflict', 112, 'neutral'],
    ['no such command', 59, 'success'],
    ['not allowed', 13, 'success'],
  ] as const)('takes what the server says for what it is: %s', async (_, code, outcome) => {
    upstream.answer = { ok: 0, code, errmsg: 'no' }

    expect(await reasonOf(items.findOne())).toMatchObject({ name: 'MongoServerError', code })
    expect(breaker.snapshot().counts).toMatchObject({ settled: 1, [outcome]: 1 })
  })

  it('takes a duplicate key for an answer', async () => {
    upstream.answer = { ok: 1, n: 0, writeErrors: [{ index: 0, code: 11_000, errmsg: 'E11000' }] }

    expect(await reasonOf(items.insertOne({ _id: 1 as never }))).toMatchObject({ code: 11_000 })
    expect(breaker.snapshot().counts).toMatchObject({ success: 1 })
  })

  it('opens when the connection breaks, and then reaches nothing', async () => {
    upstream.behaviour = 'break off'
    const error = (await reasonOf(items.findOne())) as Error
    const { requests } = upstream
    const rejected = await reasonOf(items.find().toArray())

    expect(error.name).toMatch(/^MongoNetworkError|PoolCleared/)
    expect(breaker.state).toBe('open')
    expect(isCircuitOpenError(rejected)).toBe(true)
    expect(upstream.requests).toBe(requests)
  })

  it('opens when there is no server', async () => {
    await upstream.close()

    expect(await reasonOf(items.findOne())).toMatchObject({ name: 'MongoServerSelectionError' })
    expect(breaker.state).toBe('open')
    upstream = await MongoUpstream.start()
  })

  it('opens when the server is slower than the driver waits', async () => {
    upstream.behaviour = 'wait'

    expect(await reasonOf(items.findOne())).toMatchObject({
      name: 'MongoNetworkTimeoutError',
    })
    expect(breaker.state).toBe('open')
  })
})
