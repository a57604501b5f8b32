import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { type Answer, createAdmin, type TestAdmin } from '../../test/helpers/admin.ts'
import { fail, succeed } from '../../test/helpers/public.ts'
import type { AdminOptions, Operation } from './index.ts'

function create(options: Partial<AdminOptions> = {}): TestAdmin {
  const created = createAdmin(options)
  created.registry.breaker('payments')
  onTestFinished(() => created.handler.close())
  return created
}

function write(
  admin: TestAdmin,
  operation: Operation | 'configure?dry=1',
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  return admin.post(`/api/v1/breakers/payments/${operation}`, body, headers)
}

const reason = 'INC-2291: stop hammering the provider'

describe.each([
  ['force-open', 'forced-open', 'open'],
  ['force-closed', 'forced-closed', 'closed'],
  ['disable', 'disabled', 'closed'],
] as const)('%s', (operation, mode, state) => {
  it('overrides for a time, with who and why, and says how to take it back', async () => {
    const admin = create()
    const now = admin.clock.now()

    const { status, body } = await write(admin, operation, { reason, by: 'ada', for: '10m' })

    expect(status).toBe(200)
    expect(admin.registry.get('payments')?.snapshot().override).toEqual({
      mode,
      by: 'ada',
      reason,
      since: now,
      until: now + 600_000,
    })
    expect(body.row).toMatchObject({ state, override: { mode }, class: 1 })
    expect(body.entry).toMatchObject({
      kind: 'override',
      by: 'ada',
      verified: false,
      via: 'api',
      reason,
      until: now + 600_000,
      before: 'closed',
      after: mode,
    })
    expect(body.undo).toEqual({ operation: 'release', body: { reason: `Undo: ${reason}` } })
  })

  it('is taken back to what was there before, for the time that was left', async () => {
    const admin = create()
    admin.registry.get('payments')?.disable({ reason: 'load test', for: 60_000 })
    await admin.clock.advance(20_000)

    const { body } = await write(admin, operation, { reason, for: null })
    const { undo } = body
    await write(admin, undo.operation, undo.body)

    expect(admin.registry.get('payments')?.snapshot().override).toMatchObject({
      mode: 'disabled',
      reason: 'load test',
      until: admin.clock.now() + 40_000,
    })
  })

  it.each([
    [90_000, 90_000],
    ['90s', 90_000],
    ['10m', 600_000],
    ['1.5h', 5_400_000],
    ['2d', 172_800_000],
    [null, null],
  ])('takes %j for how long', async (time, ms) => {
    const admin = create()

    const { body } = await write(admin, operation, { reason, for: time })

    expect(body.row.override.until).toBe(ms === null ? null : admin.clock.now() + ms)
  })

  it.each([
    undefined,
    0,
    -1,
    2 ** 31,
    '',
    '10',
    '10 m',
    'm',
    '-5m',
    '1e3s',
    '99999999d',
    {},
    [],
    true,
  ])('rejects %j for how long', async (time) => {
    const admin = create()

    const { status, body } = await write(admin, operation, { reason, for: time })

    expect(status).toBe(422)
    expect(body.errors).toMatchObject([{ pointer: '/for' }])
    expect(admin.registry.get('payments')?.snapshot().override).toBe(null)
  })

  it.each(['2h', null])('rejects %j where at most an hour is allowed', async (time) => {
    const admin = create({ maxFor: 3_600_000 })

    expect(await write(admin, operation, { reason, for: time })).toMatchObject({ status: 422 })
    expect(await write(admin, operation, { reason, for: '1h' })).toMatchObject({ status: 200 })
  })
})

describe('release', () => {
  it('lifts an override, and is taken back by the same override until the same end', async () => {
    const admin = create()
    const until = admin.clock.now() + 600_000
    await write(admin, 'force-open', { reason, for: '10m' })
    await admin.clock.advance(60_000)

    const { body } = await write(admin, 'release', { reason: 'the provider is back' })
    expect(body.row).toMatchObject({ state: 'closed', override: null })
    await write(admin, body.undo.operation, body.undo.body)

    expect(admin.registry.get('payments')?.snapshot().override).toMatchObject({
      mode: 'forced-open',
      reason,
      until,
    })
  })

  it('says that nothing was overridden', async () => {
    const { body } = await write(create(), 'release', { reason })

    expect(body).toMatchObject({ undo: null, entry: { text: 'was not overridden' } })
  })
})

describe('trip and reset', () => {
  it('open and close the circuit; only the first can be taken back', async () => {
    const admin = create()

    const tripped = await write(admin, 'trip', { reason, by: 'ada', for: '5m' })
    expect(tripped.body.row).toMatchObject({ state: 'open', retryAfter: 300_000 })
    expect(tripped.body.undo.operation).toBe('reset')
    expect(admin.registry.get('payments')?.explain().text).toContain(`by ada (${reason})`)

    const reset = await write(admin, 'reset', { reason })
    expect(reset.body.row).toMatchObject({ state: 'closed' })
    expect(reset.body.undo).toBe(null)
  })
})

describe('configure', () => {
  it('only says what it would change and lose when it is asked to', async () => {
    const admin = create()
    const patch = { maxFailures: 9, history: 2 }

    const { status, body } = await write(admin, 'configure?dry=1', { reason, patch })

    expect(status).toBe(200)
    expect(body).toMatchObject({ changed: { history: 2 }, lost: [] })
    expect(admin.registry.get('payments')?.options.history).toBe(8)
    expect(admin.audit).toEqual([])
  })

  it.each([
    { maxFailures: 9 },
    { trip: { failureRate: { threshold: 0.6 } } },
    { callTimeout: 250, history: 3 },
    { resetTimeout: { initial: 1_000, max: 60_000 } },
    { maxConcurrent: 5, statistics: true },
  ])('applies %j, and the undo puts everything back', async (patch) => {
    const admin = create()
    const before = admin.registry.get('payments')?.options

    const { status, body } = await write(admin, 'configure', { reason, patch })
    expect(status).toBe(200)
    expect(admin.registry.get('payments')?.options).not.toEqual(before)
    await write(admin, 'configure', body.undo.body)

    expect(admin.registry.get('payments')?.options).toEqual(before)
  })

  it('has no undo where an option was a function', async () => {
    const admin = create()
    admin.registry.breaker('custom', { resetTimeout: () => 5 })

    const answer = await admin.post('/api/v1/breakers/custom/configure', {
      reason,
      patch: { resetTimeout: 1_000 },
    })

    expect(answer).toMatchObject({ status: 200, body: { undo: null } })
  })

  it('puts an option back to its default by null', async () => {
    const admin = create()
    await write(admin, 'configure', { reason, patch: { history: 2 } })
    await write(admin, 'configure', { reason, patch: { history: null } })

    expect(admin.registry.get('payments')?.options.history).toBe(8)
  })

  it.each([
    [{ maxFailures: 0 }, 'maxFailures must be an integer of at least 1, got 0'],
    [{ maxFailure: 5 }, 'unknown option "maxFailure"'],
    [{ name: 'other' }, "name can't be changed"],
    [{ classify: 'success' }, 'classify must be a function'],
    [{ trip: { when: true } }, 'when must be a function'],
    ['maxFailures=3', 'patch must be an object'],
    [undefined, 'patch must be an object'],
    [[], 'patch must be an object'],
  ])('rejects %j in the words of the library', async (patch, message) => {
    const admin = create()
    const before = admin.registry.get('payments')?.options

    for (const operation of ['configure', 'configure?dry=1'] as const) {
      const { status, body } = await write(admin, operation, { reason, patch })
      expect(status).toBe(422)
      expect(body.errors[0].message).toContain(message)
    }
    expect(admin.registry.get('payments')?.options).toEqual(before)
  })

  it.each([
    '{"__proto__":{"maxFailures":1}}',
    '{"trip":{"__proto__":{"consecutiveFailures":1}}}',
    '{"constructor":{"prototype":{"polluted":true}}}',
    '{"trip":{"failureRate":{"constructor":1}}}',
    `{"trip":${'{"a":'.repeat(900)}1${'}'.repeat(900)}}`,
  ])('rejects a patch with keys that are more than keys: %s', async (patch) => {
    const admin = create()
    const body = `{"reason":"${reason}","patch":${patch}}`

    expect(await write(admin, 'configure', body)).toMatchObject({ status: 422 })
    expect(({} as Record<string, unknown>)['polluted']).toBe(undefined)
  })
})

describe('a body', () => {
  it.each([
    [{}, '/reason'],
    [{ reason: 'ab' }, '/reason'],
    [{ reason: '     ' }, '/reason'],
    [{ reason: 5 }, '/reason'],
    [{ reason: 'x'.repeat(501) }, '/reason'],
    [{ reason: 'two\nlines' }, '/reason'],
    [{ reason: 'an escape \u001B[31m' }, '/reason'],
    [{ reason: 'turned \u202E round' }, '/reason'],
    [{ reason: '\u200B\u2060\u3164 \u00A0' }, '/reason'],
    [{ reason: 'half of a character: \uD800' }, '/reason'],
    [{ reason, by: '' }, '/by'],
    [{ reason, by: 'x'.repeat(101) }, '/by'],
    [{ reason, by: 'a\r\nb' }, '/by'],
    [{ reason, scope: 'fleet' }, '/scope'],
    [{ reason, patch: {} }, '/patch'],
    [{ reason, resaon: 'x' }, '/resaon'],
    [{ reason, 'a/b~c': 1 }, '/a~1b~0c'],
    ['{"reason":"a reason","__proto__":{"by":"eve"}}', '/__proto__'],
    [[], ''],
    [null, ''],
    ['"text"', ''],
    ['5', ''],
  ])('as %j is rejected for %j', async (body, pointer) => {
    const admin = create()

    const answer = await write(admin, 'reset', body)

    expect(answer.status).toBe(422)
    expect(answer.body.errors).toMatchObject([{ pointer }])
  })

  it('that has several faults is rejected for all of them', async () => {
    const { body } = await write(create(), 'force-open', { fro: '5m', by: '' })

    expect(body.errors.map((error: { pointer: string }) => error.pointer)).toEqual([
      '/fro',
      '/reason',
      '/by',
      '/for',
    ])
    expect(body.errors[0].message).toContain('did you mean "for"?')
  })

  it.each(['', '{', 'reason=a', "{'reason':'x'}", '\uFEFF', '{"reason":"a"}{}', '\u0000'])(
    'that is not JSON is rejected: %j',
    async (body) => {
      expect(await write(create(), 'trip', body)).toMatchObject({
        status: 400,
        body: { code: 'ERR_ADMIN_BAD_REQUEST' },
      })
    },
  )

  it.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'text/plain; application/json',
    'application/jsonp',
    'application/json, text/plain',
    'application/json; charset=utf-16',
    'application/problem+json',
    '',
  ])('of the type %j is rejected', async (type) => {
    const admin = create()

    const { status } = await write(admin, 'trip', { reason }, { 'content-type': type })

    expect(status).toBe(415)
    expect(admin.registry.get('payments')?.state).toBe('closed')
  })

  it('of the type application/json with its only encoding is taken', async () => {
    const headers = { 'content-type': 'application/json; charset=UTF-8' }

    expect(await write(create(), 'trip', { reason }, headers)).toMatchObject({ status: 200 })
  })

  it('that is not text is rejected', async () => {
    const { handler } = create()
    const request = new Request('http://localhost/api/v1/breakers/payments/trip', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: new Uint8Array([0x22, 0xff, 0xfe, 0x22]),
    })

    expect((await handler(request, { address: '127.0.0.1' })).status).toBe(400)
  })

  it.each([8_192, 8_193])('of %i bytes is read up to 8 KiB', async (size) => {
    const text = `{"reason":"${reason}"}`
    const body = text + ' '.repeat(size - text.length)

    expect((await write(create(), 'trip', body)).status).toBe(size > 8_192 ? 413 : 200)
  })

  it('without an end is read no further than 8 KiB', async () => {
    const admin = create()
    let sent = 0
    let cancelled = false
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += 1_024
        controller.enqueue(new Uint8Array(1_024).fill(0x20))
      },
      cancel() {
        cancelled = true
      },
    })

    expect((await admin.handler(streaming(endless), { address: '127.0.0.1' })).status).toBe(413)
    expect(cancelled).toBe(true)
    expect(sent).toBeLessThan(16_384)
  })

  it('that does not come within 5 s is given up', async () => {
    const admin = create()
    let cancelled = false
    const slow = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(new Uint8Array([0x7b])),
      cancel() {
        cancelled = true
      },
    })
    const answer = admin.handler(streaming(slow), { address: '127.0.0.1' })
    await admin.clock.advance(0)
    await admin.clock.advance(5_000)

    expect((await answer).status).toBe(408)
    expect(cancelled).toBe(true)
  })

  it('whose client leaves changes nothing', async () => {
    const admin = create()
    const broken = new ReadableStream<Uint8Array>({
      start: (controller) => controller.error(new Error('gone')),
    })

    expect((await admin.handler(streaming(broken), { address: '127.0.0.1' })).status).toBe(400)
    expect(admin.errors).toEqual([])
  })
})

function streaming(body: ReadableStream<Uint8Array>): Request {
  const init: RequestInit & { duplex: 'half' } = {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
    duplex: 'half',
  }
  return new Request('http://localhost/api/v1/breakers/payments/trip', init)
}

describe('the version of a breaker', () => {
  async function versionOf(admin: TestAdmin): Promise<string> {
    return (await admin.get('/api/v1/breakers/payments')).headers.get('etag') ?? ''
  }

  it('stays while probes fail, and changes when it closes or opens again', async () => {
    const admin = create()
    const breaker = admin.registry.breaker('payments')
    for (let i = 0; i < 3; i++) await fail(breaker)
    const tripped = await versionOf(admin)
    for (let i = 0; i < 4; i++) {
      await admin.clock.advance(30_000)
      expect(await versionOf(admin)).toBe(tripped)
      await fail(breaker)
      expect(await versionOf(admin)).toBe(tripped)
    }

    await admin.clock.advance(30_000)
    await succeed(breaker)

    const closed = await versionOf(admin)
    for (let i = 0; i < 3; i++) await fail(breaker)
    expect(new Set([tripped, closed, await versionOf(admin)]).size).toBe(3)
  })

  it('lets a write through while nothing has changed', async () => {
    const admin = create()
    await succeed(admin.registry.breaker('payments'))
    await fail(admin.registry.breaker('payments'))
    const version = await versionOf(admin)
    await succeed(admin.registry.breaker('payments'))

    expect(await write(admin, 'trip', { reason }, { 'if-match': version })).toMatchObject({
      status: 200,
    })
  })

  it.each<[string, (admin: TestAdmin) => unknown]>([
    ['was overridden', (admin) => admin.registry.get('payments')?.forceOpen({ by: 'bob' })],
    ['was released', (admin) => admin.registry.get('payments')?.release()],
    ['was configured', (admin) => admin.registry.get('payments')?.configure({ history: 3 })],
    ['has opened', (admin) => admin.registry.get('payments')?.trip()],
    ['override has ended', (admin) => admin.clock.advance(60_000)],
  ])('rejects one when it %s meanwhile, and tells who did it', async (_, change) => {
    const admin = create()
    admin.registry.get('payments')?.disable({ for: 60_000, by: 'eve', reason: 'a test' })
    const version = await versionOf(admin)
    await change(admin)

    const { status, body } = await write(admin, 'reset', { reason }, { 'if-match': version })

    expect(status).toBe(412)
    expect(body.changed).toMatchObject({ by: expect.toBeOneOf(['bob', 'eve', null]) })
    expect(`"${body.changed.version}"`).toBe(await versionOf(admin))
  })

  it('is needed by the page alone', async () => {
    const admin = create()
    const page = { 'short-circuit-client': 'page' }

    expect(await write(admin, 'trip', { reason }, page)).toMatchObject({ status: 428 })
    const headers = { ...page, 'if-match': await versionOf(admin) }
    expect(await write(admin, 'trip', { reason }, headers)).toMatchObject({
      status: 200,
      body: { entry: { via: 'page' } },
    })
    expect(await write(admin, 'trip', { reason })).toMatchObject({ status: 200 })
  })

  it('lets one of two writers through who have seen the same', async () => {
    const admin = create()
    const headers = { 'if-match': await versionOf(admin) }

    const answers = await Promise.all([
      write(admin, 'force-open', { reason, for: '1m' }, headers),
      write(admin, 'force-closed', { reason, for: '1m' }, headers),
    ])

    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412])
  })
})

describe('writes', () => {
  it('are ten in a second at most', async () => {
    const admin = create()
    const statuses = []
    for (let i = 0; i < 12; i++) statuses.push((await write(admin, 'trip', { reason })).status)

    expect(statuses).toEqual([...Array(10).fill(200), 429, 429])
    await admin.clock.advance(1_000)
    expect(await write(admin, 'trip', { reason })).toMatchObject({ status: 200 })
  })

  it('are not limited for ever by a clock that goes back', async () => {
    const admin = create()
    for (let i = 0; i < 12; i++) await write(admin, 'trip', { reason })
    admin.clock.set(admin.clock.now() - 3_600_000)

    expect(await write(admin, 'trip', { reason })).toMatchObject({ status: 200 })
  })

  it('are rejected where it was created to be read', async () => {
    const admin = create({ readOnly: true })

    expect(await write(admin, 'trip', { reason })).toMatchObject({
      status: 403,
      body: { code: 'ERR_ADMIN_READ_ONLY' },
    })
  })

  it('are by whom authorize says, whatever the body says', async () => {
    const admin = create({ authorize: () => ({ by: 'ada', write: true }) })

    const { body } = await write(admin, 'trip', { reason, by: 'eve' })

    expect(body.entry).toMatchObject({ by: 'ada', verified: true })
    expect(admin.registry.get('payments')?.snapshot().trips[0]?.by).toBe('ada')
  })

  it('are entered once, and what code does as done by code', async () => {
    const admin = create()
    const breaker = admin.registry.breaker('payments')
    await write(admin, 'force-open', { reason, for: '1m' })
    await write(admin, 'release', { reason })
    await write(admin, 'trip', { reason })
    await write(admin, 'reset', { reason })
    await write(admin, 'configure', { reason, patch: { history: 3 } })
    breaker.forceClosed({ by: 'deploy', reason: 'load test', for: 60_000 })
    breaker.release({ by: 'deploy', reason: 'done' })
    breaker.configure({ history: 2 }, { by: 'deploy' })

    const { body } = await admin.get('/api/v1/log')

    const shown = body.entries.map(({ kind, via, by, text }: Record<string, string>) =>
      [kind, via, by, text].join(' | '),
    )
    expect(shown.reverse()).toEqual([
      'override | api |  | forced open for 1 min',
      'release | api |  | released',
      'trip | api |  | tripped',
      'reset | api |  | reset',
      'configure | api |  | changed history',
      'override | code | deploy | forced closed for 1 min',
      'release | code | deploy | released',
      'configure | code | deploy | changed history',
    ])
  })

  it('are done although the audit throws, which is reported', async () => {
    const admin = create({
      onAudit: async () => {
        throw new Error('disk full')
      },
    })

    expect(await write(admin, 'trip', { reason })).toMatchObject({ status: 200 })
    await admin.clock.advance(0)
    expect(admin.errors).toMatchObject([[{ message: 'disk full' }, 'onAudit']])
  })
})

describe('the log', () => {
  it('keeps what people did, however often breakers open and close', async () => {
    const admin = create()
    await write(admin, 'force-open', { reason, for: '1m' })
    for (let i = 0; i < 2_000; i++) {
      admin.registry.breaker('flapping').trip()
      admin.registry.breaker('flapping').reset()
    }

    expect((await admin.get('/api/v1/log?kind=override')).body.entries).toHaveLength(1)
  })

  it('is printed as one line of JSON each, without what a terminal would obey', async () => {
    const lines: string[] = []
    vi.spyOn(console, 'info').mockImplementation((line: string) => void lines.push(line))
    onTestFinished(() => void vi.restoreAllMocks())
    const admin = create({ onAudit: undefined })
    const name = 'a\n\u001B[31m\u009B31m\u202E'
    admin.registry.breaker(name).trip('by code, which is not printed')
    const path = `/api/v1/breakers/-/reset?name=${encodeURIComponent(name)}`
    await admin.post(path, { reason: 'a drill' })
    await admin.clock.advance(0)

    expect(lines).toHaveLength(1)
    expect(lines[0]).toMatch(/^short-circuit: [\x20-\x7E]+$/)
    expect(JSON.parse(lines[0]?.slice('short-circuit: '.length) ?? '')).toMatchObject({
      breaker: name,
      reason: 'a drill',
    })
  })

  it('says when the time of an override was over', async () => {
    const admin = create()
    const breaker = admin.registry.breaker('payments')
    breaker.forceClosed({ for: 1_000 })
    await admin.clock.advance(1_000)
    await succeed(breaker)

    const { body } = await admin.get('/api/v1/log?name=payments&kind=release')

    expect(body.entries).toMatchObject([{ text: 'its time was over', after: 'closed' }])
  })

  it('says why a probe opened it again', async () => {
    const admin = create()
    const breaker = admin.registry.breaker('payments')
    for (let i = 0; i < 3; i++) await fail(breaker)
    await admin.clock.advance(30_000)
    await fail(breaker, new TypeError('still down'))

    const { body } = await admin.get('/api/v1/log?kind=transition')

    expect(body.entries.map(({ text }: { text: string }) => text)).toEqual([
      'opened: a probe failed: TypeError: still down',
      'half-open: its open time was over',
      'opened: 3 calls failed in a row (limit 3)',
    ])
  })

  it('is read in parts, newest first', async () => {
    const admin = create()
    for (let i = 0; i < 7; i++) admin.registry.get('payments')?.trip(`number ${i}`)
    const seen: string[] = []
    let before = ''

    for (let part = 0; part < 4; part++) {
      const { body } = await admin.get(`/api/v1/log?limit=3${before && `&before=${before}`}`)
      seen.push(...body.entries.map((entry: { reason: string }) => entry.reason))
      before = body.entries.at(-1)?.id
    }

    expect(seen).toEqual([6, 5, 4, 3, 2, 1, 0].map((i) => `number ${i}`))
  })

  it.each(['?limit=0', '?limit=201', '?kind=all', '?since=1h'])('rejects %s', async (query) => {
    expect(await create().get(`/api/v1/log${query}`)).toMatchObject({ status: 422 })
  })
})
