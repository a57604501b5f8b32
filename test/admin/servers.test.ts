import { connect as connectHttp2 } from 'node:http2'
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { type AdminHandler, admin } from '../../src/admin/index.ts'
import { toFastify, toNode } from '../../src/admin/node/index.ts'
import { CircuitRegistry } from '../../src/index.ts'
import { apps, http2Server, nodeApp, type Running } from './apps.ts'

let registry: CircuitRegistry
let handler: AdminHandler
let server: Running

function create(): void {
  registry = new CircuitRegistry({ defaults: { maxFailures: 1 } })
  registry.breaker('payments')
  handler = admin({ registry, onAudit: () => {} })
}

function post(path: string, body: unknown): Promise<Response> {
  return fetch(server.base + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
}

describe.each(apps)('$name', ({ start }) => {
  beforeEach(async () => {
    create()
    server = await start(handler)
  })
  afterEach(async () => {
    handler.close()
    await server.stop()
  })

  it('shows and moves a breaker', async () => {
    const reason = 'INC-2291: stop hammering'
    const forced = await post('/api/v1/breakers/payments/force-open', { reason, for: '10m' })
    expect(forced.status).toBe(200)
    const listed = await fetch(`${server.base}/api/v1/breakers`)
    expect(await listed.json()).toMatchObject({ rows: [{ name: 'payments', state: 'open' }] })
    const released = await post('/api/v1/breakers/payments/release', { reason: 'it is back' })

    expect(released.status).toBe(200)
    expect(registry.get('payments')?.state).toBe('closed')
  })

  it('finds breakers by any name', async () => {
    for (const name of ['a/b', 'a%2Fb', 'ünï', '..', '.', '-', '%', '<b>', '__proto__', 'a b+c']) {
      registry.breaker(name)
      const path = `/api/v1/breakers/-?name=${encodeURIComponent(name)}`
      const answer = await fetch(server.base + path)
      expect(await answer.json()).toMatchObject({ row: { name } })
    }
  })

  it.each(['a/b', 'a%2Fb', 'ünï', '%', '<b>', '__proto__', 'a b+c', '?', '#'])(
    'finds the breaker %j by its path',
    async (name) => {
      registry.breaker(name)

      const answer = await fetch(`${server.base}/api/v1/breakers/${encodeURIComponent(name)}`)

      expect(await answer.json()).toMatchObject({ row: { name } })
    },
  )

  it.each([
    ['{', 400],
    ['[]', 422],
    ['{"reason":"x"}', 422],
    ['{"reason":"a reason","__proto__":{"by":"eve"}}', 422],
  ])('rejects the body %s', async (body, status) => {
    const answer = await post('/api/v1/breakers/payments/trip', body)

    // Express itself answers what its parser can't read.
    expect([status, 400]).toContain(answer.status)
    expect(registry.get('payments')?.state).toBe('closed')
  })

  it('rejects a body that is too large, and goes on', async () => {
    const body = JSON.stringify({ reason: 'x'.repeat(50_000) })
    const answer = await post('/api/v1/breakers/payments/trip', body).catch(() => undefined)

    expect([413, undefined]).toContain(answer?.status)
    expect((await fetch(`${server.base}/api/v1/session`)).status).toBe(200)
  })

  it('rejects forms and texts', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded']) {
      const answer = await fetch(`${server.base}/api/v1/breakers/payments/trip`, {
        method: 'POST',
        headers: { 'content-type': type },
        body: '{"reason":"a reason"}',
      })
      expect(answer.status).toBe(415)
    }
  })

  it('answers 405 to other methods, and 404 as a problem to other paths', async () => {
    for (const method of ['PUT', 'DELETE', 'OPTIONS', 'PATCH']) {
      const answer = await fetch(`${server.base}/api/v1/breakers`, { method })
      expect(answer.status).toBe(405)
    }
    const answer = await fetch(`${server.base}/api/v1/nothing`)
    expect(answer.status).toBe(404)
    expect(answer.headers.get('content-type')).toBe('application/problem+json')
  })

  it('sends events as they come, and frees what a client leaves', async () => {
    for (let i = 0; i < 60; i++) {
      const controller = new AbortController()
      const answer = await fetch(`${server.base}/api/v1/events`, { signal: controller.signal })
      expect(answer.status).toBe(200)
      const reader = (answer.body as ReadableStream<Uint8Array>).getReader()
      const { value } = await reader.read()
      expect(new TextDecoder().decode(value)).toContain('event: hello')
      controller.abort()
      await reader.closed.catch(() => {})
    }
    await expect
      .poll(async () => {
        const controller = new AbortController()
        const answer = await fetch(`${server.base}/api/v1/events`, { signal: controller.signal })
        controller.abort()
        return answer.status
      })
      .toBe(200)
  })

  it('ends its streams when it is closed', async () => {
    const answer = await fetch(`${server.base}/api/v1/events`)
    handler.close()

    expect(await answer.text()).toContain('event: bye')
  })

  it('rejects a request through a proxy', async () => {
    const proxied = await fetch(`${server.base}/api/v1/session`, {
      headers: { 'x-forwarded-for': '127.0.0.1' },
    })

    expect(proxied.status).toBe(403)
  })

  it('answers HEAD without a body', async () => {
    const answer = await fetch(`${server.base}/api/v1/session`, { method: 'HEAD' })

    expect([answer.status, await answer.text()]).toEqual([200, ''])
  })
})

describe('what is beside it', () => {
  it.each(apps.filter(({ name }) => name !== nodeApp.name))(
    'is answered as before by $name',
    async ({ start }) => {
      create()
      server = await start(handler)
      onTestFinished(() => server.stop())
      const { origin } = new URL(server.base)

      expect(await (await fetch(`${origin}/other`)).text()).toBe('other')
      handler.close()
    },
  )
})

describe('HTTP/2', () => {
  it('is answered as HTTP/1.1 is, and its name is checked', async () => {
    create()
    server = await http2Server(handler)
    onTestFinished(() => server.stop())
    const ask = (headers: Record<string, string>, body = ''): Promise<[number, string]> =>
      new Promise((resolve, reject) => {
        const session = connectHttp2(server.base)
        session.on('error', reject)
        const stream = session.request(headers, { endStream: body === '' })
        let status = 0
        let text = ''
        stream.setEncoding('utf8')
        stream.on('response', (head) => (status = Number(head[':status'])))
        stream.on('data', (chunk) => (text += chunk))
        stream.on('end', () => {
          session.close()
          resolve([status, text])
        })
        if (body !== '') stream.end(body)
      })

    const [status, text] = await ask({ ':path': '/api/v1/breakers' })
    expect([status, JSON.parse(text).rows[0].name]).toEqual([200, 'payments'])
    const [foreign] = await ask({ ':path': '/api/v1/breakers', ':authority': 'evil.example' })
    expect(foreign).toBe(403)
    const write = { ':method': 'POST', ':path': '/api/v1/breakers/payments/trip' }
    const [written] = await ask(
      { ...write, 'content-type': 'application/json' },
      '{"reason":"a drill"}',
    )
    expect(written).toBe(200)
    handler.close()
  })
})

describe('the adapters', () => {
  it.each([toNode, toFastify])('throw for anything but a function: %o', (adapter) => {
    expect(() => adapter({} as never)).toThrow('takes what admin() returns')
  })
})
