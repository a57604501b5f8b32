import type { Client } from '../client.ts'
import { HttpUpstream } from '../upstream.ts'

export const nodeFetch: Client = {
  name: 'node-fetch',
  packages: ['node-fetch'],
  guarded: 'breaker(fetch)',
  trap: 'answers of any status succeed: a `classify` looks at `status`',
  async connect({ breaker }) {
    const { default: fetch } = await import('node-fetch')
    const upstream = await HttpUpstream.start()
    breaker.configure({
      classify: (settled) => {
        if (settled.status === 'rejected') return undefined
        return (settled.value as Response).status >= 500 ? 'failure' : 'success'
      },
    })
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
