import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { bearer } from '../../src/admin/index.ts'
import { CircuitRegistry } from '../../src/index.ts'
import { createAdmin, type TestAdmin } from '../helpers/admin.ts'

let admin: TestAdmin
beforeEach(() => {
  admin = createAdmin()
  admin.registry.breaker('payments')
})
afterEach(() => admin.handler.close())

const TRIP = '/api/v1/breakers/payments/trip'
const WRITE = { reason: 'a drill' }

function expectUnchanged(): void {
  expect(admin.registry.get('payments')?.snapshot()).toMatchObject({
    automatic: 'closed',
    override: null,
    generation: 1,
  })
  expect(admin.registry.size).toBe(1)
}

/** The attempts that are in the log, and were handed to the audit. */
function attempts(): unknown[] {
  return admin.audit.filter(({ kind }) => kind === 'rejected').map(({ status }) => status)
}

async function ask(
  path: string,
  method: string,
  headers: Record<string, string>,
  body?: string,
): Promise<Response> {
  const init = { method, headers, ...(body === undefined ? {} : { body }) }
  const request = new Request(`http://localhost:9090${path}`, init)
  return admin.handler(request, { address: '127.0.0.1', httpVersion: '1.1' })
}

describe('a page of another site, in a browser on the same machine', () => {
  // What browsers send for each of them.
  const there = { origin: 'http://evil.example', 'sec-fetch-site': 'cross-site' }

  it.each([
    ['an image', 'GET', { 'sec-fetch-site': 'cross-site', 'sec-fetch-dest': 'image' }, undefined],
    [
      'a form',
      'POST',
      { ...there, 'content-type': 'application/x-www-form-urlencoded' },
      'reason=a+drill',
    ],
    ['a form of text', 'POST', { ...there, 'content-type': 'text/plain' }, JSON.stringify(WRITE)],
    ['fetch', 'POST', { ...there, 'content-type': 'application/json' }, JSON.stringify(WRITE)],
    [
      'fetch without CORS',
      'POST',
      { ...there, 'content-type': 'text/plain' },
      JSON.stringify(WRITE),
    ],
    ['a beacon', 'POST', { ...there, 'content-type': 'application/json' }, JSON.stringify(WRITE)],
    [
      'a frame without an origin',
      'POST',
      { origin: 'null', 'content-type': 'application/json' },
      JSON.stringify(WRITE),
    ],
    [
      'another port of this machine',
      'POST',
      {
        origin: 'http://localhost:3000',
        'sec-fetch-site': 'same-site',
        'content-type': 'application/json',
      },
      JSON.stringify(WRITE),
    ],
  ] as const)('changes nothing by %s, and that is in the log', async (_, method, headers, body) => {
    const answer = await ask(TRIP, method, headers, body)

    expect([403, 405, 415]).toContain(answer.status)
    expect(answer.headers.has('access-control-allow-origin')).toBe(false)
    expect(attempts()).toEqual([answer.status])
    expectUnchanged()
  })

  it('is asked nothing before: no CORS is answered', async () => {
    const answer = await ask(TRIP, 'OPTIONS', {
      ...there,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'content-type',
    })

    expect(answer.status).toBe(405)
    expect(attempts()).toEqual([405])
    expect([...answer.headers.keys()].filter((name) => name.startsWith('access-'))).toEqual([])
  })

  it('can not show it in a frame', async () => {
    for (const headers of [{ accept: 'text/html' }, { accept: 'application/json' }]) {
      const answer = await ask('/', 'GET', headers)
      expect(answer.headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
    }
  })
})

describe('a write', () => {
  it.each(['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE'])('is not made by %s', async (method) => {
    for (const path of [TRIP, `${TRIP}?reason=a%20drill`, `${TRIP}?_method=POST`]) {
      expect((await ask(path, method, {})).status).toBe(405)
    }
    expect(attempts()).toEqual([405, 405, 405])
    expectUnchanged()
  })

  it.each([
    ['x-http-method-override', 'POST'],
    ['x-http-method', 'POST'],
    ['x-method-override', 'POST'],
  ])('is not made by GET with the header %s', async (name, value) => {
    expect((await ask(TRIP, 'GET', { [name]: value })).status).toBe(405)
    expect(attempts()).toEqual([405])
    expectUnchanged()
  })

  it('by a field that names another method is none', async () => {
    const { status } = await admin.post('/api/v1/breakers/payments/trip', {
      ...WRITE,
      _method: 'DELETE',
    })

    expect(status).toBe(422)
    expect(attempts()).toEqual([422])
    expectUnchanged()
  })

  it.each(['<script>alert(1)</script>', '"><img src=x onerror=alert(1)>'])(
    'has its reason as it is, as text: %j',
    async (reason) => {
      const { status, body } = await admin.post(TRIP, { reason })

      expect([status, body.entry.reason]).toEqual([200, reason])
      expect((await admin.get('/api/v1/log')).headers.get('content-type')).toBe('application/json')
    },
  )

  it.each(['a\nb', 'a\r\nInjected: header', '\u001B[31mred', 'a\u0000b', '\u202Etxt.exe'])(
    'is rejected with a reason that has control characters: %j',
    async (reason) => {
      expect((await admin.post(TRIP, { reason })).status).toBe(422)
      expect(attempts()).toEqual([422])
      expectUnchanged()
    },
  )
})

describe('a name', () => {
  const NAMES = [
    '<script>alert(1)</script>',
    '../..',
    '..',
    '.',
    '-',
    '__proto__',
    'constructor',
    'a\u202Eb',
    '\u001B[31mred',
    'a\nb',
    '%2e%2e',
    ' ',
  ]

  it.each(NAMES)('that no breaker has is unknown and creates nothing: %j', async (name) => {
    const query = `name=${encodeURIComponent(name)}`
    expect((await admin.get(`/api/v1/breakers/-?${query}`)).status).toBe(404)
    expect((await admin.get(`/api/v1/breakers?${query}`)).body.missing).toEqual([name])
    expect((await admin.post(`/api/v1/breakers/-/trip?${query}`, WRITE)).status).toBe(404)

    expect(attempts()).toEqual([404, 404])
    expectUnchanged()
    expect(Object.getPrototypeOf({})).toBe(Object.prototype)
  })

  it.each(NAMES)('that a breaker has finds that one: %j', async (name) => {
    admin.registry.breaker(name)
    const query = `name=${encodeURIComponent(name)}`

    expect((await admin.post(`/api/v1/breakers/-/trip?${query}`, WRITE)).status).toBe(200)

    expect(admin.registry.get(name)?.state).toBe('open')
    expect((await admin.get(`/api/v1/breakers?${query}`)).body.rows[0].name).toBe(name)
    expect(admin.registry.get('payments')?.state).toBe('closed')
  })

  it('of 64 KiB is not read', async () => {
    const name = 'a'.repeat(65_536)

    expect((await admin.get(`/api/v1/breakers/${name}`)).status).toBe(414)
    expect((await admin.get(`/api/v1/breakers/-?name=${name}`)).status).toBe(414)
    expect((await admin.post(`/api/v1/breakers/${name}/trip`, WRITE)).status).toBe(414)
    expect(attempts()).toEqual([414, 414, 414])
    expect(Math.max(...admin.audit.map((entry) => JSON.stringify(entry).length))).toBeLessThan(
      2_000,
    )
    expectUnchanged()
  })

  it('that is unknown, ten thousand times another one, makes nothing grow', async () => {
    for (let i = 0; i < 10_000; i++) {
      const { status } = await admin.get(`/api/v1/breakers/unknown-${i}`)
      if (status !== 404) expect(status).toBe(404)
    }

    expectUnchanged()
    expect(attempts()).toEqual(Array(10).fill(404))
    await admin.clock.advance(1_000)
    const { entries } = (await admin.get('/api/v1/log?kind=rejected&limit=200')).body
    expect(entries).toHaveLength(11)
    expect(entries[0].text).toBe('9990 more attempts were rejected')
    expect((await admin.get('/api/v1/breakers')).body.counts.total).toBe(1)
  })
})

describe('a token', () => {
  const TOKEN = 'dG9rZW4tb2YtYWRhLWZvci1hLXRlc3Q'

  it('that is wrong by one character, at any place, is rejected', async () => {
    admin.handler.close()
    admin = createAdmin({ authorize: bearer({ ada: TOKEN }) })
    admin.registry.breaker('payments')

    for (let place = 0; place < TOKEN.length; place++) {
      const other = TOKEN[place] === 'x' ? 'y' : 'x'
      const token = `${TOKEN.slice(0, place)}${other}${TOKEN.slice(place + 1)}`
      const headers = { authorization: `Bearer ${token}` }
      expect([401, 429]).toContain((await admin.get('/api/v1/session', headers)).status)
      expect([401, 429]).toContain((await admin.post(TRIP, WRITE, headers)).status)
    }

    expectUnchanged()
    expect(attempts().length).toBeGreaterThan(9)
    const { body } = await admin.get('/api/v1/log', { authorization: `Bearer ${TOKEN}` })
    expect(JSON.stringify(body)).not.toContain(TOKEN.slice(1))
  })
})

describe('ten thousand streams', () => {
  it('are limited to fifty, and one that ends makes room', async () => {
    const answers: Response[] = []
    for (let i = 0; i < 10_000; i++) answers.push(await ask('/api/v1/events', 'GET', {}))

    const open = answers.filter(({ status }) => status === 200)
    expect(open).toHaveLength(50)
    expect(answers.filter(({ status }) => status === 503)).toHaveLength(9_950)
    expect(attempts()).toEqual(Array(10).fill(503))
    await Promise.all(open.map(({ body }) => body?.cancel()))
    const next = await ask('/api/v1/events', 'GET', {})
    expect(next.status).toBe(200)
    await next.body?.cancel()
  })
})

describe('the server', () => {
  it('sends no request of its own, whatever it is asked', async () => {
    const heard: IncomingHttpHeaders[] = []
    const other = createServer((request, response) => {
      heard.push(request.headers)
      response.end()
    })
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void other.close())
    const url = `http://127.0.0.1:${(other.address() as AddressInfo).port}/`

    await admin.get(`/api/v1/breakers/-?name=${encodeURIComponent(url)}`)
    await admin.get(`/api/v1/breakers?q=${encodeURIComponent(url)}`)
    await admin.post(TRIP, { reason: url, by: url })
    await ask('/', 'GET', { referer: url, accept: 'text/html' })

    expect(heard).toEqual([])
  })
})

describe('a registry that makes room for others while it is listed', () => {
  it('is listed to its end, page by page, without one twice', async () => {
    const registry = new CircuitRegistry({ maxSize: 1_000 })
    admin.handler.close()
    admin = createAdmin({ registry })
    for (let i = 0; i < 1_000; i++) registry.breaker(`b${i}`)
    const names: string[] = []
    let after: string | null = ''
    let next = 1_000
    while (after !== null) {
      const query: string = after === '' ? '' : `&after=${encodeURIComponent(after)}`
      const list = await admin.get(`/api/v1/breakers?limit=100&sort=name${query}`)
      expect(list.status).toBe(200)
      names.push(...list.body.rows.map((row: { name: string }) => row.name))
      after = list.body.next
      for (let i = 0; i < 50; i++) registry.breaker(`b${next++}`)
    }

    expect(new Set(names).size).toBe(names.length)
    expect(names.length).toBeGreaterThan(500)
    expect(admin.errors).toEqual([])
    expect(registry.size).toBe(1_000)
  })
})
