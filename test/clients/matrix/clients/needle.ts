import type { Client } from '../client.ts'
import { HttpUpstream } from '../upstream.ts'
import { failedStatus } from './failed-status.ts'

export const needle: Client = {
  name: 'needle',
  packages: ['needle'],
  guarded: 'protect(needle, breaker)',
  trap: 'answers of any status succeed: a `classify` looks at `statusCode`',
  brokenBody: 'never ends without a `callTimeout`',
  cancelledBy: 'signal',
  async connect({ breaker, protect }) {
    const { default: needle } = await import('needle')
    const upstream = await HttpUpstream.start()
    breaker.configure({ classify: failedStatus('statusCode') })
    const http = protect(needle)
    const options = (signal?: AbortSignal) => (signal === undefined ? {} : { signal })
    return {
      upstream,
      uses: {
        promise: async (signal) => {
          const { statusCode, body } = await http('get', upstream.url, options(signal) as never)
          if (statusCode !== 200) throw new Error(`status ${statusCode}`)
          return body
        },
      },
    }
  },
}
