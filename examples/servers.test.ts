import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { NestFactory } from '@nestjs/core'
import { build } from 'esbuild'
import { Miniflare } from 'miniflare'
import { afterEach, describe, expect, it, onTestFinished } from 'vitest'
import { createModule, type Upstream } from './nestjs.ts'
import { GET } from './next-route.ts'

describe('the service of NestJS', () => {
  it('answers 503 with the time to come back while its upstream is down', async () => {
    let calls = 0
    const upstream: Upstream = {
      async user(id) {
        calls++
        if (id === 'none') throw new Error('down')
        return { id }
      },
    }
    const app = await NestFactory.create(createModule(upstream), { logger: false })
    onTestFinished(() => app.close())
    await app.listen(0, '127.0.0.1')
    const get = (id: string) => app.getUrl().then((url) => fetch(`${url}/users/${id}`))
    expect(await (await get('1')).json()).toEqual({ id: '1' })
    for (let i = 0; i < 3; i++) expect((await get('none')).status).toBe(500)
    const response = await get('1')

    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '3'])
    expect(await response.text()).not.toContain('users')
    expect(calls).toBe(4)
  })
})

describe('the route of Next.js', () => {
  const server = createServer((request, response) => react(request.url, response))
  let react: (url: string | undefined, response: ServerResponse) => void

  afterEach(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })

  it('passes answers on, and answers 503 while the upstream is down', async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    process.env['USERS'] = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const get = () =>
      GET(new Request('https://app.example/users/1'), { params: Promise.resolve({ id: '1' }) })
    react = (url, response) => response.writeHead(200).end(JSON.stringify({ url }))
    expect(await (await get()).json()).toEqual({ url: '/users/1' })
    react = (_, response) => response.writeHead(404).end('{}')
    expect((await get()).status).toBe(404)
    react = (_, response) => response.writeHead(500).end()
    for (let i = 0; i < 3; i++) expect((await get()).status).toBe(502)
    const response = await get()

    expect(response.status).toBe(503)
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(response.headers.get('content-type')).toBe('application/problem+json')
  })
})

describe('the Worker', () => {
  it('leaves its upstream alone while this is down, in workerd', async () => {
    const bundle = await build({
      entryPoints: [new URL('worker.ts', import.meta.url).pathname],
      bundle: true,
      format: 'esm',
      write: false,
      alias: Object.fromEntries(
        ['fetch', 'hono'].map((name) => [
          `short-circuit/${name}`,
          new URL(`../src/${name}/index.ts`, import.meta.url).pathname,
        ]),
      ),
      plugins: [
        {
          name: 'short-circuit',
          setup: (on) =>
            on.onResolve({ filter: /^short-circuit$/ }, () => ({
              path: new URL('../src/index.ts', import.meta.url).pathname,
            })),
        },
      ],
    })
    let status = 200
    let received = 0
    const worker = new Miniflare({
      modules: true,
      script: bundle.outputFiles[0]?.text ?? '',
      compatibilityDate: '2026-07-01',
      outboundService: (() => {
        received++
        return new Response('upstream', { status })
      }) as never,
    })
    onTestFinished(() => worker.dispose())
    const get = () => worker.dispatchFetch('http://worker.example/users/1')
    expect(await (await get()).text()).toBe('upstream')
    status = 503
    for (let i = 0; i < 2; i++) expect(await (await get()).text()).toBe('upstream')
    const response = await get()

    expect(response.status).toBe(503)
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    expect(received).toBe(3)
  })
})
