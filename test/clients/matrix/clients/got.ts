import type { Client } from '../client.ts'
import { HttpUpstream } from '../upstream.ts'

export const got: Client = {
  name: 'got',
  packages: ['got'],
  guarded: 'protect(got.extend(…), breaker)',
  trap: 'one call for all of its retries; `got.stream` is guarded as a stream',
  methods: ['get', 'get().json'],
  cancelledBy: 'signal',
  async connect({ protect }) {
    const { default: got } = await import('got')
    const upstream = await HttpUpstream.start()
    const http = protect(got.extend({ prefixUrl: upstream.url, retry: { limit: 0 } }))
    const options = (signal?: AbortSignal) => (signal === undefined ? {} : { signal })
    return {
      upstream,
      uses: {
        await: async (signal) => (await http.get('', options(signal))).body,
        json: (signal) => http.get('', options(signal)).json(),
      },
    }
  },
}
