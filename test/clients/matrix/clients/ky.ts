import type { Client } from '../client.ts'
import { HttpUpstream } from '../upstream.ts'

export const ky: Client = {
  name: 'ky',
  packages: ['ky'],
  guarded: 'protect(ky.create(…), breaker)',
  trap: 'one call for all of its retries; a body that is read later is not seen, one that is read by `.json()` is',
  methods: ['get', 'get().json', 'get().text'],
  cancelledBy: 'signal',
  async connect({ protect }) {
    const { default: ky } = await import('ky')
    const upstream = await HttpUpstream.start()
    const http = protect(ky.create({ baseUrl: upstream.url, retry: 0 }))
    const options = (signal?: AbortSignal) => (signal === undefined ? {} : { signal })
    return {
      upstream,
      uses: {
        await: async (signal) => (await http.get('/', options(signal))).text(),
        json: (signal) => http.get('/', options(signal)).json(),
        text: (signal) => http.get('/', options(signal)).text(),
      },
    }
  },
}
