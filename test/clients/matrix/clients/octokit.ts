import type { Client } from '../client.ts'
import { HttpUpstream, json } from '../upstream.ts'

export const octokit: Client = {
  name: 'Octokit',
  packages: ['@octokit/rest'],
  guarded: 'protect(new Octokit(…), breaker)',
  trap: 'not found is an error, too: a `classify` looks at `status`; `paginate` passes no signal on',
  methods: ['rest.repos.get', 'request', 'paginate', 'paginate.iterator'],
  paginates: true,
  cancelledBy: 'signal',
  async connect({ protect }) {
    const { Octokit } = await import('@octokit/rest')
    const upstream = await HttpUpstream.start({
      answer: ({ url }, response) => {
        if (url?.includes('per_page') && !url.includes('&page=2')) {
          response.setHeader('link', `<${upstream.url}${url}&page=2>; rel="next"`)
        }
        json(response, 200, url?.includes('/issues') ? [{ id: 1 }] : { id: 1 })
      },
    })
    const log = { debug() {}, info() {}, warn() {}, error() {} }
    const client = protect(new Octokit({ baseUrl: upstream.url, log }))
    const repo = { owner: 'o', repo: 'r' }
    const options = (signal?: AbortSignal) => (signal === undefined ? {} : { request: { signal } })
    return {
      upstream,
      uses: {
        'an endpoint': (signal) => client.rest.repos.get({ ...repo, ...options(signal) }),
        request: (signal) =>
          client.request('GET /repos/{owner}/{repo}', { ...repo, ...options(signal) }),
        paginate: () => client.paginate(client.rest.issues.listForRepo, repo),
        'paginate.iterator': async () => {
          const pages: unknown[] = []
          const iterator = client.paginate.iterator(client.rest.issues.listForRepo, repo)
          for await (const { data } of iterator) pages.push(data)
          return pages
        },
      },
      pages: {
        paginate: () => client.paginate(client.rest.issues.listForRepo, { ...repo, per_page: 1 }),
        'paginate.iterator': async () => {
          const { issues } = client.rest
          const iterator = client.paginate.iterator(issues.listForRepo, { ...repo, per_page: 1 })
          for await (const _ of iterator);
        },
      },
    }
  },
}
