import { beforeEach, describe, expect, it } from 'vitest'
import { createBreaker, reasonOf, turn } from '../test/helpers/public.ts'
import { type CircuitBreaker, CircuitOpenError, isCallTimeoutError, protect } from './index.ts'
import type { ManualClock } from './testing/manual-clock.ts'

let breaker: CircuitBreaker
let clock: ManualClock
beforeEach(() => {
  ;({ breaker, clock } = createBreaker())
})

function counts() {
  const { success, failure, cancelled, rejected } = breaker.snapshot().counts
  return [success, failure, cancelled, rejected.open]
}

/** Hangs until it is aborted. */
function hang(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    signal?.addEventListener('abort', () => reject(new DOMException('aborted', 'AbortError')))
  })
}

interface Nested {
  readonly path?: string
  readonly request?: { readonly signal?: AbortSignal; readonly retries?: number }
}

describe('a signal in the options of a part of a call', () => {
  const received: Nested[] = []
  const client = {
    get: async (_path: string, options: Nested) => {
      received.push(options)
      return hang(options.request?.signal)
    },
    echo: async (options: object) => options,
  }
  beforeEach(() => {
    received.length = 0
  })

  it("is the caller's: an abort by it is no failure", async () => {
    const controller = new AbortController()
    const call = protect(client, breaker).get('/', { request: { signal: controller.signal } })
    controller.abort()
    await reasonOf(call)

    expect(counts()).toEqual([0, 0, 1, 0])
  })

  it('is aborted by the call timeout, in a copy of the options', async () => {
    breaker.configure({ callTimeout: 100 })
    const { signal } = new AbortController()
    const options = { path: '/', request: { signal, retries: 2 } }
    const call = reasonOf(protect(client, breaker).get('/', options))
    await clock.advance(100)

    expect(isCallTimeoutError(await call)).toBe(true)
    expect(received[0]?.request?.signal?.aborted).toBe(true)
    expect(received[0]).toMatchObject({ path: '/', request: { retries: 2 } })
    expect(signal.aborted).toBe(false)
    expect(options.request.signal).toBe(signal)
  })

  it('may have another name', async () => {
    breaker.configure({ callTimeout: 100 })
    const query = (_: string, { abort_signal }: { abort_signal: AbortSignal }) => hang(abort_signal)
    const guarded = protect(
      { query: async (...args: Parameters<typeof query>) => query(...args) },
      breaker,
    )
    const controller = new AbortController()
    const cancelled = guarded.query('', { abort_signal: controller.signal })
    controller.abort()
    await reasonOf(cancelled)
    const call = reasonOf(guarded.query('', { abort_signal: new AbortController().signal }))
    await clock.advance(100)

    expect(isCallTimeoutError(await call)).toBe(true)
    expect(counts()).toEqual([0, 1, 1, 0])
  })

  it.each([
    ['deeper options', { a: { b: { signal: new AbortController().signal } } }],
    ['an instance', { a: new (class {})() }],
    ['a list', { a: [{ signal: new AbortController().signal }] }],
    [
      'a getter that throws',
      {
        get a() {
          throw new Error('no')
        },
      },
    ],
  ])('is not looked for in %s', async (_, options) => {
    breaker.configure({ callTimeout: 100 })

    expect(await protect(client, breaker).echo(options)).toBe(options)
    expect(counts()).toEqual([1, 0, 0, 0])
  })
})

/** Runs when it is awaited. */
class Query implements PromiseLike<unknown> {
  #signal: AbortSignal | undefined
  #cancel: ((error: Error) => void) | undefined
  ran = 0

  where(_condition: string): this {
    return this
  }

  abortSignal(signal: AbortSignal): this {
    this.#signal = signal
    return this
  }

  abort(): this {
    this.#cancel?.(Object.assign(new Error('Aborted'), { code: 'ABORTED' }))
    return this
  }

  // biome-ignore lint/suspicious/noThenProperty: it is awaited.
  then: PromiseLike<unknown>['then'] = (resolve, reject) => {
    this.ran += 1
    const cancelled = new Promise<never>((_, cancel) => {
      this.#cancel = cancel
    })
    return Promise.race([hang(this.#signal), cancelled]).then(resolve, reject)
  }
}

describe('a builder that is awaited', () => {
  let query: Query
  let client: { from(table: string): Query }
  beforeEach(() => {
    query = new Query()
    client = protect({ from: (_table: string) => query }, breaker)
  })

  it('is cancelled by a signal that one of its methods was passed', async () => {
    const controller = new AbortController()
    const call = reasonOf(client.from('a').abortSignal(controller.signal).where('b'))
    await turn()
    controller.abort()
    await call

    expect(counts()).toEqual([0, 0, 1, 0])
  })

  it('is cancelled by a signal that the method was passed which has returned its owner', async () => {
    const pages = (signal: AbortSignal) => ({
      async *byPage() {
        yield await hang(signal)
      },
    })
    const list = protect({ list: pages, hang }, breaker)
    const controller = new AbortController()
    const call = reasonOf(list.list(controller.signal).byPage().next())
    await turn()
    controller.abort()
    await call

    expect(counts()).toEqual([0, 0, 1, 0])
  })

  it('is a failure when that signal is a deadline', async () => {
    const controller = new AbortController()
    const call = reasonOf(client.from('a').abortSignal(controller.signal))
    await turn()
    controller.abort(new DOMException('late', 'TimeoutError'))
    await call

    expect(counts()).toEqual([0, 1, 0, 0])
  })

  it('is cancelled by a method of its own, of which its error tells', async () => {
    const guarded = client.from('a').where('b')
    const call = reasonOf(guarded)
    await turn()
    void guarded.abort()
    await call

    expect(counts()).toEqual([0, 0, 1, 0])
    expect(query.ran).toBe(1)
  })

  it('ends at the call timeout, and does not run while the circuit is open', async () => {
    breaker.configure({ callTimeout: 100 })
    const call = reasonOf(client.from('a'))
    await turn()
    await clock.advance(100)
    expect(isCallTimeoutError(await call)).toBe(true)
    breaker.trip()

    expect(await reasonOf(client.from('a'))).toBeInstanceOf(CircuitOpenError)
    expect(query.ran).toBe(1)
    expect(counts()).toEqual([0, 1, 0, 1])
  })
})

describe('a stream that ends without an error when its caller aborts it', () => {
  async function* items(signal: AbortSignal, first: readonly string[]): AsyncGenerator<string> {
    yield* first
    await new Promise((resolve) => signal.addEventListener('abort', resolve))
  }
  const client = {
    read: (first: readonly string[], { signal }: { readonly signal: AbortSignal }) =>
      items(signal, first),
  }

  it.each([
    ['no evidence before its first item', [], [0, 0, 1, 0]],
    ['a success after it', ['a'], [1, 0, 0, 0]],
  ])('is %s', async (_, first, expected) => {
    const controller = new AbortController()
    const read = async () => {
      for await (const _ of protect(client, breaker).read(first, controller));
    }
    const reading = read()
    await turn()
    controller.abort()
    await reading

    expect(counts()).toEqual(expected)
  })
})
