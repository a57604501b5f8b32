import { describe, expect, it, vi } from 'vitest'
import { createBreaker, reasonOf } from '../../test/helpers/public.ts'
import { CircuitOpenError, CircuitRegistry } from '../index.ts'
import { guardFetch } from './guard-fetch.ts'

const EVERY_OPTION = {
  cache: 'no-store',
  credentials: 'omit',
  duplex: 'half',
  integrity: 'sha256-abc',
  keepalive: true,
  mode: 'cors',
  redirect: 'manual',
  referrer: 'about:client',
  referrerPolicy: 'no-referrer',
  window: null,
} as const

const URL_OF_USERS = 'https://api.example/users'
const ok: typeof fetch = async () => new Response('ok')
const busy: typeof fetch = async () => new Response('busy', { status: 503 })

function streamed(): RequestInit {
  return { method: 'POST', body: new ReadableStream() }
}

describe('guardFetch by a breaker', () => {
  it('passes the request on as it is, with a signal of its own', async () => {
    const { breaker } = createBreaker()
    const seen: unknown[] = []
    const send = async (...args: unknown[]) => {
      seen.push(...args)
      return new Response('ok')
    }
    const init = { method: 'POST', body: 'text', headers: { a: 'b' } }

    await guardFetch(breaker, { fetch: send })(URL_OF_USERS, init)

    expect(seen).toEqual([URL_OF_USERS, { ...init, signal: expect.any(AbortSignal) }])
  })

  it('uses the global fetch as it is at the call', async () => {
    const { breaker } = createBreaker()
    const guarded = guardFetch(breaker)
    vi.stubGlobal('fetch', async () => new Response('replaced'))
    try {
      expect(await (await guarded(URL_OF_USERS)).text()).toBe('replaced')
    } finally {
      vi.unstubAllGlobals()
    }
  })

  it.each([
    ['a header whose name is wrong', { headers: { 'a b': '1' } }],
    ['a header whose value is wrong', { headers: { a: '1\n2' } }],
    ['a method that is none', { method: 'NO GO' }],
    ['GET with a body', { body: 'text' }],
    ['a stream without duplex', { method: 'POST', body: new ReadableStream() }],
    ['a mode that is none', { mode: 'none' as never }],
    ['a mode that is not for callers', { mode: 'navigate' as const }],
    ['a redirect that is none', { redirect: 'none' as never }],
    ['credentials that are none', { credentials: 'none' as never }],
    ['a cache that is none', { cache: 'none' as never }],
    ['a cache that needs another mode', { cache: 'only-if-cached' as const }],
    ['a referrer that is no URL', { referrer: 'http://' }],
    ['a policy that is none', { referrerPolicy: 'none' as never }],
  ])('does not blame the server for a request that can not be made: %s', async (_, init) => {
    const { breaker } = createBreaker({ maxFailures: 1 })

    await expect(guardFetch(breaker)('http://127.0.0.1:1', init)).rejects.toThrow(TypeError)
    expect(breaker.snapshot().counts).toMatchObject({ cancelled: 1, failure: 0 })
  })

  it.each([
    ['in Node', new TypeError('fetch failed', { cause: new Error('down') }), { body: 'text' }],
    ['in a browser', new TypeError('Failed to fetch'), { headers: { a: '1' } }],
    ['in a browser, with a body', new TypeError('Failed'), { method: 'POST', body: 'text' }],
    ['with a stream', new TypeError('x'), { ...streamed(), duplex: 'half' }],
    ['with every option', new TypeError('x'), { method: 'POST', body: 'text', ...EVERY_OPTION }],
    ['not by a TypeError', new Error('down'), { body: 'text' }],
    ['not by an error', 'down', undefined],
  ])('counts a server that is down as a failure, told %s', async (_, error, init) => {
    const { breaker } = createBreaker({ maxFailures: 1 })
    const down: typeof fetch = async () => {
      throw error
    }
    const guarded = guardFetch(breaker, { fetch: down })

    expect(await reasonOf(guarded(URL_OF_USERS, init as RequestInit))).toBe(error)
    expect(breaker.state).toBe('open')
  })

  it('counts a server that is down as a failure where the platform has no Request', async () => {
    const { breaker } = createBreaker({ maxFailures: 1 })
    const down: typeof fetch = async () => {
      throw new TypeError('down')
    }
    const guarded = guardFetch(breaker, { fetch: down })
    vi.stubGlobal('Request', undefined)
    try {
      await reasonOf(guarded(URL_OF_USERS))
    } finally {
      vi.unstubAllGlobals()
    }

    expect(breaker.state).toBe('open')
  })

  it.each([
    'data:text/plain,hello',
    'blob:nodedata:1',
    'file:///etc/hosts',
    '/relative',
    'http://',
  ])('does not guard what goes to no server that it can name: %s', async (url) => {
    const { breaker } = createBreaker({ maxFailures: 1 })
    breaker.trip()

    expect((await guardFetch(breaker, { fetch: ok })(url)).status).toBe(200)
    expect(breaker.snapshot().counts.admitted).toBe(0)
  })

  it('guards relative addresses where there is a location', async () => {
    const { breaker } = createBreaker()
    vi.stubGlobal('location', { href: 'https://app.example/page' })
    try {
      await guardFetch(breaker, { fetch: ok })('/users')
    } finally {
      vi.unstubAllGlobals()
    }

    expect(breaker.snapshot().counts.success).toBe(1)
  })

  it.each<[string, () => Parameters<typeof fetch>]>([
    ['a text', () => [URL_OF_USERS]],
    ['an URL', () => [new URL(URL_OF_USERS)]],
    ['a Request', () => [new Request(URL_OF_USERS)]],
  ])('guards %s', async (_, args) => {
    const { breaker } = createBreaker()

    await guardFetch(breaker, { fetch: ok })(...args())

    expect(breaker.snapshot().counts.success).toBe(1)
  })

  it.each<[string, (signal: AbortSignal) => Parameters<typeof fetch>]>([
    ['of the options', (signal) => [URL_OF_USERS, { signal }]],
    ['of a Request', (signal) => [new Request(URL_OF_USERS, { signal })]],
  ])('follows the signal %s', async (_, args) => {
    const { breaker } = createBreaker()
    const controller = new AbortController()
    const hang: typeof fetch = () => new Promise(() => {})
    const call = guardFetch(breaker, { fetch: hang })(...args(controller.signal))
    controller.abort(new Error('left'))

    expect(await reasonOf(call)).toMatchObject({ message: 'left' })
    expect(breaker.snapshot().counts.cancelled).toBe(1)
  })

  it('does not follow a signal that null has taken away from a Request', async () => {
    const { breaker } = createBreaker()
    const request = new Request(URL_OF_USERS, { signal: AbortSignal.abort() })

    expect((await guardFetch(breaker, { fetch: ok })(request, { signal: null })).status).toBe(200)
  })

  it.each([
    ['of the options', { body: 'other' }, 'other'],
    ['of a Request', {}, 'text'],
    ['of a Request, which null does not take away', { body: null }, 'text'],
  ])('sends the body %s', async (_, init, expected) => {
    const { breaker } = createBreaker()
    const sent: Request[] = []
    const send: typeof fetch = async (...args) => {
      sent.push(new Request(...args))
      return new Response('ok')
    }
    const request = new Request(URL_OF_USERS, { method: 'POST', body: 'text' })

    await guardFetch(breaker, { fetch: send })(request, init)

    expect(await sent[0]?.text()).toBe(expected)
  })

  it('returns what the fallback of the breaker returns where there is no response', async () => {
    const { breaker } = createBreaker({ maxFailures: 1, fallback: () => new Response('cached') })
    const down: typeof fetch = () => Promise.reject(new TypeError('fetch failed'))
    const failed = await guardFetch(breaker, { fetch: down })(URL_OF_USERS)
    const rejected = await guardFetch(breaker, { fetch: down })(URL_OF_USERS)

    expect([await failed.text(), await rejected.text()]).toEqual(['cached', 'cached'])
    expect(breaker.state).toBe('open')
  })

  it('keeps the properties of the fetch it is given', () => {
    const { breaker } = createBreaker()
    const preconnect = (): void => {}
    const guarded = guardFetch(breaker, { fetch: Object.assign(ok, { preconnect }) })

    expect(guarded.preconnect).toBe(preconnect)
    expect(guarded.name).toBe('ok')
  })
})

describe('a request that is rejected', () => {
  const open = () => {
    const { breaker } = createBreaker({ name: 'users' })
    breaker.trip()
    return breaker
  }

  it('throws, unless told otherwise', async () => {
    const send = vi.fn(ok)

    expect(await reasonOf(guardFetch(open(), { fetch: send })(URL_OF_USERS))).toBeInstanceOf(
      CircuitOpenError,
    )
    expect(send).not.toHaveBeenCalled()
  })

  it('is a response that tells SDKs not to try again, if told so', async () => {
    const guarded = guardFetch(open(), { fetch: ok, rejection: 'response' })
    const response = await guarded(URL_OF_USERS)

    expect(response.status).toBe(503)
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'application/json',
      'x-should-retry': 'false',
      'stripe-should-retry': 'false',
    })
    expect(response.headers.has('retry-after')).toBe(false)
    expect(await response.json()).toMatchObject({
      error: { type: 'circuit_open', code: 'ERR_CIRCUIT_OPEN' },
    })
  })

  it('is what a function returns for it', async () => {
    const rejection = vi.fn(() => new Response('later', { status: 418 }))
    const response = await guardFetch(open(), { fetch: ok, rejection })(URL_OF_USERS)

    expect(response.status).toBe(418)
    expect(rejection).toHaveBeenCalledWith(expect.any(CircuitOpenError), new URL(URL_OF_USERS))
  })

  it('is not what another breaker below has rejected', async () => {
    const inner = open()
    const { breaker } = createBreaker({ name: 'outer' })
    const send: typeof fetch = () => inner.run(() => ok(URL_OF_USERS))

    const error = await reasonOf(
      guardFetch(breaker, { fetch: send, rejection: 'response' })(URL_OF_USERS),
    )

    expect(error).toMatchObject({ breaker: 'users' })
    expect(breaker.snapshot().counts).toMatchObject({ cancelled: 1, failure: 0 })
  })
})

describe('guardFetch by a registry', () => {
  it('has a breaker for each key, and guards nothing without one', async () => {
    const registry = new CircuitRegistry()
    const guarded = guardFetch(registry, {
      fetch: ok,
      name: 'llm',
      key: ({ pathname }, init) => (pathname === '/free' ? undefined : String(init?.method)),
    })
    for (const path of ['/a', '/b', '/free']) {
      await guarded(`https://api.example${path}`, { method: 'PUT' })
    }

    expect([...registry].map(({ name }) => name)).toEqual(['llm:PUT'])
    expect(registry.get('llm:PUT')?.snapshot().counts.success).toBe(2)
  })
})

describe('what counts as a failure', () => {
  it('is said by the call, then by the breaker, then by what is usual', async () => {
    const { breaker } = createBreaker({
      classify: ({ status }) => (status === 'rejected' ? 'neutral' : undefined),
    })
    const answers = [
      () => new Response('', { status: 404 }),
      () => new Response('', { status: 418 }),
      () => new Response('', { status: 500 }),
      () => Promise.reject(new TypeError('fetch failed')),
    ]
    const guarded = guardFetch(breaker, {
      fetch: (async () => (answers.shift() as () => Response)()) as typeof fetch,
      classify: (settled) =>
        settled.status === 'fulfilled' && (settled.value as Response).status === 418
          ? 'failure'
          : undefined,
    })
    for (let i = 0; i < 4; i++) await guarded(URL_OF_USERS).catch(() => {})

    expect(breaker.snapshot().counts).toMatchObject({ success: 1, failure: 2, neutral: 1 })
  })

  it('follows the options of the breaker when they are configured', async () => {
    const { breaker } = createBreaker()
    const guarded = guardFetch(breaker, { fetch: busy })
    await guarded(URL_OF_USERS)

    breaker.configure({ classify: () => 'success' })
    await guarded(URL_OF_USERS)

    expect(breaker.snapshot().counts).toMatchObject({ failure: 1, success: 1 })
  })
})

it.each([
  [() => guardFetch(undefined as never), 'guardFetch takes a CircuitBreaker or a CircuitRegistry'],
  [() => guardFetch(fetch as never), 'first, got function'],
  [() => guardFetch(createBreaker().breaker, { fetch: 5 as never }), 'fetch of guardFetch must be'],
  [() => guardFetch(createBreaker().breaker, { keys: 5 } as never), 'unknown option "keys"'],
  [
    () => guardFetch(createBreaker().breaker, null as never),
    'guardFetch takes an object of options',
  ],
  [
    () => guardFetch(createBreaker().breaker, { rejection: 'ignore' as never }),
    'rejection must be "throw", "response" or a function, got "ignore"',
  ],
])('guardFetch says what is wrong: %s', (guard, message) => {
  expect(guard).toThrow(message)
})
