import { setTimeout as sleep } from 'node:timers/promises'
import { Agent, fetch, Pool } from 'undici'
import { CircuitBreaker, protect } from '../../src/index.ts'
import type { LoadPlan } from './load.ts'

/** Real requests of one client to one upstream, through breakers of every kind. */
export class HttpTraffic {
  readonly #url: string
  readonly #agent = new Agent({ connections: 64 })
  readonly #pool: Pool
  /** One for all calls of the whole run: nothing may pile up on it. */
  readonly longLived: AbortSignal = new AbortController().signal

  constructor(port: number) {
    this.#url = `http://127.0.0.1:${port}`
    this.#pool = new Pool(this.#url, { connections: 32 })
  }

  async close(): Promise<void> {
    await Promise.all([this.#agent.destroy(), this.#pool.destroy()])
  }

  async #get(signal?: AbortSignal): Promise<string> {
    const response = await this.#fetch('/', signal)
    return response.text()
  }

  async #fetch(path: string, signal: AbortSignal | undefined) {
    const init = { dispatcher: this.#agent, ...(signal === undefined ? {} : { signal }) }
    const response = await fetch(this.#url + path, init)
    if (response.ok) return response
    await response.body?.cancel()
    throw Object.assign(new Error(`HTTP ${response.status}`), { code: `HTTP ${response.status}` })
  }

  async *#pieces(): AsyncGenerator<string> {
    const response = await this.#fetch('/pieces', undefined)
    const decoder = new TextDecoder()
    for await (const chunk of response.body ?? []) {
      yield decoder.decode(chunk as Uint8Array, { stream: true })
    }
  }

  readonly plans = (random: () => number): LoadPlan[] => [
    {
      name: 'http operated',
      target: 'http',
      options: {},
      every: 15,
      calling: (breaker) => breaker(() => this.#get()),
      operated: true,
    },
    {
      name: 'http seed',
      target: 'http',
      options: { maxFailures: 3, resetTimeout: 300 },
      every: 25,
      calling: (breaker) => breaker(() => this.#get()),
    },
    {
      name: 'http defaults',
      target: 'http',
      options: {},
      every: 20,
      calling: (breaker) => () => breaker.run(() => this.#get()),
    },
    {
      name: 'http rates',
      target: 'http',
      options: {
        trip: {
          failureRate: { threshold: 0.5, minimumCalls: 10, window: { duration: 2_000 } },
          slowCallRate: {
            slowerThan: 200,
            threshold: 0.5,
            minimumCalls: 10,
            window: { calls: 20 },
          },
        },
        resetTimeout: { initial: 200, max: 1_000 },
        recovery: { probes: 2, timeout: 1_000 },
        callTimeout: 400,
        statistics: true,
      },
      every: 25,
      calling: (breaker) => () => breaker.run((signal) => this.#get(signal)),
    },
    {
      name: 'http fallback',
      target: 'http',
      options: {
        maxFailures: 5,
        resetTimeout: 250,
        callTimeout: 300,
        fallback: () => 'stand-in' as never,
        statistics: true,
      },
      every: 30,
      calling: (breaker) => () => breaker.run((signal) => this.#get(signal)),
    },
    {
      name: 'http stream',
      target: 'http',
      options: { maxFailures: 3, resetTimeout: 300, callTimeout: 400 },
      every: 40,
      calling: (breaker) => {
        const pieces = breaker.stream(() => this.#pieces())
        return async () => {
          const impatient = random() < 0.2
          for await (const _ of pieces()) if (impatient) break
        }
      },
    },
    {
      name: 'http signals',
      target: 'http',
      options: { maxFailures: 5, resetTimeout: 300, maxConcurrent: 8, history: 2 },
      every: 20,
      calling: (breaker) => () => {
        const choice = random()
        const get = (signal: AbortSignal) => this.#get(signal)
        if (choice < 0.4) return breaker.run(get, { signal: this.longLived, timeout: 300 })
        if (choice < 0.7) return breaker.run(get, { signal: AbortSignal.timeout(300) })
        const controller = new AbortController()
        const result = breaker.run(get, { signal: controller.signal, timeout: 300 })
        if (choice < 0.8) setImmediate(() => controller.abort())
        return result
      },
    },
    {
      name: 'http by permit',
      target: 'http',
      options: {
        trip: {
          evidence: { threshold: 5 },
          when: ({ consecutiveFailures }) => consecutiveFailures >= 8,
        },
        resetTimeout: 300,
        recovery: { probes: 3, concurrent: 1, timeout: 500 },
      },
      every: 30,
      calling: (breaker) => async () => {
        const permit = breaker.tryAcquire()
        if (permit === undefined) return
        await this.#get(AbortSignal.timeout(800)).then(
          () => permit.success(),
          (error: unknown) => permit.failure(error),
        )
      },
    },
    {
      name: 'http shared',
      target: 'http',
      options: { maxFailures: 4, resetTimeout: 300, callTimeout: 350, recovery: 'auto' },
      every: 30,
      calling: (breaker) => {
        // An inner breaker's rejections say nothing about the target of the outer one.
        const inner = new CircuitBreaker({ maxFailures: 50, resetTimeout: 100, callTimeout: 300 })
        const get = breaker(inner(() => this.#get()))
        const slow = breaker(() => sleep(5))
        return () => (random() < 0.9 ? get() : slow())
      },
    },
    {
      name: 'http protected',
      target: 'http',
      options: { maxFailures: 4, resetTimeout: 300, callTimeout: 400 },
      every: 30,
      calling: (breaker) => {
        const client = protect(this.#pool, breaker, { methods: ['request'] })
        return async () => {
          const { body } = await client.request({ method: 'GET', path: '/' })
          // The breaker has nothing to do with the body, and so its caller doesn't wait for it here.
          body.dump().catch(() => {})
        }
      },
    },
  ]
}
