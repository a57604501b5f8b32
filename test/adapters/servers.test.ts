import { createServer, type Server } from 'node:http'
import express from 'express'
import Fastify, { type FastifyInstance } from 'fastify'
import { Hono } from 'hono'
import { HTTPException } from 'hono/http-exception'
import Koa from 'koa'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { circuitErrors as expressErrors } from '../../src/express/index.ts'
import { circuits } from '../../src/fastify/index.ts'
import { circuitErrors as honoErrors } from '../../src/hono/index.ts'
import { CircuitRegistry } from '../../src/index.ts'
import { createOpenError } from '../../src/testing/index.ts'
import {
  type App,
  closed,
  DESCRIPTION,
  describeServer,
  ERRORS,
  listening,
} from './server-contract.ts'

function expressApp(): App {
  let server: Server | undefined
  return {
    name: 'express',
    async start() {
      const app = express()
      for (const [name, create] of Object.entries(ERRORS)) {
        // Express 4 does not look at the promises of its handlers.
        const handler = () => {
          throw create()
        }
        app.get(`/${name}`, process.env['EXPRESS'] === '4' ? handler : async () => handler())
      }
      app.get('/begun', (_request, response, next) => {
        response.write('begun')
        next(createOpenError())
      })
      app.get('/described', (_request, response) => {
        response.set(DESCRIPTION)
        throw createOpenError()
      })
      app.use(expressErrors())
      app.use(((error, _request, response, next) => {
        if (response.headersSent) next(error)
        else response.status(500).send('own handler')
      }) as express.ErrorRequestHandler)
      server = createServer(app)
      return listening(server)
    },
    stop: () => closed(server),
  }
}

function fastifyApp(): App {
  let app: FastifyInstance
  return {
    name: 'fastify',
    async start() {
      app = Fastify()
      // biome-ignore lint/nursery/noMisusedPromises: Fastify waits for its plugins.
      await app.register(circuits, {
        registry: new CircuitRegistry(),
        otherwise: (_error, _request, reply) => reply.code(500).send('own handler'),
      })
      for (const [name, create] of Object.entries(ERRORS)) {
        app.get(`/${name}`, async () => {
          throw create()
        })
      }
      app.get('/described', async (_request, reply) => {
        reply.headers(DESCRIPTION)
        throw createOpenError()
      })
      return app.listen({ port: 0, host: '127.0.0.1' })
    },
    stop: () => app.close(),
  }
}

function honoApp(): App {
  let server: Server | undefined
  return {
    name: 'hono',
    async start() {
      const app = new Hono()
      for (const [name, create] of Object.entries(ERRORS)) {
        app.get(`/${name}`, () => {
          throw create()
        })
      }
      app.get('/described', (context) => {
        for (const [name, value] of Object.entries(DESCRIPTION)) context.header(name, value)
        throw createOpenError()
      })
      app.onError(honoErrors((_error, context) => context.text('own handler', 500)))
      server = createServer(async (request, response) => {
        const answer = await app.fetch(
          new Request(`http://127.0.0.1${request.url}`, { method: request.method ?? 'GET' }),
        )
        response.writeHead(answer.status, Object.fromEntries(answer.headers))
        response.end(await answer.text())
      })
      return listening(server)
    },
    stop: () => closed(server),
  }
}

for (const app of [expressApp(), fastifyApp(), honoApp()]) describeServer(app)

describe('express', () => {
  it('ends an answer that has begun as Express does', async () => {
    const app = expressApp()
    const origin = await app.start()
    const body = await fetch(`${origin}/begun`)
      .then((response) => response.text())
      .catch((error: unknown) => error)
    await app.stop()

    expect(body).toBeInstanceOf(Error)
  })
})

describe('koa', () => {
  it.each([
    { path: 'open', status: 503, retryAfter: '2' },
    { path: 'full', status: 503, retryAfter: null },
    { path: 'late', status: 504, retryAfter: null },
  ])('answers $status by the error itself: $path', async ({ path, status, retryAfter }) => {
    const app = new Koa()
    app.silent = true
    app.use(() => {
      throw ERRORS[path]?.()
    })
    const server = createServer(app.callback())
    onTestFinished(() => closed(server))
    const response = await fetch(await listening(server))
    const text = await response.text()

    expect([response.status, response.headers.get('retry-after')]).toEqual([status, retryAfter])
    expect(text).not.toContain('secret')
  })
})

describe('hono', () => {
  it('answers other errors as Hono does, without a handler', async () => {
    const app = new Hono()
    app.get('/http', () => {
      throw new HTTPException(418, { message: 'teapot' })
    })
    app.get('/other', () => {
      throw new Error('secret')
    })
    app.onError(honoErrors())
    vi.spyOn(console, 'error').mockImplementation(() => {})
    onTestFinished(() => void vi.restoreAllMocks())
    const [http, other] = [await app.request('/http'), await app.request('/other')]

    expect(console.error).toHaveBeenCalledExactlyOnceWith(new Error('secret'))
    expect([http.status, await http.text()]).toEqual([418, 'teapot'])
    expect([other.status, await other.text()]).toEqual([500, 'Internal Server Error'])
  })

  it('answers in full where the middleware fails after the route has answered', async () => {
    const app = new Hono()
    app.use(async (context, next) => {
      context.header('x-request-id', 'r1')
      await next()
      throw createOpenError()
    })
    app.get('/', (context) => context.body('12345', 200, { 'content-length': '5', etag: '"5"' }))
    app.onError(honoErrors())
    const { status, headers } = await app.request('/')

    expect(status).toBe(503)
    expect(headers.get('content-type')).toBe('application/problem+json')
    expect(headers.get('x-request-id')).toBe('r1')
    expect([headers.get('content-length'), headers.get('etag')]).toEqual([null, null])
  })

  it('takes nothing but a function', () => {
    expect(() => honoErrors('mine' as never)).toThrow('circuitErrors takes a function, got string')
  })
})

describe('fastify', () => {
  const start = async (options: object = {}) => {
    const registry = new CircuitRegistry({ defaults: { maxFailures: 1 } })
    const app = Fastify()
    // biome-ignore lint/nursery/noMisusedPromises: Fastify waits for its plugins.
    await app.register(circuits, { registry, ...options })
    return { app, registry }
  }

  it('decorates the application with the registry', async () => {
    const { app, registry } = await start()

    expect((app as unknown as { circuits: unknown }).circuits).toBe(registry)
    await app.close()
  })

  it('lets error handlers of nested plugins come first', async () => {
    const { app } = await start()
    // biome-ignore lint/nursery/noMisusedPromises: Fastify waits for its plugins.
    await app.register(async (child) => {
      child.setErrorHandler((_error, _request, reply) => reply.code(418).send('nested'))
      child.get('/nested', async () => {
        throw createOpenError()
      })
    })
    const response = await app.inject('/nested')

    expect([response.statusCode, response.body]).toEqual([418, 'nested'])
    await app.close()
  })

  it.each(['open', 'full', 'late', 'wrapped'])(
    'names no breaker where a hook that runs for every answer throws its error: %s',
    async (name) => {
      const { app } = await start()
      app.addHook('onSend', async () => {
        throw ERRORS[name]?.()
      })
      app.get('/', async (_request, reply) => {
        reply.headers({ etag: '"body"', 'x-request-id': 'r1' })
        return { fine: true }
      })
      app.get('/failing', async () => {
        throw createOpenError({ breaker: 'secret' })
      })
      const origin = await app.listen({ port: 0, host: '127.0.0.1' })
      for (const path of ['/', '/failing', '/nowhere']) {
        const { statusCode: status, headers, body } = await app.inject(path)
        const expected = name === 'late' && path !== '/failing' ? 504 : 503
        expect([status, JSON.parse(body).status]).toEqual([expected, expected])
        expect(headers['content-type']).toBe('application/problem+json')
        expect([headers.etag, headers['x-request-id']]).toEqual([
          undefined,
          path === '/' ? 'r1' : undefined,
        ])
        expect(body).not.toContain('secret')
      }
      const head = await fetch(origin, { method: 'HEAD' })
      expect(await head.text()).toBe('')
      await app.close()
    },
  )

  it('is ready unless a required breaker is open by itself', async () => {
    const { app, registry } = await start({ health: '/ready', required: ['database'] })
    const status = async () => {
      const { statusCode, body, headers } = await app.inject('/ready')
      return [statusCode, JSON.parse(body).status, headers['cache-control']]
    }
    const ready = [200, 'ready', 'no-store']

    expect(await status()).toEqual(ready)
    registry.breaker('cache').trip()
    expect(await status()).toEqual(ready)
    registry.breaker('database').forceOpen('migration')
    expect(await status()).toEqual(ready)
    registry.breaker('database').release()
    registry.breaker('database').trip()
    expect(await status()).toEqual([503, 'unready', 'no-store'])
    registry.breaker('database').halfOpen()
    expect(await status()).toEqual(ready)
    await app.close()
  })

  it('answers other errors as before, where it is not told otherwise', async () => {
    const { app } = await start()
    app.get('/other', async () => {
      throw Object.assign(new Error('mine'), { statusCode: 409 })
    })

    expect((await app.inject('/other')).json()).toMatchObject({ statusCode: 409, message: 'mine' })
    await app.close()
  })

  it('has no route without a path for it', async () => {
    const { app } = await start()

    expect((await app.inject('/ready')).statusCode).toBe(404)
    await app.close()
  })

  it.each([
    [{ registry: undefined }, 'registry must be a CircuitRegistry, got undefined'],
    [{ otherwise: 'mine' }, 'otherwise of circuits must be a function, got string'],
    [{ health: 'ready' }, 'health must be a path that begins with "/", got ready'],
  ])('says what is wrong with its options: %j', async (options, message) => {
    await expect(start(options)).rejects.toThrow(message)
  })
})
