import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { admin, bearer } from '../../src/admin/index.ts'
import { toNode } from '../../src/admin/node/index.ts'
import { guardAxios } from '../../src/axios/index.ts'
import { pauseWhileOpen } from '../../src/consumers/index.ts'
import { diagnostics } from '../../src/diagnostics/index.ts'
import { circuitErrors } from '../../src/express/index.ts'
import { circuits } from '../../src/fastify/index.ts'
import { guardFetch } from '../../src/fetch/index.ts'
import { memoryStore, portStore, shared } from '../../src/fleet/index.ts'
import { CircuitBreaker, CircuitRegistry } from '../../src/index.ts'
import { logTransitions } from '../../src/logging/index.ts'
import { redisStore } from '../../src/redis/index.ts'

const js = (value: unknown) => value as never
const breaker = (): CircuitBreaker => new CircuitBreaker({ name: 'users' })
const registry = (): CircuitRegistry => new CircuitRegistry()
const { signal } = new AbortController()
const turns = { pause: () => {}, resume: () => {} }

const WRONG: readonly [what: string, act: () => unknown, message: string][] = [
  [
    'fetch as options',
    () => guardFetch(breaker(), js(fetch)),
    'got function; known are fetch, key',
  ],
  ['a signal as options', () => guardFetch(breaker(), js(signal)), 'of options, got abortsignal'],
  ['a list of options', () => guardFetch(breaker(), js([])), 'of options, got array'],
  ['null for a function', () => guardFetch(breaker(), js({ fetch: null })), 'a function, got null'],
  ['a breaker for axios', () => guardAxios(js(breaker()), breaker()), 'an axios instance first'],
  ['a breaker to log', () => logTransitions(js(breaker()), console), 'a CircuitRegistry first'],
  [
    'a function to log to',
    () =>
      logTransitions(
        registry(),
        js(() => {}),
      ),
    'got function',
  ],
  ['a breaker to publish', () => diagnostics(js(breaker())), 'takes a CircuitRegistry first'],
  [
    'a controller in place of its signal',
    () => pauseWhileOpen(breaker(), js({ ...turns, signal: new AbortController() })),
    'signal of pauseWhileOpen must be an AbortSignal',
  ],
  [
    'options for errors',
    () => circuitErrors(js({ log: true })),
    'circuitErrors takes no arguments',
  ],
  [
    'an address for a store',
    () => shared(js('redis://localhost')),
    'a store, such as memoryStore()',
  ],
  ['a function for a store', () => shared(js(memoryStore)), 'memoryStore(), got function'],
  [
    'an object for a clock',
    () => shared(memoryStore(), js({ clock: {} })),
    'clock of shared must be',
  ],
  [
    'an unknown policy',
    () => shared(memoryStore(), js({ policy: { minCalls: 5 } })),
    'unknown option "minCalls" (of policy of shared)',
  ],
  [
    'a text in a policy',
    () => shared(memoryStore(), js({ policy: { minimumCalls: '5' } })),
    'minimumCalls of policy of shared must be a number, got string',
  ],
  [
    'a percentage',
    () => shared(memoryStore(), { policy: { failureRate: 50 } }),
    'policy.failureRate of shared must be a number from 0 to 1, got 50',
  ],
  [
    'no time to be open',
    () => shared(memoryStore(), { policy: { openMs: Number.NaN } }),
    'policy.openMs of shared must be a number of at least 1, got NaN',
  ],
  ['an object for a port', () => portStore(js({})), 'a port, a worker or a process, got object'],
  [
    'an address with a password for a client',
    () => redisStore(js('redis://:secret@localhost'), { namespace: 'shop' }),
    'or a RedisConnection, got string',
  ],
  ['no tokens', () => bearer({}), 'bearer takes tokens by name, got none'],
  [
    'a name of the process',
    () => admin({ registry: registry(), process: js('checkout') }),
    'process must be an object, got string',
  ],
  [
    'an unknown part of the process',
    () => admin({ registry: registry(), process: js({ nam: 'checkout' }) }),
    'unknown option "process.nam"; known are id, name, environment, version',
  ],
  [
    'an unknown part of the history',
    () => admin({ registry: registry(), history: js({ memori: 5 }) }),
    'unknown option "history.memori"; known are memory',
  ],
]

it.each(WRONG)('throws a TypeError or RangeError for %s', (_, act, message) => {
  expect(act).toThrow(message)
})

describe('the plugin for Fastify', () => {
  it.each([
    [{ requird: ['users'] }, 'unknown option "requird" (of circuits)'],
    [{ required: 'users' }, 'required of circuits must be an object, got string'],
    [{ required: [5] }, 'required must be an array of names of breakers'],
    [undefined, 'circuits takes an object of options, got undefined'],
  ])('rejects %o', async (options, message) => {
    const given = options && { registry: registry(), ...options }

    await expect(circuits(js({}), js(given))).rejects.toThrow(message)
  })
})

/** What a request is answered with by a server, or by an application of Express. */
async function ask(application: Parameters<typeof createServer>[1] & object): Promise<string> {
  const server = createServer(application).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  const response = await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } })
  return `${response.status} ${await response.text()}`
}

/** Express prints errors that nothing handles. */
function quiet(): express.Express {
  vi.spyOn(console, 'error').mockImplementation(() => {})
  onTestFinished(() => void vi.restoreAllMocks())
  return express()
}

describe('what is mounted without being called', () => {
  it('says so, and does not let requests wait: circuitErrors', async () => {
    const app = quiet()
    app.use(js(circuitErrors))

    expect(await ask(app)).toContain('500 ')
    expect(await ask(app)).toContain('circuitErrors takes no arguments: app.use(circuitErrors())')
  })

  it('says so, and does not let requests wait: the handler of admin without toNode', async () => {
    const handler = admin({ registry: registry() })
    onTestFinished(() => handler.close())
    const app = quiet()
    app.use(js(handler))

    expect(await ask(app)).toContain('mount it by toNode or toFastify')
  })

  it('says so, and does not let requests wait: toNode', async () => {
    const app = quiet()
    app.use(js(toNode))

    expect(await ask(app)).toContain('toNode takes what admin() returns, got object')
  })
})
