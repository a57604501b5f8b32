// A small service with two upstreams. Users come from a cache while theirs is down; prices do not, so that without
// them the answer is 503 with the time to come back. Metrics are at /metrics, readiness at /ready.
import fastify, { type FastifyInstance } from 'fastify'
import { Registry } from 'prom-client'
import { CircuitRegistry } from 'short-circuit'
import { circuits } from 'short-circuit/fastify'
import { guardFetch } from 'short-circuit/fetch'
import { prometheus } from 'short-circuit/prometheus'

export interface ServiceOptions {
  /** Origins of the upstreams. */
  readonly users: string
  readonly prices: string
  /** How long to leave an upstream alone, ms. */
  readonly resetTimeout: number
  /** How long a request may take, ms. */
  readonly callTimeout: number
}

export async function createService(options: ServiceOptions): Promise<FastifyInstance> {
  const { users, prices, resetTimeout, callTimeout } = options
  const registry = new CircuitRegistry({ defaults: { maxFailures: 3, resetTimeout, callTimeout } })
  const fetchUser = guardFetch(registry.breaker('users'))
  const fetchPrice = guardFetch(registry.breaker('prices'))
  const cache = new Map<string, unknown>()
  const register = new Registry()
  prometheus(registry, { register })

  const app = fastify()
  await app.register(circuits, { registry, health: '/ready', required: ['prices'] })

  app.get<{ Params: { id: string } }>('/users/:id', async ({ params: { id } }, reply) => {
    try {
      const user = await bodyOf(await fetchUser(`${users}/users/${id}`))
      cache.set(id, user)
      return user
    } catch (error) {
      if (isAnswer(error) || !cache.has(id)) throw error
      reply.header('x-cache', 'stale')
      return cache.get(id)
    }
  })

  app.get<{ Params: { id: string } }>('/prices/:id', async ({ params: { id } }) =>
    bodyOf(await fetchPrice(`${prices}/prices/${id}`)),
  )

  app.get('/metrics', () => register.metrics())
  return app
}

/** An error of the upstream itself is a bad gateway; other answers, such as 404, are passed on. */
async function bodyOf(response: Response): Promise<unknown> {
  if (response.ok) return response.json()
  const statusCode = response.status < 500 ? response.status : 502
  throw Object.assign(new Error(`upstream: ${response.status}`), { statusCode })
}

function isAnswer(error: unknown): boolean {
  return Number((error as { statusCode?: number }).statusCode) < 500
}
