import type { Client } from '../client.ts'
import { HttpUpstream } from '../upstream.ts'

export const nestHttpService: Client = {
  name: 'HttpService of NestJS',
  packages: ['@nestjs/axios'],
  guarded: 'protect(httpService, breaker)',
  trap: 'each subscription is a call; do not list its methods, or they return promises before their first call',
  cancelledBy: 'method',
  async connect({ protect }) {
    await import('reflect-metadata')
    const { default: axios } = await import('axios')
    const { firstValueFrom, map, lastValueFrom } = await import('rxjs')
    const { HttpService } = await import('@nestjs/axios')
    const upstream = await HttpUpstream.start()
    const http = protect(new HttpService(axios.create({ baseURL: upstream.url })))
    return {
      upstream,
      uses: {
        subscribe: (signal) =>
          new Promise((resolve, reject) => {
            const subscription = http.get('/').subscribe({ next: resolve, error: reject })
            signal?.addEventListener('abort', () => {
              subscription.unsubscribe()
              reject(signal.reason)
            })
          }),
        firstValueFrom: () => firstValueFrom(http.get('/')),
        pipe: () => lastValueFrom(http.get('/').pipe(map(({ data }) => data as unknown))),
      },
    }
  },
}
