import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { SQSClient } from '@aws-sdk/client-sqs'
import { Queue } from 'bullmq'
import type { Consumer, ConsumerRunConfig } from 'kafkajs'
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { CircuitBreaker } from '../src/index.ts'
import { Server } from '../test/clients/databases/server.ts'
import { createWorker } from './bullmq.ts'
import { consume as consumeKafka } from './kafka.ts'
import { consume as consumeSqs } from './sqs.ts'

const PATIENCE = { timeout: 20_000, interval: 5 }

function breakerOf(resetTimeout: number): CircuitBreaker {
  return new CircuitBreaker({ name: 'mail', maxFailures: 2, resetTimeout })
}

describe('the worker of BullMQ', () => {
  const ends: (() => Promise<unknown>)[] = []
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end()
  })

  it('loses no job to an outage that is longer than the attempts of a job', async () => {
    const redis = await Server.redis()
    ends.push(() => redis.end())
    const connection = { host: '127.0.0.1', port: redis.port, maxRetriesPerRequest: null }
    const queue = new Queue('mail', { connection })
    ends.push(() => queue.close())
    const breaker = breakerOf(500)
    let works = false
    let sent = 0
    const worker = createWorker(
      'mail',
      breaker,
      async () => {
        sent++
        if (!works) throw new Error('down')
      },
      connection,
    )
    ends.push(() => worker.close())
    // Each probe that fails costs one attempt of one job; a rejection costs none.
    await queue.addBulk(
      Array.from({ length: 20 }, (_, i) => ({ name: `${i}`, data: {}, opts: { attempts: 5 } })),
    )
    await vi.waitFor(() => expect(breaker.snapshot().counts.failure).toBeGreaterThan(2), PATIENCE)
    expect(await queue.getJobCountByTypes('failed')).toBe(0)
    const { rejected, failure } = breaker.snapshot().counts
    // Only those that were in progress, and those beside a probe: the queue is not rushed through.
    expect(rejected.open + rejected['half-open']).toBeLessThan(10 * failure)
    works = true
    await vi.waitFor(
      async () => expect(await queue.getJobCountByTypes('completed')).toBe(20),
      PATIENCE,
    )

    expect(await queue.getJobCountByTypes('failed')).toBe(0)
    expect(sent).toBe(20 + breaker.snapshot().counts.failure)
  })
})

/** What a broker and the client of KafkaJS do together: it delivers in order, and again what was thrown back. */
class InProcessConsumer {
  readonly events = { GROUP_JOIN: 'consumer.group_join' } as const
  readonly log: string[] = []
  readonly #messages: string[]
  #offset = 0
  #run: ConsumerRunConfig['eachMessage']
  #paused = false
  #joined: (() => void)[] = []

  constructor(messages: string[]) {
    this.#messages = messages
  }

  async subscribe(): Promise<void> {}
  async run({ eachMessage }: ConsumerRunConfig): Promise<void> {
    this.#run = eachMessage
  }
  pause(): void {
    this.#paused = true
    this.log.push('pause')
  }
  resume(): void {
    this.#paused = false
    this.log.push('resume')
  }
  on(_: string, listener: () => void): () => void {
    this.#joined.push(listener)
    return () => {
      this.#joined = this.#joined.filter((other) => other !== listener)
    }
  }
  async disconnect(): Promise<void> {}

  /** After a crash, its client joins the group anew: pauses are lost. */
  restart(): void {
    this.#paused = false
    for (const listener of this.#joined) listener()
  }

  /** One poll. */
  async poll(): Promise<void> {
    const value = this.#messages[this.#offset]
    if (this.#paused || value === undefined) return
    try {
      await this.#run?.({ message: { value: Buffer.from(value) } } as never)
      this.#offset++
    } catch {}
  }
}

describe('the consumer of KafkaJS, over a queue in this process', () => {
  it('pauses its topic while open, also after a restart, and handles all in order', async () => {
    const breaker = breakerOf(50)
    const consumer = new InProcessConsumer(['a', 'b', 'c'])
    let works = false
    const handled: string[] = []
    const stop = await consumeKafka(
      consumer as unknown as Consumer,
      'mail',
      breaker,
      async ({ message }) => {
        if (!works) throw new Error('down')
        handled.push(String(message.value))
      },
    )
    await consumer.poll()
    await consumer.poll()
    expect(consumer.log).toEqual(['pause'])
    consumer.restart()
    expect(consumer.log).toEqual(['pause', 'pause'])
    works = true
    await vi.waitFor(async () => {
      await consumer.poll()
      expect(handled).toEqual(['a', 'b', 'c'])
    }, PATIENCE)

    expect(consumer.log).toEqual(['pause', 'pause', 'resume'])
    expect(breaker.snapshot().counts.rejected.open).toBe(0)
    await stop()
  })
})

describe('the loop over SQS', () => {
  /** A queue behind the protocol of SQS: a message is hidden when it is received, until it is to be visible. */
  function startQueue(bodies: string[]) {
    const messages = bodies.map((Body) => ({ Body, ReceiptHandle: Body, visible: true }))
    let received = 0
    const server = createServer(async (request, response) => {
      let text = ''
      for await (const chunk of request) text += chunk
      const { ReceiptHandle, VisibilityTimeout } = JSON.parse(text)
      const at = messages.findIndex((message) => message.ReceiptHandle === ReceiptHandle)
      const message = messages[at]
      const action = String(request.headers['x-amz-target']).replace('AmazonSQS.', '')
      let answer = {}
      if (action === 'ReceiveMessage') {
        received++
        const visible = messages.filter((one) => one.visible)
        for (const one of visible) one.visible = false
        answer = { Messages: visible.map(({ Body, ReceiptHandle }) => ({ Body, ReceiptHandle })) }
        if (visible.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
      } else if (action === 'DeleteMessage') messages.splice(at, 1)
      else if (message !== undefined) {
        setTimeout(() => (message.visible = true), Number(VisibilityTimeout) > 0 ? 20 : 0)
      }
      response.setHeader('content-type', 'application/x-amz-json-1.0')
      response.end(JSON.stringify(answer))
    })
    return {
      messages,
      received: () => received,
      /** Their visibility timeouts are over. */
      showAll: () => {
        for (const message of messages) message.visible = true
      },
      start: async () => {
        await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
        return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
      },
      stop: async () => {
        server.closeAllConnections()
        await new Promise((resolve) => server.close(resolve))
      },
    }
  }

  it('receives nothing while open, gives back what was rejected, and handles all', async () => {
    const queue = startQueue(['a', 'b', 'c', 'd'])
    const endpoint = await queue.start()
    onTestFinished(queue.stop)
    const credentials = { accessKeyId: 'key', secretAccessKey: 'secret' }
    const sqs = new SQSClient({ region: 'eu-central-1', endpoint, credentials, md5: false })
    onTestFinished(() => sqs.destroy())
    const breaker = breakerOf(100)
    const controller = new AbortController()
    let works = false
    const handled: string[] = []
    const end = consumeSqs(
      sqs,
      `${endpoint}/1/mail`,
      breaker,
      async ({ Body }) => {
        if (!works) throw new Error('down')
        handled.push(Body ?? '')
      },
      controller.signal,
    )
    await vi.waitFor(() => expect(breaker.state).toBe('open'), PATIENCE)
    expect(queue.received()).toBe(1)
    works = true
    await vi.waitFor(() => {
      queue.showAll()
      expect(handled.toSorted()).toEqual(['a', 'b', 'c', 'd'])
      expect(queue.messages).toEqual([])
    }, PATIENCE)
    controller.abort()

    await expect(end).resolves.toBeUndefined()
  })
})
