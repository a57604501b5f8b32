import vm from 'node:vm'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createBreaker, reasonOf, turn } from '../test/helpers/public.ts'
import { type CircuitBreaker, CircuitOpenError, protect } from './index.ts'
import type { ManualClock } from './testing/manual-clock.ts'

let breaker: CircuitBreaker
let clock: ManualClock
const unhandled: unknown[] = []
const hear = (reason: unknown): void => {
  unhandled.push(reason)
}
beforeEach(() => {
  ;({ breaker, clock } = createBreaker())
  unhandled.length = 0
  process.on('unhandledRejection', hear)
})
afterEach(() => {
  process.off('unhandledRejection', hear)
})

function counts() {
  const { admitted, success, failure, cancelled } = breaker.snapshot().counts
  return [admitted, success, failure, cancelled]
}

async function readAll(stream: AsyncIterable<unknown>): Promise<unknown[]> {
  const items: unknown[] = []
  for await (const item of stream) items.push(item)
  return items
}

const down = new Error('HTTP 500')

interface Body {
  text(): Promise<string>
}

/** A promise with methods of its own, which read what it resolves with. */
function withMethods(answer: Promise<Body>) {
  return Object.assign(answer, {
    text: () => answer.then((body) => body.text()),
    cancel: () => {},
    retries: 2,
    async *[Symbol.asyncIterator](): AsyncGenerator<string> {
      const body = await answer
      yield await body.text()
      yield await body.text()
    },
    eachPage(): AsyncIterable<string> {
      return answer as unknown as AsyncIterable<string>
    },
  })
}

/** A body that can be read so many times. */
function body(times: number): Body {
  let read = 0
  return {
    text: async () => {
      if (read++ === times) throw down
      return 'text'
    },
  }
}

/** Awaiting it reads its body. */
class LazyAnswer extends Promise<string> {
  static override get [Symbol.species](): PromiseConstructor {
    return Promise
  }
  #body: Promise<Body> | undefined
  read = 0

  static of(answer: Promise<Body>): LazyAnswer {
    const lazy = new LazyAnswer((resolve) => resolve(''))
    answer.catch(() => {})
    lazy.#body = answer
    return lazy
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<string> {
    yield await this.#text()
    yield await this.#text()
  }

  // biome-ignore lint/suspicious/noThenProperty: it is a promise.
  override then<A = string, B = never>(
    onFulfilled?: ((value: string) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#text().then(onFulfilled, onRejected)
  }

  async #text(): Promise<string> {
    this.read++
    return (await (this.#body as Promise<Body>)).text()
  }
}

const shapes = {
  'a promise with methods of its own': (answer: Promise<Body>) => withMethods(answer),
  'a promise that does its work when it is awaited': (answer: Promise<Body>) =>
    LazyAnswer.of(answer) as unknown as ReturnType<typeof withMethods>,
}

describe.each(Object.entries(shapes))('%s', (_, shape) => {
  it('is a success when it is awaited, and a failure when it rejects', async () => {
    const client = protect({ get: (answer: Promise<Body>) => shape(answer) }, breaker)

    await client.get(Promise.resolve(body(9)))
    expect(await reasonOf(client.get(Promise.reject(down)))).toBe(down)
    await turn()

    expect(counts()).toEqual([2, 1, 1, 0])
    expect(unhandled).toEqual([])
  })

  it('rejects once when it is iterated, and a later page that fails is a failure', async () => {
    const client = protect({ get: (answer: Promise<Body>) => shape(answer) }, breaker)

    expect(await reasonOf(readAll(client.get(Promise.reject(down))))).toBe(down)
    expect(await reasonOf(readAll(client.get(Promise.resolve(body(1)))))).toBe(down)
    expect(await readAll(client.get(Promise.resolve(body(2))))).toEqual(['text', 'text'])
    await turn()

    expect(counts()).toEqual([3, 1, 2, 0])
    expect(unhandled).toEqual([])
  })

  it('holds its permit while it is iterated, and returns it when the caller leaves', async () => {
    const client = protect({ get: (answer: Promise<Body>) => shape(answer) }, breaker)
    for await (const _item of client.get(Promise.resolve(body(2)))) {
      await turn()
      expect(breaker.snapshot().inFlight).toBe(1)
      break
    }

    expect(counts()).toEqual([1, 1, 0, 0])
  })

  it('is another call when it is iterated after its end', async () => {
    const client = protect({ get: (answer: Promise<Body>) => shape(answer) }, breaker)
    const answer = client.get(Promise.resolve(body(9)))
    await answer
    await readAll(answer)

    expect(counts()).toEqual([2, 2, 0, 0])
  })

  it('rejects in the same ways while the circuit is open', async () => {
    const client = protect({ get: (answer: Promise<Body>) => shape(answer) }, breaker)
    await client.get(Promise.resolve(body(1)))
    breaker.trip()
    const get = () => client.get(Promise.resolve(body(1)))

    expect(await reasonOf(get())).toBeInstanceOf(CircuitOpenError)
    expect(await reasonOf(readAll(get()))).toBeInstanceOf(CircuitOpenError)
    await turn()
    expect(unhandled).toEqual([])
  })
})

describe('a promise with methods of its own', () => {
  const client = () => protect({ get: (answer: Promise<Body>) => withMethods(answer) }, breaker)

  it('rejects once when one of them is used, which is what ends the call', async () => {
    expect(await reasonOf(client().get(Promise.reject(down)).text())).toBe(down)
    expect(
      await reasonOf(
        client()
          .get(Promise.resolve(body(0)))
          .text(),
      ),
    ).toBe(down)
    expect(
      await client()
        .get(Promise.resolve(body(1)))
        .text(),
    ).toBe('text')
    await turn()

    expect(counts()).toEqual([3, 1, 2, 0])
    expect(unhandled).toEqual([])
  })

  it('settles when it is not used, and is unhandled when it rejects, as without a breaker', async () => {
    void client().get(Promise.resolve(body(0)))
    void client().get(turn().then(() => Promise.reject(down)))
    await turn()
    await turn()
    await turn()

    expect(counts()).toEqual([2, 1, 1, 0])
    expect(unhandled).toEqual([down])
  })

  it('takes no evidence from a call that its caller cancels by one of them', async () => {
    client()
      .get(new Promise(() => {}))
      .cancel()

    expect(counts()).toEqual([1, 0, 0, 1])
  })

  it('has its methods and those of what they return while the circuit is open', async () => {
    const guarded = client()
    await guarded.get(Promise.resolve(body(1)))
    breaker.trip()
    const rejected = guarded.get(Promise.resolve(body(1)))

    expect(await reasonOf(rejected.text())).toBeInstanceOf(CircuitOpenError)
    expect(await reasonOf(readAll(rejected.eachPage()))).toBeInstanceOf(CircuitOpenError)
    expect((rejected as { other?: unknown }).other).toBeUndefined()
  })

  it('ends at its call timeout in each way to use it', async () => {
    breaker.configure({ callTimeout: 5 })
    const get = () => client().get(new Promise(() => {}))
    const reasons = [reasonOf(get()), reasonOf(get().text()), reasonOf(readAll(get()))]
    await clock.advance(5)
    await clock.advance(0)

    for (const reason of reasons) expect(await reason).toMatchObject({ code: 'ERR_CALL_TIMEOUT' })
    expect(breaker.snapshot().inFlight).toBe(0)
  })
})

describe('a promise one of whose methods returns a stream', () => {
  it('ends with that stream, of which each later one is another call', async () => {
    class Streamed extends Promise<unknown> {
      items = (): AsyncIterable<number> => ({
        [Symbol.asyncIterator]: () => [1, 2][Symbol.iterator]() as never,
      })
      static override get [Symbol.species]() {
        return Promise
      }
    }
    const { breaker } = createBreaker()
    const client = protect({ get: () => new Streamed(() => {}) }, breaker)
    const promise = client.get()
    for (let calls = 1; calls <= 2; calls++) {
      const items: unknown[] = []
      for await (const item of promise.items()) items.push(item)

      expect(items).toEqual([1, 2])
      expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts: { success: calls } })
    }
    breaker.trip()

    // Nothing tells how to reject it.
    for await (const item of promise.items()) expect(item).toBeGreaterThan(0)
  })
})

describe('a promise that does its work when it is awaited', () => {
  it('does it once, and is a call by itself when it is awaited later', async () => {
    const lazy = LazyAnswer.of(Promise.resolve(body(1)))
    const answer = protect({ get: () => lazy }, breaker).get()
    await turn()
    await turn()
    expect([lazy.read, ...counts()]).toEqual([0, 1, 0, 0, 1])

    await answer
    await answer.catch(() => {})
    expect([lazy.read, ...counts()]).toEqual([1, 2, 1, 0, 1])
  })
})

describe('a promise of another realm', () => {
  it.each([
    ['a function', '() => promise'],
    ['an async function', 'async () => promise'],
  ])('that %s returns is guarded', async (_, code) => {
    const context = vm.createContext({ answer: undefined, Error })
    const of = (promise: string) =>
      protect({ get: vm.runInContext(code.replace('promise', promise), context) }, breaker)
    expect(await of('Promise.resolve(1)').get()).toBe(1)
    const failing = of('Promise.reject(new Error("down"))')

    for (let i = 0; i < 3; i++) await reasonOf(failing.get())
    expect(counts()).toEqual([4, 1, 3, 0])
    expect(await reasonOf(failing.get())).toBeInstanceOf(CircuitOpenError)
  })

  it('and of a subclass there keeps its members', async () => {
    const code = 'class Own extends Promise { json() { return this.then(JSON.parse) } }; Own'
    const Own = vm.runInNewContext(code)
    const client = protect({ get: (text: string) => Own.resolve(text) }, breaker)

    expect(await client.get('{"a":1}').json()).toEqual({ a: 1 })
    expect(await reasonOf(client.get('{').json())).toHaveProperty('name', 'SyntaxError')
    expect(counts()).toEqual([2, 1, 1, 0])
  })
})

describe('a stream that is an emitter as well', () => {
  class Run {
    readonly #listeners = new Map<string, Set<(argument: unknown) => void>>()
    on(event: string, listener: (argument: unknown) => void): this {
      this.#listeners.set(event, (this.#listeners.get(event) ?? new Set()).add(listener))
      return this
    }
    off(event: string, listener: (argument: unknown) => void): this {
      this.#listeners.get(event)?.delete(listener)
      return this
    }
    emit(event: string, argument?: unknown): void {
      for (const listener of this.#listeners.get(event) ?? []) listener(argument)
    }
    async *[Symbol.asyncIterator](): AsyncGenerator<string> {
      yield 'item'
    }
  }

  it('ends its call by its events', async () => {
    const runs: Run[] = []
    const create = (): Run => {
      const run = new Run()
      runs.push(run)
      return run
    }
    const client = protect({ create }, breaker)
    const texts: unknown[] = []
    for (let i = 0; i < 2; i++) {
      expect(client.create().on('text', (text) => texts.push(text))).toBeInstanceOf(Run)
    }
    await turn()
    expect(breaker.snapshot().inFlight).toBe(2)
    for (const run of runs) run.emit('text', 'hello')
    runs[0]?.emit('error', down)
    runs[1]?.emit('end')

    expect(texts).toEqual(['hello', 'hello'])
    expect(counts()).toEqual([2, 1, 1, 0])
  })

  it('takes no event for an answer by which it says that it ends', async () => {
    const run = new Run()
    const stop = new AbortController()
    const client = protect({ create: (_: { signal: AbortSignal }) => run }, breaker)
    client
      .create(stop)
      .on('abort', () => {})
      .on('end', () => {})
    stop.abort()
    run.emit('abort')
    run.emit('end')

    expect(counts()).toEqual([1, 0, 0, 1])
  })

  it('takes up no capacity once an event has come that its caller listens to', async () => {
    const { breaker } = createBreaker({ maxConcurrent: 1 })
    const run = new Run()
    const client = protect({ watch: () => run, ping: async () => 'pong' }, breaker)
    client.watch().on('change', () => {})
    expect(await reasonOf(client.ping())).toHaveProperty('code', 'ERR_CIRCUIT_FULL')
    run.emit('change')

    expect(await client.ping()).toBe('pong')
    run.emit('end')
    expect(breaker.snapshot().inFlight).toBe(0)
  })

  it('rejects to listeners and in iterations while the circuit is open', async () => {
    const client = protect({ create: () => new Run() }, breaker)
    await readAll(client.create())
    breaker.trip()
    const errors: unknown[] = []
    client
      .create()
      .on('text', () => {})
      .on('error', (error) => errors.push(error))

    expect(await reasonOf(readAll(client.create()))).toBeInstanceOf(CircuitOpenError)
    expect(errors).toEqual([expect.any(CircuitOpenError)])
  })

  it.each(['end', 'close'])(
    'tells listeners of its %s after the error when it is rejected',
    async (end) => {
      const client = protect({ create: () => new Run() }, breaker)
      await readAll(client.create())
      breaker.trip()
      const heard: string[] = []

      client
        .create()
        .on(end, () => heard.push(end))
        .on('error', () => heard.push('error'))
      await turn()

      expect(heard).toEqual(['error', end])
    },
  )
})

describe('a call that its caller cancels without a signal', () => {
  const named = (properties: object) => Object.assign(new Error('cancelled'), properties)

  it.each([
    ['a cancel token', { name: 'CanceledError', code: 'ERR_CANCELED' }, 'cancelled'],
    ['a cancel token of an older client', { __CANCEL__: true }, 'cancelled'],
    ['a method of the promise', { name: 'CancelError' }, 'cancelled'],
    ['a method of a request', { code: 'ABORTED' }, 'cancelled'],
    ['an abort of unknown origin', { name: 'AbortError', code: 'ABORT_ERR' }, 'failure'],
    [
      'a deadline that the client was created with',
      { code: 'ERR_CANCELED', config: { signal: AbortSignal.timeout(9) } },
      'failure',
    ],
    ['anything else', { code: 'ECONNRESET' }, 'failure'],
  ])('by %s', async (_, properties, outcome) => {
    const error = named(properties)
    const client = protect({ get: () => Promise.reject(error) }, breaker)

    expect(await reasonOf(client.get())).toBe(error)
    expect(breaker.snapshot().counts).toMatchObject({ admitted: 1, [outcome]: 1 })
  })

  it('is what `classify` says', async () => {
    const told: unknown[] = []
    breaker.configure({
      classify: (settled) => {
        told.push(settled)
        return 'neutral'
      },
    })
    const error = named({ __CANCEL__: true })
    const client = protect({ get: () => Promise.reject(error) }, breaker)
    await reasonOf(client.get())

    expect(told).toEqual([{ status: 'rejected', reason: error }])
    expect(breaker.snapshot().counts).toMatchObject({ neutral: 1, cancelled: 0 })
  })

  it('is a failure when the signal that it passes is a deadline', async () => {
    const signal = AbortSignal.timeout(1)
    const get = (_: { signal: AbortSignal }) =>
      new Promise((resolve) => signal.addEventListener('abort', resolve)).then(() => {
        throw named({ code: 'ERR_CANCELED' })
      })
    await reasonOf(protect({ get }, breaker).get({ signal }))

    expect(counts()).toEqual([1, 0, 1, 0])
  })
})
