import { expect, it } from 'vitest'
import { CircuitBreaker, protect } from './index.ts'

class Consumer {
  calls = 0
  isUp = true

  async connect(): Promise<this> {
    return this
  }

  async duplicate(): Promise<Consumer> {
    const other = new Consumer()
    other.isUp = this.isUp
    return other
  }

  async query(): Promise<string> {
    this.calls++
    if (!this.isUp) throw new Error('down')
    return 'answer'
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<number> {
    yield 1
  }
}

it('guards a client that can be iterated, when a method resolves to it', async () => {
  const breaker = new CircuitBreaker({ maxFailures: 2 })
  const consumer = new Consumer()
  const client = protect(consumer, breaker)

  const connected = await client.connect()
  expect(connected).toBe(client)
  consumer.isUp = false
  for (let i = 0; i < 5; i++) await connected.query().catch(() => {})

  expect(consumer.calls).toBe(2)
  expect(breaker.state).toBe('open')
})

it('guards another one of its class', async () => {
  const breaker = new CircuitBreaker({ maxFailures: 2 })
  const consumer = new Consumer()
  consumer.isUp = false
  const other = await protect(consumer, breaker).duplicate()

  for (let i = 0; i < 5; i++) await other.query().catch(() => {})

  expect(breaker.state).toBe('open')
  expect(breaker.snapshot().inFlight).toBe(0)
})
