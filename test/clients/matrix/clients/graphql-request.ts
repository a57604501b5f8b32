import type { Client } from '../client.ts'
import { HttpUpstream, json } from '../upstream.ts'

export const graphqlRequest: Client = {
  name: 'graphql-request',
  packages: ['graphql', 'graphql-request'],
  guarded: 'protect(new GraphQLClient(url), breaker)',
  trap: 'errors of a query are failures, too: a `classify` looks at `response.status`',
  methods: ['request', 'rawRequest'],
  cancelledBy: 'signal',
  async connect({ protect }) {
    const { GraphQLClient } = await import('graphql-request')
    const upstream = await HttpUpstream.start({
      answer: (_, response) => json(response, 200, { data: { text: 'hello' } }),
    })
    const client = protect(new GraphQLClient(upstream.url))
    const options = (signal?: AbortSignal) => (signal === undefined ? {} : { signal })
    return {
      upstream,
      uses: {
        request: (signal) => client.request({ document: '{ text }', ...options(signal) }),
        rawRequest: (signal) => client.rawRequest({ query: '{ text }', ...options(signal) }),
      },
    }
  },
}
