import type { Client } from '../client.ts'
import { HttpUpstream } from '../upstream.ts'
import { failedStatus } from './failed-status.ts'

const undici = (name: 'undici' | 'undici-7'): Client => ({
  name: name === 'undici' ? 'undici' : 'undici 7',
  packages: [name],
  guarded: 'protect(new Pool(origin), breaker)',
  trap: 'answers of any status succeed: a `classify` looks at `statusCode`',
  methods: ['request'],
  cancelledBy: 'signal',
  async connect({ breaker, protect }) {
    const { Pool } = (await import(name)) as typeof import('undici')
    const upstream = await HttpUpstream.start()
    breaker.configure({ classify: failedStatus('statusCode') })
    const real = new Pool(upstream.url)
    const pool = protect(real)
    const get = { method: 'GET', path: '/' } as const
    return {
      upstream,
      uses: {
        request: async (signal) => {
          const { statusCode, body } = await pool.request({ ...get, signal: signal ?? null })
          const value = await body.json()
          if (statusCode >= 500) throw new Error(`status ${statusCode}`)
          return value
        },
      },
      close: () => real.destroy(),
    }
  },
})

export const undici8: Client = undici('undici')
export const undici7: Client = undici('undici-7')
