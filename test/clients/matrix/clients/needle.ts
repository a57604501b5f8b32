import type { Client } from '../client.ts'
import { HttpUpstream } from '../upstream.ts'
import { failedStatus } from './failed-status.ts'

export const needlePromises: Client = {
  name: 'needle, promises',
  packages: ['needle'],
  guarded: 'protect(needle, breaker)',
  trap: 'answers of any status succeed: a `classify` looks at `statusCode`',
  methods: [''],
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

export const needleCallbacks: Client = {
  name: 'needle, callbacks',
  packages: ['needle'],
  guarded: "protect(needle, breaker, { methods: ['get'] })",
  trap: 'errors are seen, and answers of any status succeed: a callback tells no `classify` of them',
  methods: ['get'],
  brokenBody: 'never ends without a `callTimeout`',
  cancelledBy: 'signal',
  async connect({ protect }) {
    const { default: needle } = await import('needle')
    const upstream = await HttpUpstream.start({
      fail: (_, response) => response.destroy(),
    })
    const http = protect(needle, { methods: ['get'] })
    const options = (signal?: AbortSignal) => (signal === undefined ? {} : { signal })
    return {
      upstream,
      uses: {
        'a callback': (signal) =>
          new Promise((resolve, reject) => {
            http.get(upstream.url, options(signal) as never, (error, answer) =>
              error ? reject(error) : resolve(answer.body),
            )
          }),
      },
    }
  },
}
