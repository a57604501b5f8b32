import type { Client } from '../client.ts'
import { HttpUpstream, json } from '../upstream.ts'

const silent = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  setLevel() {},
  getLevel: () => 'error',
  setName() {},
}

export const slack: Client = {
  name: 'Slack',
  packages: ['@slack/web-api'],
  guarded: 'protect(new WebClient(…), breaker)',
  trap: 'one call for all of its retries, ten by default',
  methods: ['chat.postMessage', 'apiCall', 'paginate'],
  cancelledBy: 'nothing',
  async connect({ protect }) {
    const { WebClient } = await import('@slack/web-api')
    const upstream = await HttpUpstream.start({
      answer: (_, response) => json(response, 200, { ok: true, members: [] }),
    })
    const client = protect(
      new WebClient('token', {
        slackApiUrl: `${upstream.url}/`,
        retryConfig: { retries: 0 },
        logger: silent as never,
      }),
    )
    return {
      upstream,
      uses: {
        'a method': () => client.chat.postMessage({ channel: 'c', text: 'hello' }),
        apiCall: () => client.apiCall('users.list'),
        paginate: async () => {
          const pages: unknown[] = []
          for await (const page of client.paginate('users.list')) pages.push(page)
          return pages
        },
      },
    }
  },
}
