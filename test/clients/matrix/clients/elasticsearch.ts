import type { Client } from '../client.ts'
import { HttpUpstream, json } from '../upstream.ts'

const TYPE = 'application/vnd.elasticsearch+json;compatible-with=9'

export const elasticsearch: Client = {
  name: 'Elasticsearch',
  packages: ['@elastic/elasticsearch'],
  guarded: 'protect(new Client(…), breaker)',
  trap: 'one call for all of its retries; a wrong query is an error, too: a `classify` looks at `statusCode`',
  methods: ['search', 'indices.get'],
  cancelledBy: 'signal',
  async connect({ protect }) {
    const { Client } = await import('@elastic/elasticsearch')
    const upstream = await HttpUpstream.start({
      answer: (_, response) => {
        response.setHeader('x-elastic-product', 'Elasticsearch')
        json(response, 200, { hits: { hits: [] } })
      },
      beginning: { type: TYPE, text: '{"hits":' },
    })
    const real = new Client({ node: upstream.url, maxRetries: 0 })
    const client = protect(real)
    const options = (signal?: AbortSignal) => (signal === undefined ? {} : { signal })
    return {
      upstream,
      uses: {
        search: (signal) => client.search({ index: 'i' }, options(signal)),
        namespace: (signal) => client.indices.get({ index: 'i' }, options(signal)),
      },
      close: () => real.close(),
    }
  },
}
