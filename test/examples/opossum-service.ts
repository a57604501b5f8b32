// The service of examples/service.ts with opossum, as its documentation shows it: a failed status is thrown, the
// request has a timeout of its own, and what opossum does not tell (when to come back, the state as a metric) is
// kept beside it.
import fastify, { type FastifyInstance } from 'fastify'
import CircuitBreaker from 'opossum'
import { Counter, Gauge, Registry } from 'prom-client'

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
  const openedAt = new WeakMap<Error, number>()
  const register = new Registry()
  const registers = [register]
  const calls = new Counter({
    name: 'circuit_breaker_calls_total',
    help: 'Calls by outcome',
    labelNames: ['name', 'outcome'],
    registers,
  })
  new Gauge({
    name: 'circuit_breaker_state',
    help: 'Breakers by state',
    labelNames: ['name', 'state'],
    registers,
    collect() {
      for (const { name, opened, halfOpen, closed } of breakers) {
        this.set({ name, state: 'open' }, Number(opened))
        this.set({ name, state: 'half-open' }, Number(halfOpen))
        this.set({ name, state: 'closed' }, Number(closed))
      }
    },
  })
  const create = (name: string) => {
    const breaker = new CircuitBreaker(
      async (url: string) => {
        const response = await fetch(url, { signal: AbortSignal.timeout(callTimeout) })
        if (response.status >= 500) throw badGateway(response.status)
        return response
      },
      { name, timeout: false, resetTimeout, volumeThreshold: 3, errorThresholdPercentage: 50 },
    )
    let opened = 0
    breaker.on('open', () => (opened = Date.now()))
    breaker.on('reject', (error) => openedAt.set(error, opened))
    breaker.on('success', () => calls.inc({ name, outcome: 'success' }))
    breaker.on('failure', () => calls.inc({ name, outcome: 'failure' }))
    return breaker
  }
  const breakers = [create('users'), create('prices')] as const
  const [user, price] = breakers
  const cache = new Map<string, unknown>()

  const app = fastify()
  app.addHook('onClose', () => {
    for (const breaker of breakers) breaker.shutdown()
  })
  app.setErrorHandler((error: Error & { code?: string }, _request, reply) => {
    const problem = (status: number, title: string) => {
      reply.code(status).header('cache-control', 'no-store').type('application/problem+json')
      return reply.send(JSON.stringify({ type: 'about:blank', title, status }))
    }
    if (error.code === 'EOPENBREAKER') {
      const wait = (openedAt.get(error) ?? 0) + resetTimeout - Date.now()
      reply.header('retry-after', String(Math.max(1, Math.ceil(wait / 1_000))))
      return problem(503, 'Service Unavailable')
    }
    if (error.name === 'TimeoutError') return problem(504, 'Gateway Timeout')
    return reply.send(error)
  })

  app.get<{ Params: { id: string } }>('/users/:id', async ({ params: { id } }, reply) => {
    try {
      const found = await bodyOf(await user.fire(`${users}/users/${id}`))
      cache.set(id, found)
      return found
    } catch (error) {
      if (isAnswer(error) || !cache.has(id)) throw error
      reply.header('x-cache', 'stale')
      return cache.get(id)
    }
  })

  app.get<{ Params: { id: string } }>('/prices/:id', async ({ params: { id } }) =>
    bodyOf(await price.fire(`${prices}/prices/${id}`)),
  )

  app.get('/ready', (_request, reply) => {
    reply.header('cache-control', 'no-store').code(price.opened ? 503 : 200)
    return reply.send({ status: price.opened ? 'unready' : 'ready' })
  })

  app.get('/metrics', () => register.metrics())
  return app
}

/** An error of the upstream itself is a bad gateway; other answers, such as 404, are passed on. */
async function bodyOf(response: Response): Promise<unknown> {
  if (response.ok) return response.json()
  throw Object.assign(new Error(`upstream: ${response.status}`), { statusCode: response.status })
}

function badGateway(status: number): Error {
  return Object.assign(new Error(`upstream: ${status}`), { statusCode: 502 })
}

function isAnswer(error: unknown): boolean {
  return Number((error as { statusCode?: number }).statusCode) < 500
}
