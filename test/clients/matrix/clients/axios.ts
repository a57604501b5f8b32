import type { Client } from '../client.ts'
import { HttpUpstream } from '../upstream.ts'

const axios = (adapter: 'http' | 'fetch'): Client => ({
  name: `axios, ${adapter} adapter`,
  packages: ['axios'],
  guarded: 'protect(axios.create(), breaker)',
  trap: 'with `methods`, the empty name stands for `axios(…)` itself',
  methods: ['', 'get', 'request'],
  cancelledBy: 'signal',
  async connect({ protect }) {
    const { default: axios } = await import('axios')
    const upstream = await HttpUpstream.start()
    const http = protect(axios.create({ baseURL: upstream.url, adapter }))
    const options = (signal?: AbortSignal) => (signal === undefined ? {} : { signal })
    return {
      upstream,
      uses: {
        get: (signal) => http.get('/', options(signal)),
        request: (signal) => http.request({ url: '/', ...options(signal) }),
        'the instance': (signal) => http('/', options(signal)),
        'a cancel token': (signal) => {
          const source = axios.CancelToken.source()
          signal?.addEventListener('abort', () => source.cancel('typed on'))
          return http.get('/', { cancelToken: source.token })
        },
      },
    }
  },
})

export const axiosHttp: Client = axios('http')
export const axiosFetch: Client = axios('fetch')
