import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  type AdminHandler,
  type AdminOptions,
  admin,
  type LogEntry,
} from '../../src/admin/index.ts'
import { CircuitRegistry } from '../../src/index.ts'
import { ManualClock } from '../../src/testing/manual-clock.ts'
import { nodeApp, type Running } from './apps.ts'

let registry: CircuitRegistry
let clock: ManualClock
let handler: AdminHandler
let server: Running
let errors: unknown[]
/** The requests that were rejected, as the log has them: their statuses. */
let rejected: (number | null)[]

async function start(options: Partial<AdminOptions> = {}): Promise<void> {
  await server?.stop()
  handler?.close()
  clock = new ManualClock(1_200_000_000)
  registry = new CircuitRegistry({ defaults: { clock, maxFailures: 1 } })
  registry.breaker('payments')
  errors = []
  rejected = []
  const onError = (error: unknown) => errors.push(error)
  const onAudit = ({ kind, status }: LogEntry) => {
    if (kind === 'rejected') rejected.push(status)
  }
  handler = admin({ registry, clock, onAudit, onError, ...options })
  server = await nodeApp.start(handler)
}

beforeEach(() => start())
afterEach(async () => {
  handler.close()
  await server.stop()
})

function open(): Socket {
  const socket = connect(server.port, '127.0.0.1')
  socket.on('error', () => {})
  return socket
}

interface Raw {
  readonly status: number
  readonly head: string
}

/** Sends it as it is, and returns the head of what is answered; status 0 for nothing. */
async function send(...lines: readonly string[]): Promise<Raw> {
  const socket = open()
  socket.write(lines.join('\r\n'))
  return read(socket)
}

async function read(socket: Socket): Promise<Raw> {
  let text = ''
  socket.setEncoding('latin1')
  for await (const chunk of socket) {
    text += chunk
    if (text.includes('\r\n\r\n')) break
  }
  const head = text.slice(0, text.indexOf('\r\n\r\n'))
  return { status: Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1] ?? 0), head }
}

function host(): string {
  return `Host: localhost:${server.port}`
}

const TRIP = 'POST /api/v1/breakers/payments/trip HTTP/1.1'
const JSON_TYPE = 'Content-Type: application/json'
const REASON = '{"reason":"a drill"}'

function stillClosed(): void {
  expect(registry.get('payments')?.snapshot()).toMatchObject({
    automatic: 'closed',
    override: null,
  })
  expect(registry.size).toBe(1)
}

describe('an attacker who can reach the port', () => {
  it.each([
    ['asks by another name', ['Host: evil.example']],
    [
      'asks by another name of the same origin',
      ['Host: evil.example', 'Origin: http://evil.example'],
    ],
    ['has a name with localhost in it', ['Host: localhost.evil.example']],
    ['has an address in place of a name', ['Host: 10.1.2.3']],
    ['sends two names', ['Host: localhost', 'Host: evil.example']],
    ['sends two names the other way round', ['Host: evil.example', 'Host: localhost']],
    ['sends no name', []],
    ['says where it comes from', ['Host: localhost', 'Origin: http://evil.example']],
    ['comes from a sandbox', ['Host: localhost', 'Origin: null']],
    ['comes from another port', ['Host: localhost', 'Sec-Fetch-Site: same-site']],
    ['comes through a proxy', ['Host: localhost', 'X-Forwarded-For: 127.0.0.1']],
    ['comes through a proxy of the standard', ['Host: localhost', 'Forwarded: for=127.0.0.1']],
  ])('is not let in when he %s', async (_, headers) => {
    const read = await send('GET /api/v1/breakers HTTP/1.1', ...headers, '', '')
    const body = [JSON_TYPE, `Content-Length: ${REASON.length}`, '', REASON]
    const written = await send(TRIP, ...headers, ...body)

    expect([400, 403]).toContain(read.status)
    expect(written.status).toBe(read.status)
    // Without one name, it is no request that the handler could be asked.
    expect(rejected).toEqual(read.status === 403 ? [403, 403] : [])
    stillClosed()
  })

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=a'])(
    'can not write by a form of the type %s',
    async (type) => {
      const length = `Content-Length: ${REASON.length}`

      expect(await send(TRIP, host(), `Content-Type: ${type}`, length, '', REASON)).toMatchObject({
        status: 415,
      })
      expect(rejected).toEqual([415])
      stillClosed()
    },
  )

  it.each([
    'GET http://evil.example/api/v1/breakers HTTP/1.1',
    'GET *  HTTP/1.1',
    'OPTIONS * HTTP/1.1',
    'TRACE /api/v1/breakers HTTP/1.1',
    'GET /api/v1/breakers HTTP/1.0',
    'GET //evil.example/api/v1/breakers/payments/trip HTTP/1.1',
    'GET /api/v1//breakers HTTP/1.1',
    'GET /api/v1/breakers/%2e%2e/%2e%2e/secret HTTP/1.1',
    'GET /api/v1/breakers/..%2f..%2fsecret HTTP/1.1',
    'GET /api/v1/breakers/%00 HTTP/1.1',
    'GET /api/v1/breakers/%ff%fe HTTP/1.1',
    'GET /api/v1/breakers;jsessionid=1 HTTP/1.1',
    'GET /api/v1/BREAKERS HTTP/1.1',
    'GET /%61pi/v1/breakers/payments HTTP/1.1',
    'GET /\\..\\api/v1/other HTTP/1.1',
    `GET /api/v1/breakers/${'a'.repeat(5_000)} HTTP/1.1`,
    `GET /${'a/'.repeat(2_500)} HTTP/1.1`,
    `GET /api/v1/breakers?${'name=a&'.repeat(500)} HTTP/1.1`,
  ])('gets nothing by %s', async (line) => {
    const { status } = await send(line, host(), '', '')

    expect(status).toBeGreaterThanOrEqual(300)
    expect(status).toBeLessThan(500)
    expect(errors).toEqual([])
    stillClosed()
  })

  it.each(['/a%0d%0aSet-Cookie:%20x=1', '/%0d%0a%0d%0a<script>', '/a%0aLocation:%20evil'])(
    'can not add a header by the path %s',
    async (path) => {
      const { status, head } = await send(`GET ${path} HTTP/1.1`, host(), '', '')

      expect(status).toBe(308)
      expect(head).not.toMatch(/^(set-cookie|location: evil|<script)/im)
    },
  )

  it('can not smuggle a second request', async () => {
    const smuggled = `GET /api/v1/breakers HTTP/1.1\r\n${host()}\r\n\r\n`
    const both = ['Content-Length: 5', 'Transfer-Encoding: chunked']

    const { status } = await send(TRIP, host(), JSON_TYPE, ...both, '', `0\r\n\r\n${smuggled}`)

    expect(status).toBe(400)
    stillClosed()
  })

  it('can not make it create breakers by asking for unknown ones', async () => {
    for (let i = 0; i < 2_000; i++) {
      const request = new Request(`http://localhost/api/v1/breakers/unknown-${i}`)
      await handler(request, { address: '127.0.0.1' })
    }

    expect(rejected).toEqual(Array(10).fill(404))
    stillClosed()
  })
})

describe('a body', () => {
  it('that says it has a gigabyte is not waited for', async () => {
    const { status, head } = await send(
      TRIP,
      host(),
      JSON_TYPE,
      'Content-Length: 1000000000',
      '',
      '',
    )

    expect(status).toBe(413)
    expect(rejected).toEqual([413])
    expect(head).toMatch(/^connection: close$/im)
  })

  it('without an end is cut off', async () => {
    const socket = open()
    socket.write(`${TRIP}\r\n${host()}\r\n${JSON_TYPE}\r\nTransfer-Encoding: chunked\r\n\r\n`)
    const chunk = `1000\r\n${' '.repeat(0x1000)}\r\n`
    let sent = 0
    const pump = (): void => {
      while (sent < 50_000_000 && !socket.destroyed) {
        sent += chunk.length
        if (!socket.write(chunk)) {
          socket.once('drain', pump)
          return
        }
      }
    }
    pump()

    const { status } = await read(socket)
    if (!socket.destroyed) await once(socket, 'close')

    // The answer may be lost with the connection.
    expect([413, 0]).toContain(status)
    expect(sent).toBeLessThan(50_000_000)
    stillClosed()
  })

  it('that comes too slowly is given up, with its connection', async () => {
    const socket = open()
    socket.write(`${TRIP}\r\n${host()}\r\n${JSON_TYPE}\r\nContent-Length: 20\r\n\r\n{`)
    const timers = clock.timers
    await expect.poll(() => clock.timers).toBe(timers + 1)
    await clock.advance(5_000)

    expect(await read(socket)).toMatchObject({ status: 408 })
    expect(rejected).toEqual([408])
    await expect.poll(() => server.connections.size).toBe(0)
    stillClosed()
  })

  it('whose client leaves in the middle changes nothing and leaves nothing behind', async () => {
    const timers = clock.timers
    for (let i = 0; i < 100; i++) {
      const socket = open()
      await once(socket, 'connect')
      socket.write(`${TRIP}\r\n${host()}\r\n${JSON_TYPE}\r\nContent-Length: 20\r\n\r\n{"reason"`)
      if (i % 2 === 0) await expect.poll(() => clock.timers).toBeGreaterThan(timers)
      socket.destroy()
    }

    await expect.poll(() => server.connections.size).toBe(0)
    await expect.poll(() => clock.timers).toBe(timers)
    expect(errors).toEqual([])
    stillClosed()
  })

  it('may come behind others on one connection', async () => {
    const body = `Content-Length: ${REASON.length}`
    const request = [TRIP, host(), JSON_TYPE, body, '', REASON].join('\r\n')
    const socket = open()
    socket.write(request + request)
    let text = ''
    socket.setEncoding('utf8')
    socket.on('data', (chunk) => (text += chunk))

    await expect.poll(() => text.match(/HTTP\/1\.1 200/g)?.length).toBe(2)
    socket.destroy()
  })
})

describe('a crowd', () => {
  it('of streams is limited to 50, and they are free again when it has left', async () => {
    const answers = await Promise.all(
      Array.from({ length: 200 }, () => fetch(`${server.base}/api/v1/events`)),
    )
    const statuses = answers.map(({ status }) => status)
    expect(statuses.filter((status) => status === 200)).toHaveLength(50)
    expect(statuses.filter((status) => status === 503)).toHaveLength(150)
    expect(rejected).toEqual(Array(10).fill(503))
    expect(answers.find(({ status }) => status === 503)?.headers.get('retry-after')).toBe('5')

    await Promise.all(answers.map(({ body }) => body?.cancel()))

    await expect
      .poll(async () => {
        const answer = await fetch(`${server.base}/api/v1/events`)
        await answer.body?.cancel()
        return answer.status
      })
      .toBe(200)
  })

  it('of streams that are cut off leaves no timer', async () => {
    const timers = clock.timers
    for (let round = 0; round < 4; round++) {
      const sockets = Array.from({ length: 25 }, () => open())
      for (const socket of sockets) {
        socket.write(`GET /api/v1/events HTTP/1.1\r\n${host()}\r\n\r\n`)
        expect(await read(socket)).toMatchObject({ status: 200 })
      }
      for (const socket of sockets) socket.destroy()
      await expect.poll(() => server.connections.size).toBe(0)
    }

    await expect.poll(() => clock.timers).toBe(timers)
  })

  it('of requests that wait for authorize is limited to 100', async () => {
    await start({ authorize: () => new Promise(() => {}) })
    const sockets = Array.from({ length: 120 }, () => open())
    for (const socket of sockets) {
      socket.write(`GET /api/v1/session HTTP/1.1\r\n${host()}\r\n\r\n`)
    }
    await expect.poll(() => clock.timers).toBe(101)
    const answers = await Promise.all(sockets.slice(100).map(read))

    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(503))
    expect(rejected).toEqual(Array(10).fill(503))
    await clock.advance(5_000)
    const late = await Promise.all(sockets.slice(0, 100).map(read))
    expect(new Set(late.map(({ status }) => status))).toEqual(new Set([401, 429]))
    for (const socket of sockets) socket.destroy()
  })
})

describe('a registry that changes while it is looked at', () => {
  it('is listed without those that are gone', async () => {
    const small = new CircuitRegistry({ maxSize: 5, defaults: { clock } })
    await start({ registry: small })
    for (let i = 0; i < 200; i++) {
      small.breaker(`b${i}`).trip()
      small.breaker(`b${i}`).reset()
      if (i % 10 === 0) {
        const request = new Request('http://localhost/api/v1/breakers')
        const answer = await handler(request, { address: '127.0.0.1' })
        expect(answer.status).toBe(200)
        expect(((await answer.json()) as { rows: [] }).rows.length).toBeLessThanOrEqual(5)
      }
    }
    expect(errors).toEqual([])
  })
})
