import { describe, expect, it, onTestFinished } from 'vitest'
import { createAdmin, type TestAdmin } from '../../test/helpers/admin.ts'
import { fail, hang, succeed } from '../../test/helpers/public.ts'
import { CircuitRegistry } from '../index.ts'
import { ManualClock } from '../testing/manual-clock.ts'
import { type AdminOptions, admin, type Row } from './index.ts'

function create(options: Partial<AdminOptions> = {}): TestAdmin {
  const created = createAdmin(options)
  onTestFinished(() => created.handler.close())
  return created
}

async function open({ registry }: TestAdmin, name: string): Promise<void> {
  for (let i = 0; i < 3; i++) await fail(registry.breaker(name))
}

async function rows(admin: TestAdmin, query = ''): Promise<Row[]> {
  return (await admin.get(`/api/v1/breakers${query}`)).body.rows
}

async function names(admin: TestAdmin, query = ''): Promise<string[]> {
  return (await rows(admin, query)).map(({ name }) => name)
}

describe('the list of breakers', () => {
  it('has those that need attention first, then those held by hand, those to be watched, the healthy', async () => {
    const admin = create()
    const { registry } = admin
    await succeed(registry.breaker('a-healthy'))
    await fail(registry.breaker('b-watched'))
    await fail(registry.breaker('b-watched'))
    registry.breaker('c-held').disable()
    await open(admin, 'd-open')
    await open(admin, 'e-forced')
    registry.breaker('e-forced').forceClosed({ by: 'ada', reason: 'the partner says retry' })

    const list = await rows(admin)

    expect(list.map((row) => [row.name, row.class])).toEqual([
      ['d-open', 0],
      ['e-forced', 0],
      ['c-held', 1],
      ['b-watched', 2],
      ['a-healthy', 3],
    ])
    expect(list.map(({ why }) => why)).toEqual([
      '3 calls failed in a row (limit 3)',
      'forced closed by ada: the partner says retry',
      'disabled',
      'consecutiveFailures is at 2 of 3',
      '',
    ])
    expect(list.map(({ next }) => next)).toEqual([
      'next probe in 30 s',
      'no end; underneath it is open',
      'no end',
      '',
      '',
    ])
  })

  it('does not say that calls fail of one that was held, though its calls succeed, and was released', async () => {
    const admin = create()
    const breaker = admin.registry.breaker('mail')
    for (let i = 0; i < 20; i++) await succeed(breaker)
    breaker.forceOpen({ by: 'ada', reason: 'migration' })
    await rows(admin)
    breaker.release()

    expect(await rows(admin)).toMatchObject([{ class: 1, why: 'healthy again' }])
    await admin.clock.advance(10_000)
    expect(await rows(admin)).toMatchObject([{ class: 3, why: '' }])
  })

  it('has the ones with more failed and rejected calls first within a class', async () => {
    const admin = create()
    await open(admin, 'a')
    await open(admin, 'b')
    for (let i = 0; i < 5; i++) await succeed(admin.registry.breaker('b')).catch(() => {})

    expect(await names(admin)).toEqual(['b', 'a'])
  })

  it('needs no attention for an open one that has not been called for 15 minutes', async () => {
    const admin = create()
    await open(admin, 'old')
    admin.registry.get('old')?.trip({ for: 10 ** 9 })
    await admin.clock.advance(14 * 60_000)
    expect((await rows(admin))[0]?.class).toBe(0)

    await admin.clock.advance(2 * 60_000)

    expect(await rows(admin)).toMatchObject([{ class: 3, state: 'open' }])
  })

  it('needs attention where calls find too many in flight', async () => {
    const admin = create()
    const breaker = admin.registry.breaker('full', { maxConcurrent: 1 })
    const call = hang(breaker)
    await breaker.run(() => 1).catch(() => {})

    expect(await rows(admin)).toMatchObject([{ class: 0, rates: { rejected: 1 } }])
    await call.release()
  })

  it('leaves a breaker in the worse class until it has been better for 10 s', async () => {
    const admin = create()
    await open(admin, 'a')
    expect((await rows(admin))[0]?.class).toBe(0)

    admin.registry.get('a')?.reset()

    const [row] = await rows(admin)
    expect(row?.class).toBe(0)
    expect(row?.why).toMatch(/^opened .* ago/)
    await admin.clock.advance(10_000)
    expect((await rows(admin))[0]?.class).toBe(2)
  })

  it.each([
    ['?q=pay', ['pay-eu', 'pay-us']],
    ['?q=pay%20us', ['pay-us']],
    ['?q=PAY-EU', ['pay-eu']],
    ['?q=by:ada', ['pay-us']],
    ['?q=migration', ['pay-us']],
    ['?q=by:bob', []],
    ['?q=state:open', ['pay-eu']],
    ['?q=.*', []],
    ['?state=open,half-open', ['pay-eu']],
    ['?trouble=1', ['pay-eu']],
    ['?hand=1', ['pay-us']],
    ['?sort=name', ['mail', 'pay-eu', 'pay-us']],
    ['?limit=1', ['pay-eu']],
  ])('is filtered and sorted by %s', async (query, expected) => {
    const admin = create()
    admin.registry.breaker('mail')
    await open(admin, 'pay-eu')
    admin.registry.breaker('pay-us').forceClosed({ by: 'Ada', reason: 'Migration' })

    expect(await names(admin, query)).toEqual(expected)
  })

  it('comes in pages that show every breaker once', async () => {
    const admin = create()
    for (let i = 0; i < 25; i++) admin.registry.breaker(`b/${i}`)
    await open(admin, 'b/7')
    const seen: string[] = []
    let next: string | null = ''

    for (let page = 0; next !== null && page < 10; page++) {
      const after = next === '' ? '' : `&after=${encodeURIComponent(next)}`
      const { body } = await admin.get(`/api/v1/breakers?limit=10${after}`)
      seen.push(...body.rows.map(({ name }: Row) => name))
      next = body.next
    }

    expect(seen).toHaveLength(25)
    expect(new Set(seen).size).toBe(25)
    expect(seen[0]).toBe('b/7')
  })

  it('counts all breakers that fit', async () => {
    const admin = create()
    await open(admin, 'a')
    admin.registry.breaker('b').forceOpen()
    admin.registry.breaker('c')

    const { body } = await admin.get('/api/v1/breakers?limit=1')

    expect(body.counts).toMatchObject({
      total: 3,
      byClass: [1, 1, 0, 1],
      byState: { closed: 1, open: 2, 'half-open': 0 },
      byHand: 1,
    })
  })

  it('has those that are asked for by name, and says which there are not', async () => {
    const admin = create()
    for (const name of ['a/b', 'ü', '__proto__']) admin.registry.breaker(name)

    const query = ['a/b', 'ü', '__proto__', 'no', 'constructor'].map(
      (name) => `name=${encodeURIComponent(name)}`,
    )
    const { body } = await admin.get(`/api/v1/breakers?${query.join('&')}`)

    expect(body.rows.map(({ name }: Row) => name)).toEqual(['a/b', 'ü', '__proto__'])
    expect(body.missing).toEqual(['no', 'constructor'])
    expect(admin.registry.size).toBe(3)
  })

  it.each([
    ['?limit=0', '?limit'],
    ['?limit=501', '?limit'],
    ['?limit=1e2', '?limit'],
    ['?state=broken', '?state'],
    ['?sort=random', '?sort'],
    ['?after=x', '?after'],
    ['?after=[1]', '?after'],
    ['?trouble=yes', '?trouble'],
    ['?filter=a', '?filter'],
    [`?q=${'a+'.repeat(30)}`, '?q'],
    [`?${'name=a&'.repeat(201)}`, '?name'],
  ])('rejects %s', async (query, pointer) => {
    const { status, body } = await create().get(`/api/v1/breakers${query}`)

    expect(status).toBe(422)
    expect(body.errors).toMatchObject([{ pointer }])
  })
})

describe('one breaker', () => {
  it('has its row, and its snapshot and explanation as the library returns them', async () => {
    const admin = create()
    await open(admin, 'payments')
    const breaker = admin.registry.breaker('payments')

    const { body, headers } = await admin.get('/api/v1/breakers/payments')

    const plain = (value: unknown) => JSON.parse(JSON.stringify(value))
    expect(body.snapshot).toEqual(plain(breaker.snapshot()))
    expect(body.explanation).toEqual(plain(breaker.explain()))
    expect(headers.get('etag')).toBe(`"${body.row.version}"`)
    expect(body.log).toMatchObject([
      { kind: 'transition', via: 'code', text: 'opened: 3 calls failed in a row (limit 3)' },
    ])
  })

  const strange = [
    'a/b',
    '../..',
    '.',
    '..',
    '-',
    'a%2Fb',
    '%',
    '100 %',
    '\\',
    'ünï·çødé 🔌',
    '<script>alert(1)</script>',
    '__proto__',
    'constructor',
    'x'.repeat(900),
    'line\nbreak',
    '\u202Etfel',
    '\u001B[31mred',
    '?name=other',
    'a#b',
    '"',
    ' ',
  ]

  it.each(strange)('is found by its name %j, as a parameter', async (name) => {
    const admin = create()
    admin.registry.breaker(name)
    admin.registry.breaker('other')
    const query = `?name=${encodeURIComponent(name)}`

    const { body } = await admin.get(`/api/v1/breakers/-${query}`)
    const written = await admin.post(`/api/v1/breakers/-/trip${query}`, { reason: 'a drill' })

    expect(body.row.name).toBe(name)
    expect(written.body.row).toMatchObject({ name, state: 'open' })
    expect(admin.registry.get('other')?.state).toBe('closed')
  })

  it.each(strange.filter((name) => !['.', '..', '-'].includes(name)))(
    'is found by its name %j, as a part of the path',
    async (name) => {
      const admin = create()
      admin.registry.breaker(name)

      const { body } = await admin.get(`/api/v1/breakers/${encodeURIComponent(name)}`)

      expect(body.row.name).toBe(name)
    },
  )

  it('is not created by asking, and the nearest names are told', async () => {
    const admin = create()
    for (const name of ['payments', 'payment', 'mail']) admin.registry.breaker(name)

    const { status, body } = await admin.get('/api/v1/breakers/paymnets')
    for (let i = 0; i < 100; i++) await admin.post(`/api/v1/breakers/no${i}/trip`, { reason: 'no' })

    expect(status).toBe(404)
    expect(body).toMatchObject({
      code: 'ERR_ADMIN_UNKNOWN_BREAKER',
      nearest: ['payments', 'payment'],
    })
    expect(admin.registry.size).toBe(3)
  })

  it('does not change by being looked at', async () => {
    const admin = create()
    await open(admin, 'a')
    await admin.clock.advance(30_000)
    const before = JSON.stringify(admin.registry.get('a')?.save())
    const published: unknown[] = []
    admin.registry.on('transition', (event) => published.push(event))

    for (let i = 0; i < 20; i++) {
      await admin.get('/api/v1/breakers')
      await admin.get('/api/v1/breakers/a')
      await admin.get('/api/v1/breakers/a/history')
    }

    expect(JSON.stringify(admin.registry.get('a')?.save())).toBe(before)
    expect(published).toEqual([])
    expect((await rows(admin))[0]).toMatchObject({
      state: 'half-open',
      next: 'its open time is over; it waits for a call; it opened because 3 calls failed in a row (limit 3)',
    })
  })

  it('says for how long it has been open, and why it opened, whatever its probes have met', async () => {
    const admin = create()
    await open(admin, 'a')
    for (let i = 0; i < 2; i++) {
      await admin.clock.advance(30_000)
      await fail(admin.registry.breaker('a'), Object.assign(new Error('still down'), { code: 503 }))
    }
    await admin.clock.advance(1_000)

    expect((await rows(admin))[0]).toMatchObject({
      stateFor: 1_000,
      trippedFor: 61_000,
      why: '3 calls failed in a row (limit 3)',
      next: expect.stringContaining('; 2 probes failed, the last with 503: still down'),
      trips15m: 1,
    })
  })

  it('has no more successful probes than are needed, though a slow start goes on', async () => {
    const admin = create()
    const breaker = admin.registry.breaker('a', {
      recovery: { slowStart: { successes: 2, quietFor: 60_000 } },
    })
    for (let i = 0; i < 3; i++) await fail(breaker)
    await admin.clock.advance(30_000)
    for (let i = 0; i < 20; i++) {
      void Promise.all([1, 2, 3].map(() => breaker.run(() => 1).catch(() => {})))
      await admin.clock.advance(1_000)
    }

    expect(breaker.snapshot().probes?.succeeded).toBeGreaterThan(2)
    expect((await rows(admin))[0]).toMatchObject({
      why: '2 of 2 probes succeeded',
      next: expect.stringContaining('it closes once no call was rejected for a while'),
    })
  })

  it('has not tripped while it is closed', async () => {
    const admin = create()
    await open(admin, 'a')
    admin.registry.get('a')?.reset()

    expect((await rows(admin))[0]).toMatchObject({ trippedFor: null, trips15m: 1 })
  })
})

describe('the band of a breaker', () => {
  it('has its changes to the millisecond, and what an override was underneath', async () => {
    const admin = create()
    const { clock, registry } = admin
    await succeed(registry.breaker('a'))
    await clock.advance(60_000)
    const at = clock.now()
    await open(admin, 'a')
    await clock.advance(300)
    registry.get('a')?.reset()
    await clock.advance(1_000)
    const forced = registry.get('a')?.forceOpen()
    await clock.advance(500)
    forced?.[Symbol.dispose]()

    expect((await rows(admin))[0]?.band).toEqual([
      [expect.any(Number), 'closed'],
      [at, 'open'],
      [at + 300, 'closed'],
      [at + 1_300, 'forced-open'],
      [at + 1_800, 'closed'],
    ])
  })

  it('keeps when it opened and closed, whatever number of probes has failed between', async () => {
    const admin = create()
    const openedAt = admin.clock.now()
    await open(admin, 'a')
    for (let i = 0; i < 100; i++) {
      await admin.clock.advance(5_000)
      admin.registry.get('a')?.halfOpen()
      await fail(admin.registry.breaker('a'))
    }
    const [row] = await rows(admin)

    expect(row?.band.length).toBeLessThanOrEqual(64)
    expect(row?.band.slice(0, 2)).toEqual([
      [expect.any(Number), 'closed'],
      [openedAt, 'open'],
    ])
    expect(row?.band.at(-1)?.[1]).toBe('open')
  })

  it('begins with what was there before', async () => {
    const admin = create()
    await open(admin, 'a')
    admin.registry.get('a')?.trip({ for: 10 ** 9 })
    await admin.clock.advance(60 * 60_000)

    expect((await rows(admin))[0]?.band).toEqual([[admin.clock.now() - 15 * 60_000, 'open']])
  })

  it('shows an override that has ended by itself before anybody called', async () => {
    const admin = create()
    const at = admin.clock.now()
    admin.registry.breaker('a').forceOpen({ for: 5_000 })
    await admin.clock.advance(60_000)

    const [row] = await rows(admin)

    expect(row?.override).toBe(null)
    expect(row?.band.map(([, shown]) => shown)).toEqual(['closed', 'forced-open', 'closed'])
    expect(row?.band[1]?.[0]).toBe(at)
  })
})

describe('the session', () => {
  it('says who asks, what they may do, and which process answers', async () => {
    const admin = create({
      process: { id: 'checkout-1', name: 'checkout', environment: 'prod', version: '1.2' },
      maxFor: 3_600_000,
    })

    expect((await admin.get('/api/v1/session')).body).toEqual({
      by: null,
      can: ['read', 'write'],
      process: {
        id: 'checkout-1',
        name: 'checkout',
        environment: 'prod',
        version: '1.2',
        startedAt: admin.clock.now(),
      },
      now: admin.clock.now(),
      fleet: false,
      statistics: false,
      historySince: admin.clock.now(),
      limits: { maxFor: 3_600_000, operations: expect.arrayContaining(['trip', 'configure']) },
    })
  })

  it('says that nothing can be changed', async () => {
    const reader = { authorize: () => ({ by: 'grafana', write: false }) }

    expect((await create({ readOnly: true }).get('/api/v1/session')).body.can).toEqual(['read'])
    expect((await create(reader).get('/api/v1/session')).body.can).toEqual(['read'])
  })
})

describe('paths', () => {
  it.each([
    ['/breakers/admin/api/v1/session', 200],
    ['/api/v1/session', 200],
    ['/', 200],
    ['/mounted/', 200],
    ['/api/v1/', 404],
    ['/api/v1', 404],
    ['/api/v2/session', 404],
    ['/api/v1/session/', 404],
    ['/api/v1/session/more', 404],
    ['/api/v1/breakers/', 404],
    ['/api/v1/breakers/a/b/c', 404],
    ['/api/v1/breakers/a/unknown', 404],
    ['/api/v1/constructor', 404],
    ['/api/v1/__proto__', 404],
    ['/api/v1/breakers/%', 400],
    ['/api/v1/breakers/%ff', 400],
    ['/api/v1/breakers/-', 400],
    ['/api/v1/breakers/-?name=', 400],
    ['/api/v1/breakers/..%2f..%2fsession', 404],
    ['/api/v1/breakers/../session', 200],
    [`/api/v1/breakers/${'x'.repeat(5_000)}`, 414],
  ])('%s are answered with %i', async (path, status) => {
    const admin = create()
    admin.registry.breaker('a')

    expect((await admin.get(path)).status).toBe(status)
  })

  it.each(['/breakers', '/javascript:alert(1)', '//evil.example', '/a/b'])(
    'that lack the slash at the end, as %s, lead to the same place and to no other',
    async (path) => {
      const { status, headers } = await create().get(path)
      const from = `http://localhost:9090${path}`

      expect(status).toBe(308)
      expect(new URL(headers.get('location') ?? '', from).href).toBe(`${from}/`)
    },
  )

  it.each(['PUT', 'DELETE', 'PATCH', 'OPTIONS'])('can not be asked by %s', async (method) => {
    const admin = create()
    admin.registry.breaker('a')
    for (const path of ['/api/v1/breakers/a/trip', '/api/v1/breakers']) {
      const request = new Request(`http://localhost${path}`, { method })
      const response = await admin.handler(request, { address: '127.0.0.1' })
      expect(response.status).toBe(405)
      expect(response.headers.get('allow')).toBe('GET, HEAD, POST')
    }
  })

  it.each(['GET', 'HEAD'])('that change something do nothing by %s', async (method) => {
    const admin = create()
    admin.registry.breaker('a')
    const request = new Request('http://localhost/api/v1/breakers/a/trip?_method=POST', {
      method,
      headers: { 'x-http-method-override': 'POST' },
    })

    const response = await admin.handler(request, { address: '127.0.0.1' })

    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST'])
    expect(admin.registry.get('a')?.state).toBe('closed')
  })

  it('that are read are not changed by POST', async () => {
    expect(await create().post('/api/v1/breakers', {})).toMatchObject({ status: 405 })
  })

  it('answer HEAD as GET, without the body', async () => {
    const { handler } = create()
    const ask = async (method: string) => {
      const request = new Request('http://localhost/api/v1/session', { method })
      const response = await handler(request, { address: '127.0.0.1' })
      return {
        status: response.status,
        headers: [...response.headers],
        text: await response.text(),
      }
    }

    const [get, head] = [await ask('GET'), await ask('HEAD')]

    expect(head).toEqual({ ...get, text: '' })
  })
})

describe('every answer', () => {
  it('may not be cached, framed or sniffed', async () => {
    const admin = create()
    for (const path of ['/', '/api/v1/session', '/api/v1/nothing', '/x']) {
      const { headers } = await admin.get(path)
      expect(Object.fromEntries(headers)).toMatchObject({
        'cache-control': 'no-store',
        'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
        'cross-origin-resource-policy': 'same-origin',
        'referrer-policy': 'no-referrer',
        'x-content-type-options': 'nosniff',
      })
    }
  })

  it('is a problem where something is unexpected, and its text is only reported', async () => {
    const admin = create()
    admin.registry.breaker('a').snapshot = () => {
      throw new Error('secret detail')
    }

    const { status, body } = await admin.get('/api/v1/breakers/a')

    expect(status).toBe(500)
    expect(JSON.stringify(body)).not.toContain('secret')
    expect(admin.errors).toHaveLength(1)
  })

  it('is 503 after it was closed', async () => {
    const admin = create()
    admin.handler.close()

    expect(await admin.get('/api/v1/session')).toMatchObject({ status: 503 })
    expect(admin.clock.timers).toBe(0)
  })
})

describe('admin', () => {
  it.each([
    [{ registry: {} }, 'registry must be a CircuitRegistry'],
    [{ registry: undefined }, 'registry must be a CircuitRegistry'],
    [{ authorise: () => false }, 'unknown option "authorise"'],
    [{ authorize: 'token' }, 'authorize must be a function'],
    [{ hosts: 'localhost' }, 'hosts must be an array'],
    [{ hosts: ['http://a/'] }, 'hosts must be an array'],
    [{ readOnly: 'yes' }, 'readOnly must be a boolean'],
    [{ maxFor: 0 }, 'maxFor must be a number above 0'],
    [{ history: { memory: -1 } }, 'history.memory must be a number above 0'],
    [{ onAudit: 1 }, 'onAudit must be a function'],
    [{ clock: {} }, 'clock must be an object'],
  ])('throws for %o', (options, message) => {
    expect(() => createAdmin(options as never)).toThrow(message)
  })

  it('switches statistics on for all breakers where it is asked to', async () => {
    const clock = new ManualClock()
    const registry = new CircuitRegistry({ defaults: { clock } })
    const used = registry.breaker('used')
    await succeed(used)

    const handler = admin({ registry, clock, statistics: true })
    onTestFinished(() => handler.close())

    expect(used.options.statistics).toBe(true)
    expect(registry.breaker('later').options.statistics).toBe(true)
  })
})
