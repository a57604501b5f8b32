import type { Client } from '../client.ts'
import { HttpUpstream, json } from '../upstream.ts'

export const supabase: Client = {
  name: 'Supabase',
  packages: ['@supabase/supabase-js'],
  guarded: 'protect(createClient(…), breaker)',
  trap: 'errors are values: use `.throwOnError()`, or a `classify` that looks at `error` and `status`',
  cancelledBy: 'method',
  async connect({ breaker, protect }) {
    const { createClient } = await import('@supabase/supabase-js')
    const upstream = await HttpUpstream.start({
      answer: (_, response) => json(response, 200, [{ id: 1 }]),
      fail: (_, response) => json(response, 500, { code: 'XX000', message: 'out of order' }),
    })
    breaker.configure({
      classify: (settled) => {
        if (settled.status === 'rejected') return undefined
        const { error, status } = settled.value as { error?: Error; status?: number }
        if (!error || (status !== 0 && Number(status) < 500)) return 'success'
        return error.message.startsWith('AbortError') ? 'cancelled' : 'failure'
      },
    })
    const client = protect(createClient(upstream.url, 'key'))
    const select = (signal?: AbortSignal) => {
      const query = client.from('t').select().retry(false)
      return signal === undefined ? query : query.abortSignal(signal)
    }
    return {
      upstream,
      uses: {
        throwOnError: async (signal) => (await select(signal).throwOnError()).data,
        'an error as a value': async (signal) => {
          const { data, error } = await select(signal)
          if (error) throw new Error(error.message, { cause: error })
          return data
        },
        rpc: async () => (await client.rpc('f').retry(false).throwOnError()).data,
      },
    }
  },
}
