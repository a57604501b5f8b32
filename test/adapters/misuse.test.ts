import axios from 'axios'
import { Agent, type Dispatcher, interceptors, request } from 'undici'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { guardAxios } from '../../src/axios/index.ts'
import { guardFetch } from '../../src/fetch/index.ts'
import { CircuitBreaker, CircuitRegistry } from '../../src/index.ts'
import { type Classifier, firstOf, http } from '../../src/outcomes/index.ts'
import { type By, circuitBreaker } from '../../src/undici/index.ts'
import { TestServer } from './server.ts'

let server: TestServer
const agents: Agent[] = []
beforeEach(async () => {
  server = await TestServer.start()
})
afterEach(async () => {
  vi.unstubAllGlobals()
  for (const agent of agents.splice(0)) await agent.destroy()
  await server.stop()
})

interface Options {
  readonly name?: string
  readonly key?: () => string | undefined
  readonly classify?: Classifier
}
type Get = (url: string) => Promise<number>

function byUndici(dispatcher: Dispatcher): Get {
  return async (url) => {
    const { statusCode, body } = await request(url, { dispatcher })
    await body.dump()
    return statusCode
  }
}

function newAgent(): Agent {
  const agent = new Agent()
  agents.push(agent)
  return agent
}

/** Each adapter, applied as often as there are sets of options, the last one outermost. */
const adapters: readonly (readonly [string, (...guards: readonly [By, Options?][]) => Get])[] = [
  [
    'guardFetch',
    (...guards) => {
      let guarded = fetch
      for (const [by, options] of guards) guarded = guardFetch(by, { ...options, fetch: guarded })
      return async (url) => (await guarded(url)).status
    },
  ],
  [
    'guardFetch, until the body has ended',
    (...guards) => {
      let guarded = fetch
      for (const [by, options] of guards) {
        guarded = guardFetch(by, { ...options, fetch: guarded, until: 'body' })
      }
      return async (url) => {
        const { status, body } = await guarded(url)
        await new Response(body).text()
        return status
      }
    },
  ],
  [
    'guardAxios',
    (...guards) => {
      const client = axios.create({ validateStatus: () => true })
      for (const [by, options] of guards) guardAxios(client, by, options)
      return async (url) => (await client.get(url)).status
    },
  ],
  [
    'circuitBreaker of undici',
    (...guards) =>
      byUndici(
        newAgent().compose(...guards.map(([by, options]) => circuitBreaker(by, options ?? {}))),
      ),
  ],
  [
    'circuitBreaker of undici, until the body has ended',
    (...guards) =>
      byUndici(
        newAgent().compose(
          ...guards.map(([by, options]) => circuitBreaker(by, { ...options, until: 'body' })),
        ),
      ),
  ],
]

describe.each(adapters)('%s', (_, create) => {
  const attempt = async (guards: readonly [By, Options?][], path = '/ok'): Promise<unknown> => {
    try {
      return await create(...guards)(server.url(path))
    } catch (error) {
      return error
    }
  }

  it.each([
    [null, 'null'],
    [5, 'number'],
    [{}, 'object'],
  ])('tells that a key is no string: %j', async (key, got) => {
    const error = await attempt([[new CircuitRegistry(), { key: () => key as never }]])

    expect(error).toBeInstanceOf(TypeError)
    expect(String(error)).toContain(`must return a string, or undefined for none, got ${got}`)
    expect(server.received).toBe(0)
  })

  it('is not applied twice with the same breaker', async () => {
    const breaker = new CircuitBreaker({ name: 'users' })
    const error = await attempt([[breaker], [new CircuitBreaker()], [breaker]])

    expect(error).toBeInstanceOf(TypeError)
    expect(String(error)).toContain('guarded by the circuit "users" already, and would count twice')
    expect(breaker.snapshot().inFlight).toBe(0)
  })

  it('is not applied twice with the same registry and the same names', async () => {
    const registry = new CircuitRegistry()
    const error = await attempt([[registry], [registry]])

    expect(error).toBeInstanceOf(TypeError)
    expect(String(error)).toMatch(/guarded by .* already, and would count twice/)
  })

  it('may be applied twice for breakers that differ', async () => {
    const registry = new CircuitRegistry()
    const all = new CircuitBreaker()
    const status = await attempt([
      [registry],
      [registry, { name: 'tenant', key: () => 'a' }],
      [all],
    ])

    expect(status).toBe(200)
    expect([...registry].map((breaker) => breaker.snapshot().counts.admitted)).toEqual([1, 1])
    expect(all.snapshot().counts.admitted).toBe(1)
  })

  it.each([
    ['/broken', 'failure'],
    ['/limited', 'neutral'],
    ['/missing', 'success'],
  ])(
    'counts by the status where a classifier throws, and reports it: %s',
    async (path, outcome) => {
      const errors: unknown[] = []
      const mine = new Error('mine')
      const theirs = new Error('theirs')
      const breaker = new CircuitBreaker({
        classify: () => {
          throw theirs
        },
      })
      breaker.on('listenerError', ({ error, source }) => errors.push([error, source]))
      const classify = (): never => {
        throw mine
      }
      expect(await attempt([[breaker, { classify }]], path)).toBeTypeOf('number')

      expect(breaker.snapshot()).toMatchObject({
        inFlight: 0,
        counts: { settled: 1, [outcome]: 1 },
      })
      expect(errors).toContainEqual([mine, 'classify'])
      expect(errors).toContainEqual([theirs, 'classify'])
    },
  )
})

it('the interceptor of undici is not applied twice, whatever stands between', async () => {
  const breaker = new CircuitBreaker()
  const get = byUndici(
    newAgent()
      .compose(circuitBreaker(breaker), interceptors.retry(), interceptors.redirect())
      .compose(circuitBreaker(breaker)),
  )

  await expect(get(server.url('/ok'))).rejects.toThrow('would count twice')
  expect(breaker.snapshot().inFlight).toBe(0)
})

it('an instance of axios that comes from a guarded one is guarded', async () => {
  const breaker = new CircuitBreaker()
  const child = guardAxios(axios.create(), breaker).create()

  expect(() => guardAxios(child, breaker)).toThrow('would count twice')
  await child.get(server.url('/ok'))
  expect(breaker.snapshot().counts.admitted).toBe(1)
})

describe('guardFetch in place of the global fetch', () => {
  it('makes each request once', async () => {
    const breaker = new CircuitBreaker()
    vi.stubGlobal('fetch', guardFetch(breaker))

    expect((await fetch(server.url('/ok'))).status).toBe(200)
    expect(() => guardFetch(breaker)).toThrow('would count twice')
    expect([server.received, breaker.snapshot().counts.admitted]).toEqual([1, 1])
  })

  it('makes each request once below what replaces it later', async () => {
    const breaker = new CircuitBreaker()
    const guarded = guardFetch(breaker)
    const seen: unknown[] = []
    vi.stubGlobal('fetch', async (...args: Parameters<typeof fetch>) => {
      seen.push(args[0])
      await Promise.resolve()
      return guarded(...args)
    })

    expect((await fetch(server.url('/ok'))).status).toBe(200)
    expect([server.received, breaker.snapshot().counts.admitted]).toEqual([1, 1])
    expect(seen.length).toBeLessThanOrEqual(2)
  })
})

describe('firstOf', () => {
  it('leaves it to the next one where one throws, and reports each', async () => {
    const error = new Error('mine')
    const errors: unknown[] = []
    const throwing: Classifier = () => {
      throw error
    }
    const classify = firstOf(firstOf(throwing, throwing), http)
    const breaker = new CircuitBreaker({ maxFailures: 1, classify })
    breaker.on('listenerError', (event) => errors.push(event.error))
    await breaker.run(() => ({ status: 500 }))

    expect(breaker.state).toBe('open')
    expect(errors).toEqual([error, error])
  })
})
