import { getEventListeners } from 'node:events'
import { createClient } from '@connectrpc/connect'
import { createConnectTransport } from '@connectrpc/connect-node'
import axios from 'axios'
import { Agent, request, fetch as undiciFetch } from 'undici'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { guardAxios } from '../../src/axios/index.ts'
import { circuitBreaker as connectBreaker } from '../../src/connect/index.ts'
import { guardFetch } from '../../src/fetch/index.ts'
import { CircuitBreaker } from '../../src/index.ts'
import { circuitBreaker as undiciBreaker } from '../../src/undici/index.ts'
import { collectGarbage } from '../conformance/collect-garbage.ts'
import { reasonOf } from '../helpers/public.ts'
import { ConnectServer, Speaker } from './rpc/connect-server.ts'
import { TestServer } from './server.ts'

// What lasts longer than a call: signals that a caller passes to many, and memory.

const PATIENCE = { timeout: 10_000 }

interface Called {
  /** Answers at once, or never for `hang`. */
  call(what: 'ok' | 'hang', signal: AbortSignal): Promise<unknown>
  seen(): { readonly received: number; readonly abandoned: number }
  close(): Promise<unknown>
}

async function overHttp(
  create: (breaker: CircuitBreaker) => {
    get(url: string, signal: AbortSignal): Promise<unknown>
    close?(): Promise<unknown>
  },
  breaker: CircuitBreaker,
): Promise<Called> {
  const server = await TestServer.start()
  const client = create(breaker)
  return {
    call: (what, signal) => client.get(server.url(`/${what}`), signal),
    seen: () => server,
    close: async () => {
      await client.close?.()
      await server.stop()
    },
  }
}

function byUndici(until: 'headers' | 'body', send: 'request' | 'fetch') {
  return (breaker: CircuitBreaker) => {
    const agent = new Agent()
    const dispatcher = agent.compose(undiciBreaker(breaker, { until }))
    return {
      get: async (url: string, signal: AbortSignal) => {
        if (send === 'fetch') return (await undiciFetch(url, { dispatcher, signal })).text()
        return (await request(url, { dispatcher, signal })).body.text()
      },
      close: () => agent.destroy(),
    }
  }
}

const clients: Readonly<Record<string, (breaker: CircuitBreaker) => Promise<Called>>> = {
  ...Object.fromEntries(
    (['headers', 'body'] as const).flatMap((until) => [
      [
        `guardFetch until the ${until}`,
        (breaker: CircuitBreaker) =>
          overHttp((breaker) => {
            const guarded = guardFetch(breaker, { until })
            return { get: async (url, signal) => (await guarded(url, { signal })).text() }
          }, breaker),
      ],
      ...(['request', 'fetch'] as const).map((send) => [
        `undici by ${send}, until the ${until}`,
        (breaker: CircuitBreaker) => overHttp(byUndici(until, send), breaker),
      ]),
    ]),
  ),
  ...Object.fromEntries(
    (['http', 'fetch'] as const).map((adapter) => [
      `axios by ${adapter}`,
      (breaker: CircuitBreaker) =>
        overHttp((breaker) => {
          const client = guardAxios(axios.create({ adapter }), breaker)
          return { get: (url, signal) => client.get(url, { signal }) }
        }, breaker),
    ]),
  ),
  Connect: async (breaker) => {
    const server = await ConnectServer.start('1.1')
    const interceptors = [connectBreaker(breaker)]
    const transport = createConnectTransport({
      ...{ baseUrl: server.origin, httpVersion: '1.1' as const },
      interceptors,
    })
    const client = createClient(Speaker, transport) as unknown as {
      say(text: object, options: object): Promise<unknown>
    }
    return {
      call: (value, signal) => client.say({ value }, { signal }),
      seen: () => ({ received: server.script.received, abandoned: server.script.cancelled }),
      close: () => server.stop(),
    }
  },
}

describe.each(Object.entries(clients))('%s', (_, create) => {
  let called: Called | undefined
  const open = async (options: object = {}) => {
    const breaker = new CircuitBreaker({ maxFailures: 5, ...options })
    called = await create(breaker)
    return { breaker, called }
  }
  afterEach(async () => {
    await called?.close()
    called = undefined
  })

  it('leaves nothing behind at a signal that is passed to many calls', async () => {
    const { called } = await open()
    const { signal } = new AbortController()
    const listeners = () => getEventListeners(signal, 'abort').length
    const send = async (calls: number) => {
      for (let i = 0; i < calls; i++) await called.call('ok', signal)
    }
    await send(2)
    const first = listeners()
    await send(20)

    // The `fetch` of undici removes its own when the garbage is collected.
    await vi.waitFor(async () => {
      await collectGarbage()
      expect(listeners()).toBeLessThanOrEqual(first)
    }, PATIENCE)
  })

  it('ends a call on the wire when its caller aborts after the garbage was collected', async () => {
    const { called, breaker } = await open({ callTimeout: 30_000 })
    const controller = new AbortController()
    const reason = reasonOf(called.call('hang', controller.signal))
    await vi.waitFor(() => expect(called.seen().received).toBe(1), PATIENCE)
    await new Promise((resolve) => setTimeout(resolve, 20))
    await collectGarbage()
    controller.abort()

    expect(await reason).toBeDefined()
    await vi.waitFor(() => expect(called.seen().abandoned).toBe(1), PATIENCE)
    expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts: { cancelled: 1 } })
  })

  it('ends a call on the wire by its timeout, though the garbage was collected meanwhile', async () => {
    const { called, breaker } = await open({ callTimeout: 500 })
    const reason = reasonOf(called.call('hang', new AbortController().signal))
    await vi.waitFor(() => expect(called.seen().received).toBe(1), PATIENCE)
    await collectGarbage()

    expect(await reason).toBeDefined()
    await vi.waitFor(() => expect(called.seen().abandoned).toBe(1), PATIENCE)
    expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts: { timeout: 1 } })
  })

  it('holds nothing of calls that were aborted', async () => {
    const { called, breaker } = await open()
    const collected: WeakRef<AbortSignal>[] = []
    const abort = async () => {
      const controller = new AbortController()
      collected.push(new WeakRef(controller.signal))
      const { received } = called.seen()
      const reason = reasonOf(called.call('hang', controller.signal))
      await vi.waitFor(() => expect(called.seen().received).toBe(received + 1), PATIENCE)
      controller.abort()
      await reason
    }
    for (let i = 0; i < 8; i++) await abort()
    const left = async () => {
      await collectGarbage()
      return collected.filter((signal) => signal.deref() !== undefined).length
    }

    // The last one may still be on the stack of something.
    await vi.waitFor(async () => expect(await left()).toBeLessThanOrEqual(2), PATIENCE)
    expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts: { cancelled: 8 } })
  })
})
