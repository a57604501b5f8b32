import type { Client } from '../client.ts'
import { HttpUpstream } from '../upstream.ts'
import { failedStatus } from './failed-status.ts'

export const nodeFetch: Client = {
  name: 'node-fetch',
  packages: ['node-fetch'],
  guarded: 'breaker(fetch)',
  trap: 'answers of any status succeed: a `classify` looks at `status`',
  cancelledBy: 'signal',
  async connect({ breaker }) {
    const { default: fetch } = await import('node-fetch')
    const upstream = await HttpUpstream.start()
    breaker.configure({ classify: failedStatus('status') })
    const guarded = breaker(fetch)
    return {
      upstream,
      uses: {
        fetch: async (signal) => {
          const response = await guarded(upstream.url, signal === undefined ? {} : { signal })
          if (!response.ok) throw new Error(`status ${response.status}`)
          return response.json()
        },
      },
    }
  },
}
