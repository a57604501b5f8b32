import 'reflect-metadata'
import {
  Controller,
  Get,
  type INestApplication,
  Inject,
  Injectable,
  Module,
  NotFoundException,
  Res,
  UseFilters,
} from '@nestjs/common'
import { APP_FILTER, HttpAdapterHost, NestFactory } from '@nestjs/core'
import { ExpressAdapter } from '@nestjs/platform-express'
import { FastifyAdapter } from '@nestjs/platform-fastify'
import { HealthCheck, HealthCheckService, TerminusModule } from '@nestjs/terminus'
import { afterEach, describe, expect, it } from 'vitest'
import { CircuitBreaker, type CircuitBreakerOptions, CircuitRegistry } from '../../src/index.ts'
import {
  CircuitExceptionFilter,
  CircuitHealthIndicator,
  CircuitModule,
  InjectBreaker,
  InjectRegistry,
} from '../../src/nestjs/index.ts'
import { createOpenError } from '../../src/testing/index.ts'
import { type App, DESCRIPTION, describeServer, ERRORS } from './server-contract.ts'

type Class = new (...args: never[]) => object

const ADAPTERS = { express: ExpressAdapter, fastify: FastifyAdapter }
type AdapterName = keyof typeof ADAPTERS

const opened: { close(): Promise<void> }[] = []

async function start(
  module: unknown,
  adapter: AdapterName = 'express',
  prepare: (app: INestApplication) => unknown = () => {},
) {
  const app = await NestFactory.create(
    module as Class,
    new ADAPTERS[adapter]() as InstanceType<typeof ExpressAdapter>,
    { logger: false, abortOnError: false },
  )
  opened.push(app)
  prepare(app)
  await app.listen(0, '127.0.0.1')
  return { app, url: (await app.getUrl()).replace('[::1]', '127.0.0.1') }
}

/** What decorators do, as functions. */
function routes(methods: Record<string, (...args: never[]) => unknown>): Class {
  class Routes {}
  for (const [name, value] of Object.entries(methods)) {
    Object.defineProperty(Routes.prototype, name, { value, writable: true, configurable: true })
    const descriptor = Object.getOwnPropertyDescriptor(Routes.prototype, name)
    Get(name)(Routes.prototype, name, descriptor as PropertyDescriptor)
    if (value.length > 0) Res({ passthrough: true })(Routes.prototype, name, 0)
  }
  Controller()(Routes)
  return Routes
}

function moduleOf(parts: object): Class {
  class Root {}
  Module(parts)(Root)
  return Root
}

function throwing(): Class {
  const registry = new CircuitRegistry()
  const methods = Object.entries(ERRORS).map(([name, create]) => [
    name,
    () => {
      throw create()
    },
  ])
  return moduleOf({
    imports: [CircuitModule.forRoot({ registry })],
    controllers: [
      routes({
        ...Object.fromEntries(methods),
        described(response: { setHeader?: unknown; header(name: string, value: string): void }) {
          for (const [name, value] of Object.entries(DESCRIPTION)) response.header(name, value)
          throw createOpenError()
        },
        begun(response: { raw?: object; write?: unknown }) {
          const raw = (response.raw ?? response) as { write(text: string): void }
          raw.write('begun')
          throw createOpenError()
        },
        missing() {
          throw new NotFoundException('no such user')
        },
      }),
    ],
  })
}

function closeAll(): Promise<unknown> {
  return Promise.all(opened.splice(0).map((app) => app.close()))
}

const others = {
  provide: APP_FILTER,
  useValue: {
    catch(_: unknown, host: { getArgByIndex(index: number): object }) {
      const response = host.getArgByIndex(1) as {
        status(code: number): { send(text: string): void }
      }
      response.status(500).send('own handler')
    },
  },
}

function importsOf(module: Class): unknown[] {
  return Reflect.getMetadata('imports', module) as unknown[]
}

function nestApp(adapter: AdapterName): App {
  return {
    name: `nest on ${adapter}`,
    start: async () => {
      const root = throwing()
      // Before the module, so that the filter of the module is asked first.
      importsOf(root).unshift(moduleOf({ providers: [others] }))
      return (await start(root, adapter)).url
    },
    stop: closeAll,
  }
}

for (const adapter of ['express', 'fastify'] as const) describeServer(nestApp(adapter))

describe.each(['express', 'fastify'] as const)('CircuitModule on %s', (adapter) => {
  afterEach(closeAll)

  it('leaves other errors to Nest', async () => {
    const { url } = await start(throwing(), adapter)
    const [missing, other] = [await fetch(`${url}/missing`), await fetch(`${url}/other`)]

    expect([missing.status, await missing.json()]).toEqual([
      404,
      { error: 'Not Found', message: 'no such user', statusCode: 404 },
    ])
    expect([other.status, await other.text()]).toEqual([
      500,
      expect.stringContaining('Internal server error'),
    ])
  })

  it('lets a filter for everything come first whose module is imported later', async () => {
    const root = throwing()
    importsOf(root).push(moduleOf({ providers: [others] }))
    const { url } = await start(root, adapter)
    const response = await fetch(`${url}/open`)

    expect([response.status, await response.text()]).toEqual([500, 'own handler'])
  })

  it('ends an answer that has begun', async () => {
    const { url } = await start(throwing(), adapter)
    const body = await fetch(`${url}/begun`).then((response) => response.text())

    expect(body).toBe('begun')
  })

  it('injects breakers by name, created with their options in the registry', async () => {
    const registry = new CircuitRegistry({ defaults: { resetTimeout: 5_000 } })
    class Users {
      readonly breaker: CircuitBreaker
      constructor(breaker: CircuitBreaker) {
        this.breaker = breaker
      }
    }
    Injectable()(Users)
    InjectBreaker('users')(Users, undefined, 0)
    const { app } = await start(
      moduleOf({
        imports: [CircuitModule.forRoot({ registry, breakers: { users: { maxFailures: 7 } } })],
        providers: [Users],
      }),
      adapter,
    )
    const { breaker } = app.get(Users)

    expect(breaker).toBeInstanceOf(CircuitBreaker)
    expect(breaker).toBe(registry.breaker('users'))
    expect(breaker.options).toMatchObject({ resetTimeout: 5_000 })
    expect(breaker.options.trip).toMatchObject({ consecutiveFailures: 7 })
  })
})

describe('CircuitModule', () => {
  afterEach(closeAll)

  it('injects into properties, and the registry, in every module', async () => {
    const registry = new CircuitRegistry()
    class Orders {
      declare readonly breaker: CircuitBreaker
      declare readonly circuits: CircuitRegistry
    }
    Injectable()(Orders)
    InjectBreaker('orders')(Orders.prototype, 'breaker')
    InjectRegistry()(Orders.prototype, 'circuits')
    const { app } = await start(
      moduleOf({
        imports: [
          moduleOf({ providers: [Orders] }),
          CircuitModule.forRoot({ registry, breakers: { orders: {} } }),
        ],
      }),
    )
    const orders = app.get(Orders, { strict: false })

    expect(orders.breaker).toBe(registry.breaker('orders'))
    expect(orders.circuits).toBe(registry)
  })

  it('finds breakers that exist, whatever their options', async () => {
    const registry = new CircuitRegistry()
    const users = registry.breaker('users', { maxFailures: 3 })
    const { app } = await start(
      moduleOf({ imports: [CircuitModule.forRoot({ registry, breakers: { users: {} } })] }),
    )

    expect(app.get('CircuitBreaker(users)')).toBe(users)
  })

  it('says which breaker is missing where one is injected that was not named', async () => {
    class Users {}
    Injectable()(Users)
    InjectBreaker('user')(Users, undefined, 0)
    const root = moduleOf({
      imports: [
        CircuitModule.forRoot({ registry: new CircuitRegistry(), breakers: { users: {} } }),
      ],
      providers: [Users],
    })

    await expect(start(root)).rejects.toThrow('CircuitBreaker(user)')
  })

  it('takes its options from a factory, asynchronously', async () => {
    const registry = new CircuitRegistry()
    const config = { provide: 'CONFIG', useValue: { maxFailures: 4 } }
    class Config {}
    Module({ providers: [config], exports: ['CONFIG'] })(Config)
    const { app } = await start(
      moduleOf({
        imports: [
          CircuitModule.forRootAsync({
            names: ['users'],
            imports: [Config],
            inject: ['CONFIG'],
            useFactory: async (users: CircuitBreakerOptions) => ({ registry, breakers: { users } }),
          }),
        ],
      }),
    )

    expect(app.get('CircuitBreaker(users)')).toBe(registry.breaker('users'))
    expect(registry.breaker('users').options.trip).toMatchObject({ consecutiveFailures: 4 })
  })

  it('does not start with options that are wrong', async () => {
    const forRoot = (options: object) => () => CircuitModule.forRoot(options as never)

    expect(forRoot({})).toThrow('registry must be a CircuitRegistry, got undefined')
    expect(forRoot({ registry: new CircuitRegistry(), circuits: {} })).toThrow(
      'unknown option "circuits" (of CircuitModule); known are registry, breakers, required',
    )
    await expect(
      start(
        moduleOf({
          imports: [CircuitModule.forRootAsync({ useFactory: () => ({ registry: {} }) as never })],
        }),
      ),
    ).rejects.toThrow('registry must be a CircuitRegistry, got object')
  })
})

describe('CircuitExceptionFilter', () => {
  afterEach(closeAll)

  it('can be used without the module', async () => {
    const root = moduleOf({ controllers: [routes({ open: throwOpen })] })
    const { url } = await start(root, 'express', (app) => {
      app.useGlobalFilters(new CircuitExceptionFilter(app.get(HttpAdapterHost)))
    })

    expect((await fetch(`${url}/open`)).status).toBe(503)
  })

  it('can be used at one controller', async () => {
    const controller = routes({ open: throwOpen })
    UseFilters(CircuitExceptionFilter)(controller)
    const { url } = await start(moduleOf({ controllers: [controller] }))

    expect((await fetch(`${url}/open`)).status).toBe(503)
  })

  it('ends what a handler has begun to write past Fastify, where the adapter does not notice', () => {
    const ended: unknown[] = []
    const httpAdapter = {
      isHeadersSent: () => false, // as Nest 11
      setHeader: expect.unreachable,
      reply: expect.unreachable,
      end: (response: unknown) => ended.push(response),
    }
    const response = { sent: false, raw: { headersSent: true } }
    const host = { getType: () => 'http', getArgByIndex: () => response }
    new CircuitExceptionFilter({ httpAdapter }).catch(createOpenError(), host)

    expect(ended).toEqual([response])
  })

  it('leaves what is no request of HTTP to its own handler', () => {
    const filter = new CircuitExceptionFilter({ httpAdapter: undefined as never })
    const host = { getType: () => 'graphql', getArgByIndex: () => ({}) }

    expect(filter.catch(createOpenError(), host)).toBeUndefined()
  })
})

function throwOpen(): never {
  throw createOpenError({ breaker: 'secret', retryAfter: 10 })
}

describe('CircuitHealthIndicator', () => {
  afterEach(closeAll)

  // Terminus 11 does not show what is neither up nor down.
  const degraded =
    process.env['NESTJS'] === '11'
      ? [200, 'ok', undefined]
      : [200, 'degraded', { status: 'degraded' }]

  const serve = async (required?: string[]) => {
    const registry = new CircuitRegistry()
    class Health {
      readonly #health: HealthCheckService
      readonly #circuits: CircuitHealthIndicator
      constructor(health: HealthCheckService, circuits: CircuitHealthIndicator) {
        this.#health = health
        this.#circuits = circuits
      }
      ready() {
        return this.#health.check([() => this.#circuits.isHealthy('circuits')])
      }
    }
    Controller()(Health)
    Inject(HealthCheckService)(Health, undefined, 0)
    Inject(CircuitHealthIndicator)(Health, undefined, 1)
    const descriptor = Object.getOwnPropertyDescriptor(Health.prototype, 'ready')
    Get('ready')(Health.prototype, 'ready', descriptor as PropertyDescriptor)
    HealthCheck()(Health.prototype, 'ready', descriptor as PropertyDescriptor)
    const { url } = await start(
      moduleOf({
        imports: [TerminusModule, CircuitModule.forRoot({ registry, required })],
        controllers: [Health],
      }),
    )
    const ask = async () => {
      const response = await fetch(`${url}/ready`)
      const { status, details } = (await response.json()) as {
        status: string
        details: { circuits: object }
      }
      return [response.status, status, details.circuits]
    }
    return { registry, ask }
  }

  it('is down while a required breaker is open, in the words of Terminus', async () => {
    const { registry, ask } = await serve(['database'])
    const up = [200, 'ok', { status: 'up' }]
    expect(await ask()).toEqual(up)
    const database = registry.breaker('database')
    database.trip()
    expect(await ask()).toEqual([503, 'error', { status: 'down' }])
    database.halfOpen()
    expect(await ask()).toEqual(up)
    database.reset()
    expect(await ask()).toEqual(up)
  })

  it('is degraded while another one is open, and while one is forced open', async () => {
    const { registry, ask } = await serve(['database'])
    registry.breaker('cache').trip()
    expect(await ask()).toEqual(degraded)
    registry.breaker('cache').reset()
    registry.breaker('database').forceOpen('migration')

    expect(await ask()).toEqual(degraded)
  })

  it('is down for no breaker where none is required', async () => {
    const { registry, ask } = await serve()
    registry.breaker('database').trip()

    expect(await ask()).toEqual(degraded)
  })
})
