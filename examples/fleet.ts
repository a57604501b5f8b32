// A service of many processes with one breaker for its upstream: what some of them see, all of them know. Without
// Redis it starts and serves all the same, each process by itself.
import fastify, { type FastifyInstance } from 'fastify'
import { createClient } from 'redis'
import { CircuitRegistry } from 'short-circuit'
import { circuits } from 'short-circuit/fastify'
import { guardFetch } from 'short-circuit/fetch'
import { shared } from 'short-circuit/fleet'
import { redisStore } from 'short-circuit/redis'

export interface ServiceOptions {
  /** Origin of the upstream. */
  readonly prices: string
  /** URL of Redis. */
  readonly redis: string
}

export async function createService({ prices, redis }: ServiceOptions): Promise<FastifyInstance> {
  const client = createClient({ url: redis })
  // The client tries again by itself, and the breakers go on by themselves: that is told by `onConnection`.
  client.on('error', () => {})
  client.connect().catch(() => {})

  const app = fastify()
  const fleet = shared(redisStore(client, { namespace: 'shop' }), {
    onConnection: (connected) => app.log.warn({ connected }, 'the fleet'),
  })
  const registry = new CircuitRegistry({ shared: fleet })
  const fetchPrice = guardFetch(registry.breaker('prices'))
  await app.register(circuits, { registry })

  app.get<{ Params: { id: string } }>('/prices/:id', async ({ params: { id } }, reply) => {
    const response = await fetchPrice(`${prices}/prices/${id}`)
    reply.code(response.status < 500 ? response.status : 502)
    return response.json()
  })
  app.get('/circuit', () => registry.breaker('prices').snapshot())
  app.addHook('onClose', async () => {
    // Says how a probe has ended, so that no process waits for it.
    await fleet.close()
    client.destroy()
  })
  return app
}
