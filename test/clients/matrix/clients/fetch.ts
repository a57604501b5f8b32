import type { Client } from '../client.ts'
import { HttpUpstream } from '../upstream.ts'
import { failedStatus } from './failed-status.ts'

const fetching = (
  name: string,
  packages: readonly string[],
  load: () => Promise<typeof globalThis.fetch>,
): Client => ({
  name,
  packages,
  guarded: 'breaker(fetch)',
  trap: 'answers of any status succeed: a `classify` looks at `status`',
  cancelledBy: 'signal',
  async connect({ breaker }) {
    const fetch = await load()
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
})

export const globalFetch: Client = fetching('fetch', [], async () => globalThis.fetch)
export const nodeFetch: Client = fetching('node-fetch', ['node-fetch'], async () => {
  const { default: fetch } = await import('node-fetch')
  return fetch as never
})
