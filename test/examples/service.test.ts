import { readdirSync, readFileSync } from 'node:fs'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createService as ours } from '../../examples/service.ts'
import { createService as withOpossum } from './opossum-service.ts'

const PATIENCE = { timeout: 5_000, interval: 5 }

/** An upstream that does what it is told. */
class Upstream {
  behaviour: 'answer' | 'fail' | 'hang' | 'miss' = 'answer'
  received = 0
  hanging = 0
  readonly #server: Server = createServer((_, response) => this.#react(response))

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  #react(response: ServerResponse): void {
    this.received++
    const status = { answer: 200, fail: 500, miss: 404, hang: 0 }[this.behaviour]
    if (status > 0) {
      response.writeHead(status, { 'content-type': 'application/json' }).end('{"id":1}')
      return
    }
    this.hanging++
    response.on('close', () => this.hanging--)
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}

/** Lines of code, without empty ones and comments. */
function linesOf(file: string): number {
  const text = readFileSync(join(import.meta.dirname, file), 'utf8')
  return text.split('\n').filter((line) => !/^\s*(\/\/|\/\*\*|\*|$)/.test(line)).length
}

describe.each([
  ['with short-circuit', ours],
  ['with opossum', withOpossum],
])('the service %s', (_, createService) => {
  let users: Upstream
  let prices: Upstream
  let app: FastifyInstance

  const start = async (resetTimeout = 59_500) => {
    const [usersAt, pricesAt] = [await users.start(), await prices.start()]
    app = await createService({ users: usersAt, prices: pricesAt, resetTimeout, callTimeout: 500 })
  }
  const get = async (url: string) => {
    const { statusCode, headers, body } = await app.inject(url)
    return { status: statusCode, headers, body }
  }
  const fail = async (url: string) => {
    for (let i = 0; i < 3; i++) await get(url)
  }

  beforeEach(() => {
    users = new Upstream()
    prices = new Upstream()
  })

  afterEach(async () => {
    await app.close()
    await Promise.all([users.stop(), prices.stop()])
  })

  it('answers what its upstreams answer', async () => {
    await start()
    const [user, price] = [await get('/users/1'), await get('/prices/1')]

    expect([user.status, user.body, user.headers['x-cache']]).toEqual([200, '{"id":1}', undefined])
    expect([price.status, price.body]).toEqual([200, '{"id":1}'])
  })

  it.each(['fail', 'hang'] as const)(
    'answers from its cache while users %s, and leaves them alone',
    async (how) => {
      await start()
      await get('/users/1')
      users.behaviour = how
      const answers = []
      for (let i = 0; i < 6; i++) answers.push(await get('/users/1'))

      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200])
      expect(answers.every(({ headers }) => headers['x-cache'] === 'stale')).toBe(true)
      // By the share of failures it opens one request earlier than by their number.
      expect(users.received).toBeLessThanOrEqual(4)
    },
  )

  it('answers 503 with the time to come back while prices are down, and says nothing else', async () => {
    await start()
    prices.behaviour = 'fail'
    await fail('/prices/1')
    const { status, headers, body } = await get('/prices/1')

    expect([status, headers['retry-after'], headers['cache-control']]).toEqual([
      503,
      '60',
      'no-store',
    ])
    expect(headers['content-type']).toMatch(/^application\/problem\+json/)
    expect(body).not.toMatch(/price|circuit|breaker/i)
    expect(prices.received).toBe(3)
  })

  it('answers 502 for an upstream that fails, and 504 for one that hangs, whose request it ends', async () => {
    await start()
    prices.behaviour = 'fail'
    expect((await get('/prices/1')).status).toBe(502)
    prices.behaviour = 'hang'
    expect((await get('/prices/1')).status).toBe(504)

    await vi.waitFor(() => expect(prices.hanging).toBe(0), PATIENCE)
  })

  it('passes on that there is none, whatever the cache has, and does not hold it against the upstream', async () => {
    await start()
    await get('/users/1')
    users.behaviour = 'miss'
    const statuses = []
    for (let i = 0; i < 6; i++) statuses.push((await get('/users/1')).status)

    expect(statuses).toEqual([404, 404, 404, 404, 404, 404])
    expect(users.received).toBe(7)
  })

  it('is unready while prices are down, and not while users are', async () => {
    await start()
    users.behaviour = 'fail'
    await fail('/users/1')
    expect((await get('/ready')).status).toBe(200)
    prices.behaviour = 'fail'
    await fail('/prices/1')

    expect((await get('/ready')).status).toBe(503)
  })

  it('shows in its metrics what is open, and how calls ended', async () => {
    await start()
    await get('/users/1')
    prices.behaviour = 'fail'
    await fail('/prices/1')
    const { body } = await get('/metrics')

    // What the labels are called is up to whoever writes them.
    const lines = body.replaceAll(/([{,])circuit_breaker_/g, '$1')
    expect(lines).toContain('circuit_breaker_state{name="prices",state="open"} 1')
    expect(lines).toContain('circuit_breaker_state{name="users",state="closed"} 1')
    expect(lines).toContain('circuit_breaker_calls_total{name="prices",outcome="failure"} 3')
    expect(lines).toContain('circuit_breaker_calls_total{name="users",outcome="success"} 1')
  })

  it('comes back by itself', async () => {
    await start(50)
    prices.behaviour = 'fail'
    await fail('/prices/1')
    prices.behaviour = 'answer'
    await vi.waitFor(async () => expect((await get('/prices/1')).status).toBe(200), PATIENCE)

    expect((await get('/ready')).status).toBe(200)
  })
})

const page = readFileSync(join(import.meta.dirname, '../../docs/recipes.md'), 'utf8')

describe('the service with short-circuit', () => {
  it('has fewer lines than that with opossum', () => {
    const [own, other] = [linesOf('../../examples/service.ts'), linesOf('opossum-service.ts')]

    expect(own).toBeLessThan(other)
    expect(page).toContain(`The service has ${own} lines.`)
    expect(page).toMatch(new RegExp(`opossum-service\\.ts\\) has ${other}\\b`))
  })
})

describe('the recipes', () => {
  const files = readdirSync(join(import.meta.dirname, '../../examples')).filter(
    (file) => file.endsWith('.ts') && !file.endsWith('.test.ts'),
  )

  it.each(files)('have a row for %s', (file) => {
    expect(page).toContain(`[${file}](../examples/${file})`)
  })
})
