import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { CircuitBreaker, CircuitOpenError, protect } from '../../src/index.ts'
import { canStart, UpstreamProcess } from '../faults/upstream-process.ts'
import { reasonOf, turn } from '../helpers/public.ts'
import { ApiPromise, GetObject, ModelClient, StorageClient } from './sdk.ts'

let upstream: UpstreamProcess
beforeAll(async () => {
  if (canStart) upstream = await UpstreamProcess.start()
})
afterAll(() => upstream?.end())

let breaker: CircuitBreaker
beforeEach(() => {
  breaker = new CircuitBreaker({ name: 'sdk', maxFailures: 2, resetTimeout: 60_000 })
})

function counts() {
  const { admitted, success, failure, cancelled, rejected } = breaker.snapshot().counts
  return { admitted, success, failure, cancelled, rejected: rejected.open }
}

describe.runIf(canStart)('protect(a client of classes and commands)', () => {
  let client: StorageClient

  beforeEach(() => {
    const real = new StorageClient({ endpoint: upstream.url, maxAttempts: 3 })
    client = protect(real, breaker)
    return () => real.destroy()
  })

  it('counts a command and its retries as one call', async () => {
    const { Body } = await client.send(new GetObject('/busy?times=2'))

    expect(Body).toBe('hello')
    expect(counts()).toMatchObject({ admitted: 1, success: 1 })
  })

  it('works with private fields, frozen configuration and middleware', async () => {
    const seen: string[] = []
    client.middlewareStack.add((next) => (path) => {
      seen.push(path)
      return next(path)
    })
    await client.send(new GetObject('/'))
    const endpoint = await client.config.endpoint()

    expect(seen).toEqual(['/'])
    expect(endpoint.href).toBe(`${upstream.url}/`)
    expect(client.config.maxAttempts).toBe(3)
  })

  it('does not guard calls with callbacks', async () => {
    const output = await new Promise((resolve) => {
      void client.send(new GetObject('/'), (error, value) => resolve([error, value]))
    })

    expect(output).toEqual([undefined, { Body: 'hello' }])
    expect(counts().admitted).toBe(0)
  })

  it("takes no evidence from a call that its caller's abortSignal has ended", async () => {
    const controller = new AbortController()
    await client.send(new GetObject('/'))
    const call = client.send(new GetObject('/never'), { abortSignal: controller.signal })
    controller.abort()
    await reasonOf(call)

    expect(counts()).toMatchObject({ success: 1, failure: 0, cancelled: 1 })
  })

  it('rejects once the service is gone, and can be destroyed', async () => {
    await client.send(new GetObject('/'))
    await upstream.kill()
    try {
      await reasonOf(client.send(new GetObject('/')))
      await reasonOf(client.send(new GetObject('/')))

      expect(await reasonOf(client.send(new GetObject('/')))).toBeInstanceOf(CircuitOpenError)
      expect(client.destroy()).toBeUndefined()
    } finally {
      await upstream.restart()
    }
  })
})

describe.runIf(canStart)('protect(a client of namespaces and streams)', () => {
  let client: ModelClient

  beforeEach(() => {
    client = protect(new ModelClient(upstream.url), breaker)
  })

  it('guards nested methods, and returns promises with all of their members', async () => {
    const promise = client.chat.completions.create({ path: '/' })
    expect(promise).toBeInstanceOf(ApiPromise)
    expect(await promise).toEqual({ text: 'hello' })
    const { data, response } = await client.chat.completions.create({ path: '/' }).withResponse()

    expect([data, response.status]).toEqual([{ text: 'hello' }, 200])
    expect(counts()).toMatchObject({ admitted: 2, success: 2 })
  })

  it('does not read a body that the caller wants to read', async () => {
    const response = await client.chat.completions.create({ path: '/' }).asResponse()

    expect(await response.text()).toBe('hello')
    expect(counts()).toMatchObject({ admitted: 1, success: 1 })
  })

  it('returns the permit of a promise that is not awaited', async () => {
    void client.chat.completions.create({ path: '/' })
    await turn()
    await turn()

    expect(counts()).toMatchObject({ admitted: 1, cancelled: 1 })
    expect(breaker.snapshot().inFlight).toBe(0)
  })

  it('holds the permit until a stream that was promised ends', async () => {
    const stream = await client.chat.completions.create({ path: '/', stream: true })
    expect(breaker.snapshot().inFlight).toBe(1)
    let text = ''
    for await (const chunk of stream) text += chunk

    expect(text).toBe('hello')
    expect(stream.controller.signal.aborted).toBe(false)
    expect(counts()).toMatchObject({ admitted: 1, success: 1 })
  })

  it('counts a stream that breaks off as a failure', async () => {
    const stream = await client.chat.completions.create({ path: '/broken', stream: true })
    const read = async () => {
      for await (const _ of stream);
    }
    await reasonOf(read())

    expect(counts()).toMatchObject({ admitted: 1, failure: 1 })
  })

  it('guards a stream that is returned at once, in each way to use it', async () => {
    const texts: string[] = []
    const answer = client.chat.completions
      .stream({ path: '/' })
      .on('text', (value) => texts.push(value))
    texts.push(await answer.finalText())
    for await (const text of client.chat.completions.stream({ path: '/' })) texts.push(text)

    expect(texts).toEqual(['hello', 'hello', 'hello'])
    expect(counts()).toMatchObject({ admitted: 2, success: 2 })
  })

  it('rejects in each way that callers may use the result', async () => {
    const { completions } = client.chat
    await completions.create({ path: '/' })
    for await (const _ of completions.stream({ path: '/' }));
    const { requests } = upstream
    breaker.trip()
    const iterated = async () => {
      for await (const _ of completions.stream({ path: '/' }));
    }
    const rejected = await Promise.all([
      reasonOf(completions.create({ path: '/' })),
      reasonOf(completions.create({ path: '/' }).withResponse()),
      reasonOf(completions.create({ path: '/', stream: true })),
      reasonOf(iterated()),
      reasonOf(
        completions
          .stream({ path: '/' })
          .on('text', () => {})
          .finalText(),
      ),
    ])

    for (const error of rejected) expect(error).toBeInstanceOf(CircuitOpenError)
    expect(upstream.requests).toBe(requests)
  })
})
