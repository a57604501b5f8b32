// A Cloudflare Worker. Its breakers live as long as the isolate, and each isolate has its own: many failures in a
// row are rarely seen by one, so a short series opens.
import { CircuitRegistry } from 'short-circuit'
import { guardFetch } from 'short-circuit/fetch'
import { circuitErrors } from 'short-circuit/hono'

const circuits = new CircuitRegistry({ defaults: { maxFailures: 2, callTimeout: 2_000 } })
const guarded = guardFetch(circuits)
const answer = circuitErrors(() => new Response('Bad Gateway', { status: 502 }))

export default {
  async fetch(request: Request): Promise<Response> {
    try {
      return await guarded(new URL(new URL(request.url).pathname, 'https://upstream.example'))
    } catch (error) {
      return answer(error as Error, undefined)
    }
  },
}
