import type { Client } from '../client.ts'
import { HttpUpstream } from '../upstream.ts'
import { failedStatus } from './failed-status.ts'

export const wretch: Client = {
  name: 'wretch',
  packages: ['wretch'],
  guarded: 'wretch(url).polyfills({ fetch: breaker(fetch) })',
  trap: 'guarded as a client it would send its request before it is rejected: guard its `fetch`',
  cancelledBy: 'signal',
  async connect({ breaker }) {
    const { default: wretch } = await import('wretch')
    const upstream = await HttpUpstream.start()
    breaker.configure({ classify: failedStatus('status') })
    const http = wretch(upstream.url).polyfills({ fetch: breaker(fetch) })
    const options = (signal?: AbortSignal) => (signal === undefined ? {} : { signal })
    return {
      upstream,
      uses: {
        json: (signal) => http.options(options(signal)).get('/').json(),
        text: (signal) => http.options(options(signal)).get('/').text(),
      },
    }
  },
}
