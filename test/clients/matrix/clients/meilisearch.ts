import type { Client } from '../client.ts'
import { HttpUpstream, json } from '../upstream.ts'

export const meilisearch: Client = {
  name: 'Meilisearch',
  packages: ['meilisearch'],
  guarded: 'protect(new Meilisearch(…), breaker)',
  trap: 'a wrong query is an error, too: a `classify` looks at `response.status`',
  cancelledBy: 'signal',
  async connect({ protect }) {
    const { Meilisearch } = await import('meilisearch')
    const upstream = await HttpUpstream.start({
      answer: (_, response) => json(response, 200, { hits: [] }),
    })
    const client = protect(new Meilisearch({ host: upstream.url }))
    return {
      upstream,
      uses: {
        search: (signal) =>
          client.index('i').search('q', {}, signal === undefined ? {} : { signal }),
        getStats: () => client.getStats(),
      },
    }
  },
}
