import { Hono } from 'hono'
import type { Client } from '../client.ts'
import { HttpUpstream } from '../upstream.ts'
import { failedStatus } from './failed-status.ts'

const _app = new Hono().get('/say', (context) => context.json({ text: 'hello' }))

export const honoClient: Client = {
  name: 'hono/client',
  packages: ['hono'],
  guarded: 'protect(hc<App>(url), breaker)',
  trap: 'answers of any status succeed: a `classify` looks at `status`',
  methods: ['say.$get'],
  cancelledBy: 'signal',
  async connect({ breaker, protect }) {
    const { hc } = await import('hono/client')
    const upstream = await HttpUpstream.start()
    breaker.configure({ classify: failedStatus('status') })
    const client = protect(hc<typeof _app>(upstream.url))
    const options = (signal?: AbortSignal) => (signal === undefined ? {} : { init: { signal } })
    return {
      upstream,
      uses: {
        $get: async (signal) => {
          const response = await client.say.$get({}, options(signal))
          if (!response.ok) throw new Error(`status ${response.status}`)
          return response.json()
        },
      },
    }
  },
}
