import { describe, expect, it, onTestFinished } from 'vitest'
import { createAdmin, type TestAdmin } from '../../test/helpers/admin.ts'
import { turn } from '../../test/helpers/public.ts'
import type { AdminOptions } from './index.ts'

function create(options: Partial<AdminOptions> = {}): TestAdmin {
  const created = createAdmin(options)
  onTestFinished(() => created.handler.close())
  return created
}

interface Event {
  readonly event: string
  readonly id: string | undefined
  // biome-ignore lint/suspicious/noExplicitAny: of any event.
  readonly data: any
}

async function connect(
  { handler }: TestAdmin,
  query = '',
  headers: Record<string, string> = {},
): Promise<{
  response: Response
  read(): Promise<Event[]>
  leave(): Promise<void>
  isOver(): Promise<boolean>
}> {
  const request = new Request(`http://localhost/api/v1/events${query}`, { headers })
  const response = await handler(request, { address: '127.0.0.1' })
  const reader = (response.body as ReadableStream<Uint8Array>).getReader()
  const events: Event[] = []
  let over = false
  const decoder = new TextDecoder()
  const pump = async (): Promise<void> => {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) break
      events.push(...parse(decoder.decode(value)))
    }
    over = true
  }
  pump().catch(() => {})
  return {
    response,
    async read() {
      await turn()
      return events.splice(0)
    },
    leave: () => reader.cancel(),
    async isOver() {
      await turn()
      return over
    },
  }
}

function parse(text: string): Event[] {
  return text
    .split('\n\n')
    .filter((block) => block.includes('event: '))
    .map((block) => {
      const field = (name: string) =>
        block
          .split('\n')
          .find((line) => line.startsWith(`${name}: `))
          ?.slice(name.length + 2)
      return { event: field('event') ?? '', id: field('id'), data: JSON.parse(field('data') ?? '') }
    })
}

function namesOf(events: readonly Event[]): string[] {
  return events.map(({ event }) => event)
}

describe('the stream of events', () => {
  it('begins with which process it is, and all that a page needs', async () => {
    const admin = create({ process: { id: 'checkout-1' } })
    admin.registry.breaker('payments')

    const { response, read } = await connect(admin)
    const events = await read()

    expect(namesOf(events)).toEqual(['hello', 'tick'])
    expect(events[0]?.data).toMatchObject({ process: 'checkout-1', now: admin.clock.now() })
    expect(events[1]?.data.rows).toMatchObject([{ name: 'payments' }])
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'text/event-stream',
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
    })
  })

  it('ticks each second, and tells entries of the log as they come', async () => {
    const admin = create()
    const { read } = await connect(admin)
    await read()

    admin.registry.breaker('payments').trip('a drill')
    expect(await read()).toMatchObject([
      { event: 'log', id: expect.stringMatching(/^\w+\.1$/), data: { kind: 'transition' } },
    ])
    await admin.clock.advance(3_000)

    expect(namesOf(await read())).toEqual(['tick', 'tick', 'tick'])
  })

  it.each([
    ['the header', true],
    ['the parameter', false],
  ])('goes on after the last entry that is known, by %s', async (_, byHeader) => {
    const admin = create()
    const breaker = admin.registry.breaker('payments')
    for (let i = 1; i <= 3; i++) breaker.trip(`number ${i}`)
    const { body } = await admin.get('/api/v1/log')
    const second = body.entries[1].id

    const { read } = byHeader
      ? await connect(admin, '', { 'last-event-id': second })
      : await connect(admin, `?after=${second}`)

    expect(await read()).toMatchObject([
      { event: 'hello' },
      { event: 'log', data: { reason: 'number 3' } },
      { event: 'tick' },
    ])
  })

  it.each(['other.5', 'nonsense', '', '.', 'x.y.z'])(
    'tells to begin anew after the id %j, which is of another run',
    async (id) => {
      const { read } = await connect(create(), '', { 'last-event-id': id })

      expect(namesOf(await read())).toEqual(['hello', 'reset', 'tick'])
    },
  )

  it('tells to begin anew when more has happened than is kept', async () => {
    const admin = create()
    const breaker = admin.registry.breaker('payments')
    breaker.trip('first')
    const first = (await admin.get('/api/v1/log')).body.entries[0].id
    for (let i = 0; i < 1_001; i++) breaker.trip()

    const { read } = await connect(admin, '', { 'last-event-id': first })

    expect(await read()).toMatchObject([
      { event: 'hello' },
      { event: 'reset', data: { reason: 'too much has happened since' } },
      { event: 'tick' },
    ])
  })

  it('tells the rows that are asked for, beyond the first hundred', async () => {
    const admin = create()
    for (let i = 0; i < 150; i++) admin.registry.breaker(`b${String(i).padStart(3, '0')}`)

    const { read } = await connect(admin, '?name=b149&name=unknown')
    const events: Event[] = []
    await expect.poll(async () => events.push(...(await read()))).toBe(2)

    const rows = events[1]?.data.rows
    expect(rows).toHaveLength(101)
    expect(rows.at(-1).name).toBe('b149')
  })

  it('has no more than fifty clients, of whom the next may come when one leaves', async () => {
    const admin = create()
    const clients = []
    for (let i = 0; i < 50; i++) clients.push(await connect(admin))

    expect(await admin.get('/api/v1/events')).toMatchObject({ status: 503 })
    await clients[0]?.leave()
    const { response } = await connect(admin)
    expect(response.status).toBe(200)
  })

  it('leaves nothing behind when clients leave', async () => {
    const admin = create()
    const before = admin.clock.timers
    for (let i = 0; i < 100; i++) {
      const client = await connect(admin)
      await client.leave()
    }

    expect(admin.clock.timers).toBe(before)
  })

  it('ends for a client that does not read for 10 s', async () => {
    const admin = create()
    for (let i = 0; i < 100; i++) admin.registry.breaker(`b${i}${'x'.repeat(200)}`)
    const request = new Request('http://localhost/api/v1/events')
    const response = await admin.handler(request, { address: '127.0.0.1' })
    const timers = admin.clock.timers

    for (let second = 0; second < 30; second++) await admin.clock.advance(1_000)

    expect(admin.clock.timers).toBe(timers - 1)
    await response.body?.cancel()
  })

  it('says good-bye when the admin is closed', async () => {
    const admin = create()
    const client = await connect(admin)
    await client.read()

    admin.handler.close()

    expect(await client.read()).toMatchObject([{ event: 'bye', data: { retry: 2_000 } }])
    expect(await client.isOver()).toBe(true)
    expect(admin.clock.timers).toBe(0)
  })

  it('is not for those who accept something else', async () => {
    const admin = create()

    expect(await admin.get('/api/v1/events', { accept: 'application/json' })).toMatchObject({
      status: 406,
    })
  })

  it.each(['?q=a', '?token=x'])('takes no %s', async (query) => {
    expect(await create().get(`/api/v1/events${query}`)).toMatchObject({ status: 422 })
  })

  it('has no line break that a name or a reason could end an event with', async () => {
    const admin = create()
    const { read } = await connect(admin)
    await read()
    const name = 'a\n\nevent: bye\ndata: {}\n\n'

    admin.registry.breaker(name).trip('\r\n\r\nevent: bye\r\n')

    expect(await read()).toMatchObject([{ event: 'log', data: { breaker: name } }])
  })
})
