import type { Client } from '../client.ts'
import { HttpUpstream, json } from '../upstream.ts'

export const opensearch: Client = {
  name: 'OpenSearch',
  packages: ['@opensearch-project/opensearch'],
  guarded: 'protect(new Client(…), breaker)',
  trap: 'no promises, but what is awaited like one and has begun: list methods that are to be rejected before their first call',
  methods: ['search', 'indices.get'],
  cancelledBy: 'method',
  async connect({ protect }) {
    const { Client } = await import('@opensearch-project/opensearch')
    const upstream = await HttpUpstream.start({
      answer: (_, response) => json(response, 200, { hits: { hits: [] } }),
    })
    const real = new Client({ node: upstream.url, maxRetries: 0 })
    const client = protect(real)
    return {
      upstream,
      uses: {
        search: async (signal) => {
          const search = client.search({ index: 'i' })
          signal?.addEventListener('abort', () => void search.abort())
          return (await search).body
        },
        namespace: async () => (await client.indices.get({ index: 'i' })).body,
      },
      close: () => real.close(),
    }
  },
}
