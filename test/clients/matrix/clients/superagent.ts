import type { Client } from '../client.ts'
import { HttpUpstream } from '../upstream.ts'

export const superagent: Client = {
  name: 'superagent',
  packages: ['superagent'],
  guarded: 'protect(superagent.agent(), breaker)',
  trap: 'calls by `.end(callback)` are not guarded',
  cancelledBy: 'method',
  async connect({ protect }) {
    const { default: superagent } = await import('superagent')
    const upstream = await HttpUpstream.start()
    const http = protect(superagent.agent())
    return {
      upstream,
      uses: {
        await: (signal) => {
          const request = http.get(upstream.url).set('accept', 'application/json').query({ a: 1 })
          signal?.addEventListener('abort', () => void request.abort())
          return request.then(({ body }) => body)
        },
      },
    }
  },
}
