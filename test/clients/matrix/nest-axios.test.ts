import { describe, expect, it } from 'vitest'
import { guardAxios } from '../../../src/axios/index.ts'
import { CircuitRegistry, isCircuitOpenError } from '../../../src/index.ts'
import { reasonOf } from '../../helpers/public.ts'
import { missingNode } from './engines.ts'
import { HttpUpstream } from './upstream.ts'

const skipped = missingNode({ packages: ['@nestjs/axios'] } as never) !== undefined

describe.skipIf(skipped)('the HttpService of NestJS, by `guardAxios`', () => {
  it('has a breaker for each origin, which opens by its answers', async () => {
    await import('reflect-metadata')
    const { default: axios } = await import('axios')
    const { HttpService } = await import('@nestjs/axios')
    const { firstValueFrom } = await import('rxjs')
    const upstream = await HttpUpstream.start()
    const { origin } = new URL(upstream.url)
    const circuits = new CircuitRegistry({ defaults: { maxFailures: 2 } })
    const http = new HttpService(axios.create())
    guardAxios(http.axiosRef, circuits)
    const get = () => firstValueFrom(http.get(upstream.url))
    const { data } = await get()
    upstream.behaviour = 'fail'
    for (let i = 0; i < 2; i++) await reasonOf(get())
    const rejected = await reasonOf(get())
    const { requests } = upstream
    await upstream.close()

    expect(data).toEqual({ text: 'hello' })
    expect(circuits.get(`axios:${origin}`)?.state).toBe('open')
    expect([isCircuitOpenError(rejected), requests]).toEqual([true, 3])
  })
})
