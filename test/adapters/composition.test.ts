import axios from 'axios'
import { Agent, fetch as undiciFetch } from 'undici'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { guardAxios } from '../../src/axios/index.ts'
import { guardFetch } from '../../src/fetch/index.ts'
import { CircuitBreaker } from '../../src/index.ts'
import { circuitBreaker } from '../../src/undici/index.ts'
import { until } from './environment.ts'
import { TestServer } from './server.ts'

type Get = (url: string) => Promise<number>

const agents: Agent[] = []

/** One adapter over another one, each with a breaker. */
const layers: Readonly<Record<string, (outer: CircuitBreaker, inner: CircuitBreaker) => Get>> = {
  'guardFetch over guardFetch': (outer, inner) => {
    const guarded = guardFetch(outer, { fetch: guardFetch(inner) })
    return async (url) => (await guarded(url)).status
  },
  'guardAxios over guardFetch': (outer, inner) => {
    const env = { fetch: guardFetch(inner) }
    const validateStatus = () => true
    const client = guardAxios(axios.create({ adapter: 'fetch', env, validateStatus }), outer)
    return async (url) => (await client.get(url)).status
  },
  'guardFetch over a dispatcher of undici': (outer, inner) => {
    const agent = new Agent()
    agents.push(agent)
    const dispatcher = agent.compose(circuitBreaker(inner))
    const guarded = guardFetch(outer, {
      fetch: ((url: string, init: object) =>
        undiciFetch(url, { ...init, dispatcher })) as unknown as typeof fetch,
    })
    return async (url) => (await guarded(url)).status
  },
  'interceptors of undici': (outer, inner) => {
    const agent = new Agent()
    agents.push(agent)
    const dispatcher = agent.compose(circuitBreaker(inner), circuitBreaker(outer))
    return async (url) => (await undiciFetch(url, { dispatcher })).status
  },
}

describe.each(Object.entries(layers))('%s', (_, create) => {
  let server: TestServer
  beforeEach(async () => {
    server = await TestServer.start()
  })
  afterEach(async () => {
    for (const agent of agents.splice(0)) await agent.destroy()
    await server.stop()
  })

  it('counts failures in both, and rejections by the inner one in neither', async () => {
    const inner = new CircuitBreaker({ name: 'inner', maxFailures: 2, resetTimeout: 60_000 })
    const outer = new CircuitBreaker({ name: 'outer', maxFailures: 3, resetTimeout: 60_000 })
    const get = create(outer, inner)
    for (let i = 0; i < 2; i++) expect(await get(server.url('/broken'))).toBe(503)
    for (let i = 0; i < 5; i++) await expect(get(server.url('/ok'))).rejects.toThrow()

    expect([inner.state, outer.state, server.received]).toEqual(['open', 'closed', 2])
    expect(outer.snapshot().counts).toMatchObject({ admitted: 7, failure: 2, cancelled: 5 })
    expect(inner.snapshot().counts.rejected.open).toBe(5)
  })

  it.each(['inner', 'outer', 'both'])('recovers, whichever was open: %s', async (which) => {
    const inner = new CircuitBreaker({ name: 'inner', maxFailures: 1 })
    const outer = new CircuitBreaker({ name: 'outer', maxFailures: 1 })
    const get = create(outer, inner)
    for (const breaker of [inner, outer]) {
      if (which === breaker.name || which === 'both') {
        breaker.trip()
        breaker.halfOpen()
      }
    }

    expect(await get(server.url('/ok'))).toBe(200)
    await until(() => inner.state === 'closed' && outer.state === 'closed')
  })

  it('ends a request on the wire by the timeout of either', async () => {
    for (const [own, other] of [
      [200, 30_000],
      [30_000, 200],
    ] as const) {
      const outer = new CircuitBreaker({ callTimeout: own })
      const inner = new CircuitBreaker({ callTimeout: other })
      await expect(create(outer, inner)(server.url('/hang'))).rejects.toThrow()

      await until(() => outer.snapshot().inFlight + inner.snapshot().inFlight === 0)
      expect(outer.snapshot().counts.failure).toBe(1)
    }
    await until(() => server.abandoned === server.received)
  })
})
