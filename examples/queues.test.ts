import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { SQSClient } from '@aws-sdk/client-sqs'
import { Queue } from 'bullmq'
import { Kafka, logLevel, Partitioners } from 'kafkajs'
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { CircuitBreaker } from '../src/index.ts'
import { Server } from '../test/clients/databases/server.ts'
import { KafkaBroker } from '../test/examples/kafka-broker.ts'
import { createWorker } from './bullmq.ts'
import { consume } from './kafka.ts'
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

describe('the consumer of KafkaJS', () => {
  /** A topic whose messages are handled once `works` is set, and the consumer of the example. */
  async function start(breaker: CircuitBreaker, retries: number) {
    const broker = await KafkaBroker.start()
    onTestFinished(() => broker.stop())
    const kafka = new Kafka({ brokers: [broker.address], logLevel: logLevel.NOTHING })
    const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner })
    await producer.connect()
    // In one partition, which keeps their order.
    const messages = ['a', 'b', 'c'].map((value) => ({ value, partition: 0 }))
    await producer.send({ topic: 'mail', messages })
    await producer.disconnect()
    const state = { works: false, joined: 0, handled: [] as string[] }
    const retry = { retries, initialRetryTime: 20 }
    const consumer = kafka.consumer({
      groupId: 'mail',
      maxWaitTimeInMs: 50,
      sessionTimeout: 3_000,
      heartbeatInterval: 300,
      retry,
    })
    consumer.on(consumer.events.GROUP_JOIN, () => void state.joined++)
    await consumer.connect()
    const stop = await consume(consumer, 'mail', breaker, async ({ message }) => {
      if (!state.works) throw new Error('down')
      state.handled.push(String(message.value))
    })
    onTestFinished(stop)
    return { state, consumer }
  }

  it('fetches nothing while open, probes by the time, and handles all in order', async () => {
    const breaker = breakerOf(200)
    const { state } = await start(breaker, 50)
    await vi.waitFor(() => expect(breaker.snapshot().counts.failure).toBeGreaterThan(3), PATIENCE)
    state.works = true
    await vi.waitFor(() => expect(state.handled).toEqual(['a', 'b', 'c']), PATIENCE)

    const { admitted, rejected } = breaker.snapshot().counts
    expect([breaker.state, rejected.open, rejected['half-open']]).toEqual(['closed', 0, 0])
    expect(admitted).toBeGreaterThan(6)
  })

  it.each([
    ['is paused when it has joined its group anew, where the circuit opened meanwhile', true],
    ['is not paused when it has joined its group anew, where the open time ended meanwhile', false],
  ])('that has crashed %s', async (_, open) => {
    const breaker = new CircuitBreaker({ name: 'mail', maxFailures: 9, resetTimeout: 600_000 })
    const printed = vi.spyOn(console, 'error')
    onTestFinished(() => printed.mockRestore())
    // It crashes by a message that is thrown back twice.
    const { state, consumer } = await start(breaker, 1)
    let crashed = false
    consumer.on(consumer.events.CRASH, () => {
      crashed = true
      state.joined = 0
      // By what else uses the breaker.
      breaker.trip()
      if (!open) breaker.halfOpen()
      state.works = true
    })
    const paused = open ? [{ topic: 'mail', partitions: [0, 1, 2, 3] }] : []
    await vi.waitFor(() => expect([crashed, state.joined > 0]).toEqual([true, true]), PATIENCE)
    expect(consumer.paused()).toEqual(paused)
    if (open) {
      expect(breaker.snapshot().counts.admitted).toBe(2)
      breaker.halfOpen()
    }
    await vi.waitFor(() => expect(state.handled).toEqual(['a', 'b', 'c']), PATIENCE)

    expect(consumer.paused()).toEqual([])
    expect(breaker.snapshot().counts).toMatchObject({ admitted: 5, rejected: { open: 0 } })
    expect(printed).not.toHaveBeenCalled()
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
