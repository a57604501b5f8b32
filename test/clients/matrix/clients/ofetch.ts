import type { Client } from '../client.ts'
import { HttpUpstream } from '../upstream.ts'

export const ofetch: Client = {
  name: 'ofetch',
  packages: ['ofetch'],
  guarded: 'breaker(ofetch)',
  trap: 'one call for all of its retries',
  cancelledBy: 'signal',
  async connect({ breaker }) {
    const { ofetch } = await import('ofetch')
    const upstream = await HttpUpstream.start()
    const fetch = breaker(ofetch)
    const options = (signal?: AbortSignal) => ({ retry: 0, ...(signal && { signal }) })
    return {
      upstream,
      uses: { await: (signal) => fetch(upstream.url, options(signal)) },
    }
  },
}
