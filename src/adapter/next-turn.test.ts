import { afterEach, describe, expect, it, vi } from 'vitest'
import { admin, type List } from '../admin/index.ts'
import { memoryStore, shared } from '../fleet/index.ts'
import { CircuitBreaker, CircuitRegistry } from '../index.ts'
import { inNextTurn } from './next-turn.ts'

function unsupported(): never {
  throw new Error('A Node.js API is used which is not supported in the Edge Runtime')
}

/** As Next.js has it: what there is not are functions that throw. */
function stubEdge(): void {
  vi.stubGlobal('EdgeRuntime', 'edge-runtime')
  vi.stubGlobal('setImmediate', unsupported)
  vi.stubGlobal('clearImmediate', unsupported)
}

/** As in browsers and other workers. */
function stubMissing(): void {
  vi.stubGlobal('setImmediate', undefined)
  vi.stubGlobal('clearImmediate', undefined)
}

describe.each([
  ['with immediates', () => {}],
  ['without them', stubMissing],
  ['where they throw, as in the edge runtime of Next.js', stubEdge],
])('on a platform %s', (_, stub) => {
  afterEach(() => void vi.unstubAllGlobals())

  it('the next turn comes after what runs now', async () => {
    stub()
    const order: string[] = []

    await new Promise<void>((resolve) => {
      inNextTurn(() => {
        order.push('next')
        resolve()
      })
      order.push('now')
    })

    expect(order).toEqual(['now', 'next'])
  })

  it('the next turn does not come when it was cancelled', async () => {
    stub()
    const fn = vi.fn()

    inNextTurn(fn)()
    await new Promise<void>((resolve) => void inNextTurn(resolve))
    await new Promise<void>((resolve) => void inNextTurn(resolve))

    expect(fn).not.toHaveBeenCalled()
  })

  it('a fleet exchanges with its store', async () => {
    stub()
    const fleet = shared(memoryStore())
    const breaker = new CircuitBreaker({ name: 'users', shared: fleet })

    await breaker.run(() => 'answer')
    await fleet.ready()

    expect(breaker.snapshot().fleet).toMatchObject({ connected: true, decides: 'fleet' })
    await fleet.close()
  })

  it('the admin reads more breakers than it does in one turn', async () => {
    stub()
    const registry = new CircuitRegistry()
    for (let i = 0; i < 500; i++) registry.breaker(`breaker ${i}`)
    const handler = admin({ registry })

    const url = 'http://localhost/api/v1/breakers?limit=500'
    const answer = await handler(new Request(url), { address: '127.0.0.1' })

    expect(answer.status).toBe(200)
    expect(((await answer.json()) as List).rows).toHaveLength(500)
    handler.close()
  })
})
