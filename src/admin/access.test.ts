import { describe, expect, it, onTestFinished } from 'vitest'
import { createAdmin } from '../../test/helpers/admin.ts'
import { bearer, type Peer } from './index.ts'

const ADA = 'Zm9yLWFkYS1vbmx5LW5vdC1mb3ItYm9i'
const GRAFANA = 'Z3JhZmFuYS1tYXktb25seS1yZWFkLWl0'

type Admin = ReturnType<typeof createAdmin>

function create(options: Parameters<typeof createAdmin>[0] = {}): Admin {
  const created = createAdmin(options)
  created.registry.breaker('payments')
  onTestFinished(() => created.handler.close())
  return created
}

async function status(
  { handler }: Admin,
  {
    headers = {},
    method = 'GET',
    path = '/api/v1/breakers',
    peer = { address: '127.0.0.1', httpVersion: '1.1' },
  }: {
    headers?: Record<string, string>
    method?: string
    path?: string
    peer?: Peer | object | undefined
  },
): Promise<string> {
  const host = headers['host'] ?? 'localhost:9090'
  const body = method === 'POST' ? '{"reason":"a test"}' : null
  const type: Record<string, string> = body === null ? {} : { 'content-type': 'application/json' }
  const request = new Request(`http://unused.invalid${path}`, {
    method,
    headers: { host, ...type, ...headers },
    body,
  })
  const response = await handler(request, peer)
  const text = await response.text()
  const code = response.ok || text === '' ? '' : ` ${JSON.parse(text).code}`
  return `${response.status}${code}`
}

describe('without authorize', () => {
  it.each(['127.0.0.1', '127.8.9.1', '::1', '::ffff:127.0.0.1'])('lets %s in', async (address) => {
    expect(await status(create(), { peer: { address } })).toBe('200')
  })

  it.each([
    '10.0.0.1',
    '192.168.0.7',
    '::ffff:10.0.0.1',
    'fe80::1',
    '127.0.0.1.evil.example',
    '1127.0.0.1',
    '::',
    '',
  ])('lets %j not in', async (address) => {
    expect(await status(create(), { peer: { address } })).toBe('403 ERR_ADMIN_NOT_LOCAL')
  })

  it.each([undefined, {}, { address: undefined }, { remoteAddr: {} }])(
    'rejects a request whose address is not known: %j',
    async (peer) => {
      const admin = create()
      const request = new Request('http://localhost/api/v1/session')

      expect((await admin.handler(request, peer)).status).toBe(403)
    },
  )

  it.each([
    { remoteAddr: { hostname: '127.0.0.1' } },
    { requestIP: () => ({ address: '::1' }) },
    { incoming: { socket: { remoteAddress: '127.0.0.1' }, httpVersion: '1.1' } },
  ])('knows the address as Deno, Bun and Hono on Node tell it: %o', async (peer) => {
    expect(await status(create(), { peer })).toBe('200')
  })

  it.each([
    { remoteAddr: { hostname: '10.0.0.1' } },
    { requestIP: () => ({ address: '10.0.0.1' }) },
    { requestIP: () => null },
    { incoming: { socket: { remoteAddress: '10.0.0.1' } } },
    { incoming: { socket: { remoteAddress: '127.0.0.1' }, httpVersion: '1.0' } },
  ])('rejects other addresses that they tell: %o', async (peer) => {
    expect(await status(create(), { peer })).toBe('403 ERR_ADMIN_NOT_LOCAL')
  })

  it.each(['localhost', 'LOCALHOST:80', '127.0.0.1:9090', '127.1.2.3', '[::1]', '[::1]:9090'])(
    'answers to the name %s',
    async (host) => {
      expect(await status(create(), { headers: { host } })).toBe('200')
    },
  )

  it.each([
    'evil.example',
    'localhost.evil.example',
    'localhost:9090.evil.example',
    'evil.example:9090',
    '127.0.0.1.nip.io',
    '10.0.0.1',
    '[::2]',
    '0.0.0.0:9090',
    'localhost:99999999',
  ])('does not answer to the name %s, whose address may have been changed', async (host) => {
    expect(await status(create(), { headers: { host } })).toBe('403 ERR_ADMIN_HOST')
  })

  it('answers to further names that are listed', async () => {
    const admin = create({ hosts: ['Box.internal:9090'] })

    expect(await status(admin, { headers: { host: 'box.internal:9090' } })).toBe('200')
    expect(await status(admin, { headers: { host: 'localhost' } })).toBe('200')
    expect(await status(admin, { headers: { host: 'box.internal' } })).toBe('403 ERR_ADMIN_HOST')
  })

  it.each([
    'forwarded',
    'x-forwarded-for',
    'x-forwarded-host',
    'x-forwarded-whatever',
    'x-real-ip',
    'via',
    'cf-connecting-ip',
  ])('rejects a request through a proxy that says so by %s', async (name) => {
    expect(await status(create(), { headers: { [name]: '127.0.0.1' } })).toBe(
      '403 ERR_ADMIN_NOT_LOCAL',
    )
  })

  it('tells how to let others in', async () => {
    const { handler } = create()

    const response = await handler(new Request('http://localhost/api/v1/breakers'))

    expect(await response.json()).toMatchObject({ hint: expect.stringContaining('authorize') })
  })
})

describe('requests of browsers', () => {
  it.each([
    [{ 'sec-fetch-site': 'same-origin' }, 'GET', '200'],
    [{ 'sec-fetch-site': 'none' }, 'GET', '200'],
    [{ 'sec-fetch-site': 'same-site' }, 'GET', '403 ERR_ADMIN_CROSS_SITE'],
    [{ 'sec-fetch-site': 'cross-site' }, 'GET', '403 ERR_ADMIN_CROSS_SITE'],
    [{ 'sec-fetch-site': 'anything' }, 'GET', '403 ERR_ADMIN_CROSS_SITE'],
    [{ 'sec-fetch-site': 'same-origin' }, 'POST', '200'],
    [{ 'sec-fetch-site': 'none' }, 'POST', '403 ERR_ADMIN_CROSS_SITE'],
    [{ 'sec-fetch-site': 'same-site' }, 'POST', '403 ERR_ADMIN_CROSS_SITE'],
    [{ origin: 'http://localhost:9090' }, 'POST', '200'],
    [{ origin: 'http://localhost:3000' }, 'POST', '403 ERR_ADMIN_CROSS_SITE'],
    [{ origin: 'http://evil.example' }, 'GET', '403 ERR_ADMIN_CROSS_SITE'],
    [{ origin: 'null' }, 'POST', '403 ERR_ADMIN_CROSS_SITE'],
    [{ origin: 'localhost:9090' }, 'POST', '403 ERR_ADMIN_CROSS_SITE'],
    [{ origin: '' }, 'POST', '403 ERR_ADMIN_CROSS_SITE'],
  ] as const)('with %o by %s are answered with %s %s', async (headers, method, expected) => {
    const path = method === 'GET' ? '/api/v1/breakers' : '/api/v1/breakers/payments/trip'

    expect(await status(create(), { headers, method, path })).toBe(expected)
  })

  it('may follow a link from another site to the page, and to nothing else', async () => {
    const headers = {
      'sec-fetch-site': 'cross-site',
      'sec-fetch-mode': 'navigate',
      'sec-fetch-dest': 'document',
    }

    expect(await status(create(), { headers, path: '/' })).toBe('200')
    expect(await status(create(), { headers })).toBe('403 ERR_ADMIN_CROSS_SITE')
    const framed = { ...headers, 'sec-fetch-dest': 'iframe' }
    expect(await status(create(), { headers: framed, path: '/' })).toBe('403 ERR_ADMIN_CROSS_SITE')
  })

  it('may come from another name of it that is listed', async () => {
    const options = { authorize: bearer({ ada: ADA }), hosts: ['ops.example', 'inner.example'] }
    const headers = { authorization: `Bearer ${ADA}`, host: 'inner.example' }

    const listed = { ...headers, origin: 'https://ops.example' }
    expect(await status(create(options), { headers: listed })).toBe('200')
    const other = { ...headers, origin: 'https://other.example' }
    expect(await status(create(options), { headers: other })).toBe('403 ERR_ADMIN_CROSS_SITE')
  })

  it('get no header that would open it to other sites', async () => {
    const { handler } = create()
    const headers = { origin: 'http://localhost', 'access-control-request-method': 'POST' }
    const peer = { address: '127.0.0.1' }

    for (const method of ['GET', 'OPTIONS']) {
      const request = new Request('http://localhost/api/v1/breakers', { method, headers })
      const response = await handler(request, peer)
      const names = [...response.headers.keys()]
      expect(names.filter((name) => name.startsWith('access-control'))).toEqual([])
      expect(names).not.toContain('set-cookie')
      expect(response.status).toBe(method === 'GET' ? 200 : 405)
    }
  })
})

describe('with bearer tokens', () => {
  const authorize = bearer({ ada: ADA, grafana: { token: GRAFANA, write: false } })
  const trip = { method: 'POST', path: '/api/v1/breakers/payments/trip' }

  it('lets in who sends one, from anywhere', async () => {
    const headers = { authorization: `Bearer ${ADA}`, host: 'ops.example' }

    expect(await status(create({ authorize }), { headers, peer: undefined })).toBe('200')
    expect(await status(create({ authorize }), { headers, ...trip })).toBe('200')
  })

  it.each([
    undefined,
    '',
    'Bearer',
    'Bearer ',
    `Bearer ${ADA.slice(0, -1)}`,
    `Bearer ${ADA}x`,
    `Bearer ${ADA.toUpperCase()}`,
    `Bearer ${ADA} ${ADA}`,
    `Basic ${ADA}`,
    ADA,
    `Bearer undefined`,
    `Bearer ${'x'.repeat(3_000)}`,
  ])('rejects a request with %j', async (authorization) => {
    const headers: Record<string, string> = authorization === undefined ? {} : { authorization }
    const admin = create({ authorize })

    expect(await status(admin, { headers })).toBe('401 ERR_ADMIN_UNAUTHENTICATED')
    expect(await status(admin, { headers, ...trip })).toBe('401 ERR_ADMIN_UNAUTHENTICATED')
    expect(admin.registry.get('payments')?.state).toBe('closed')
  })

  it('rejects a request with its token in the address', async () => {
    const path = `/api/v1/session?token=${encodeURIComponent(ADA)}&access_token=${ADA}`

    expect(await status(create({ authorize }), { path })).toBe('401 ERR_ADMIN_UNAUTHENTICATED')
  })

  it('lets those who may read change nothing', async () => {
    const admin = create({ authorize })
    const headers = { authorization: `Bearer ${GRAFANA}` }

    expect(await status(admin, { headers })).toBe('200')
    expect(await status(admin, { headers, ...trip })).toBe('403 ERR_ADMIN_FORBIDDEN')
    expect(admin.registry.get('payments')?.state).toBe('closed')
  })

  it('says how to sign in', async () => {
    const { handler } = create({ authorize })

    const response = await handler(new Request('http://localhost/api/v1/session'))

    expect(response.headers.get('www-authenticate')).toBe('Bearer')
  })

  it('answers only to the names that are listed, if any are', async () => {
    const admin = create({ authorize, hosts: ['ops.example'] })
    const authorization = `Bearer ${ADA}`

    expect(await status(admin, { headers: { authorization, host: 'ops.example' } })).toBe('200')
    expect(await status(admin, { headers: { authorization, host: 'localhost' } })).toBe(
      '403 ERR_ADMIN_HOST',
    )
  })

  it('answers 429 where many fail to sign in, and still lets in who can', async () => {
    const admin = create({ authorize })
    const headers = { authorization: `Bearer ${ADA}` }

    const statuses = []
    for (let i = 0; i < 12; i++) statuses.push(await status(admin, {}))

    expect(statuses.slice(0, 10)).toEqual(Array(10).fill('401 ERR_ADMIN_UNAUTHENTICATED'))
    expect(statuses.slice(10)).toEqual(Array(2).fill('429 ERR_ADMIN_TOO_MANY'))
    expect(await status(admin, { headers })).toBe('200')
    await admin.clock.advance(10_000)
    expect(await status(admin, {})).toBe('401 ERR_ADMIN_UNAUTHENTICATED')
  })

  it.each([
    [{ ada: 'too-short' }, 'at least 20'],
    [{ ada: 'with spaces, which no header has' }, 'at least 20'],
    [{ ada: undefined }, 'at least 20'],
    [{ ada: { token: undefined, write: true } }, 'at least 20'],
    [{ ada: { token: ADA } }, 'write of ada must be a boolean'],
    [{ ada: ADA, bob: ADA }, 'the same token'],
  ])('are checked when they are given: %o', (tokens, message) => {
    expect(() => bearer(tokens as never)).toThrow(message)
  })
})

describe('authorize', () => {
  it('is told what is to be done, and can read no body', async () => {
    const seen: unknown[] = []
    const admin = create({
      authorize: async (request, access) => {
        seen.push({ ...access, body: await request.text() })
        return { by: 'ada', write: true }
      },
    })

    await status(admin, { method: 'POST', path: '/api/v1/breakers/payments/trip' })
    await status(admin, { path: '/api/v1/breakers/nothing' })

    const peer = { address: '127.0.0.1', httpVersion: '1.1', body: '' }
    expect(seen).toEqual([
      { ...peer, write: true, operation: 'trip', breaker: 'payments' },
      { ...peer, write: false, operation: null, breaker: 'nothing' },
    ])
  })

  it.each([
    ['throws', () => Promise.reject(new Error('no directory'))],
    ['returns true', () => true],
    ['returns nothing', () => undefined],
    ['returns null', () => null],
    ['returns an identity without a name', () => ({ by: '', write: true })],
    ['does not say whether they may write', () => ({ by: 'ada' })],
    ['says it by something else', () => ({ by: 'ada', write: 'yes' })],
  ])('rejects the request when it %s, and reports that', async (_, authorize) => {
    const admin = create({ authorize: authorize as never })

    expect(await status(admin, {})).toBe('401 ERR_ADMIN_UNAUTHENTICATED')
    expect(admin.errors.map(([, source]) => source)).toEqual(['authorize'])
  })

  it('rejects the request when it does not answer, also when it answers late', async () => {
    let answer: (identity: { by: string; write: boolean }) => void = () => {}
    const admin = create({ authorize: () => new Promise((resolve) => (answer = resolve)) })
    const asked = status(admin, { method: 'POST', path: '/api/v1/breakers/payments/trip' })
    await admin.clock.advance(5_000)

    expect(await asked).toBe('401 ERR_ADMIN_UNAUTHENTICATED')
    answer({ by: 'ada', write: true })
    await admin.clock.advance(0)
    expect(admin.registry.get('payments')?.state).toBe('closed')
  })
})

describe('the log', () => {
  it('has attempts that were rejected, ten of them in a second, and how many more there were', async () => {
    const admin = create()
    for (let i = 0; i < 25; i++) await status(admin, { headers: { host: 'evil.example' } })
    await admin.clock.advance(1_000)
    await status(admin, { headers: { host: 'evil.example' } })

    const { body } = await admin.get('/api/v1/log?kind=rejected')
    const texts: string[] = body.entries.map(({ text }: { text: string }) => text)

    expect(texts).toHaveLength(12)
    expect(texts[1]).toBe('15 more attempts were rejected')
  })

  it('keeps what was done, however many attempts are rejected', async () => {
    const admin = create()
    await admin.post('/api/v1/breakers/payments/trip', { reason: 'a drill' })
    for (let second = 0; second < 150; second++) {
      for (let i = 0; i < 10; i++) await status(admin, { headers: { host: 'evil.example' } })
      await admin.clock.advance(1_000)
    }

    const { body } = await admin.get('/api/v1/log?kind=trip')

    expect(body.entries).toHaveLength(1)
  })

  it('has no token and no query of an address', async () => {
    const admin = create({ authorize: bearer({ ada: ADA }) })
    await status(admin, {
      path: '/api/v1/log?token=secret',
      headers: { authorization: 'Bearer a-wrong-token' },
    })
    await admin.clock.advance(0)

    expect(admin.audit).toHaveLength(1)
    expect(JSON.stringify(admin.audit)).not.toMatch(/secret|a-wrong-token/)
  })
})
