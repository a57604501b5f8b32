import { once } from 'node:events'
import { join } from 'node:path'
import { MessageChannel, Worker } from 'node:worker_threads'
import { afterEach, describe, expect, it } from 'vitest'
import { type FleetStore, memoryStore, serveStore } from '../../../src/fleet/index.ts'
import type { Order } from './member.ts'

const EVENTS = ['message', 'close', 'exit', 'disconnect']

class Thread {
  readonly worker: Worker
  #count = 0

  /** The store goes by a port of its own, or by that of the worker. */
  constructor(store: FleetStore, way: 'own port' | 'worker', listens = true) {
    const { port1, port2 } = new MessageChannel()
    const port = way === 'own port' ? port2 : undefined
    this.worker = new Worker(join(import.meta.dirname, 'thread.ts'), {
      workerData: { port, listens },
      transferList: port === undefined ? [] : [port],
    })
    if (way === 'own port') serveStore(store, port1)
    else serveStore(store, this.worker)
  }

  async tell(order: Order): Promise<string> {
    const id = ++this.#count
    this.worker.postMessage({ id, order })
    return this.answer(id)
  }

  answer(id: number): Promise<string> {
    return new Promise((resolve) => {
      const hear = (message: { id?: number; said?: string }): void => {
        if (message.id !== id || message.said === undefined) return
        this.worker.off('message', hear)
        resolve(message.said)
      }
      this.worker.on('message', hear)
    })
  }
}

/** How many watch it. */
function counted(store: FleetStore) {
  let watching = 0
  const watched: FleetStore = {
    ...store,
    watch(...args) {
      watching++
      const watch = store.watch?.(...args)
      return {
        async [Symbol.asyncDispose]() {
          watching--
          await watch?.[Symbol.asyncDispose]()
        },
      }
    },
  }
  return { store: watched, watching: () => watching }
}

const threads: Thread[] = []
afterEach(async () => {
  await Promise.all(threads.splice(0).map(({ worker }) => worker.terminate()))
})

function start(...args: ConstructorParameters<typeof Thread>): Thread {
  const thread = new Thread(...args)
  threads.push(thread)
  return thread
}

describe.each(['own port', 'worker'] as const)('threads that share a store by the %s', (way) => {
  it('open together, and close by one probe', async () => {
    const store = memoryStore()
    const [a, b] = [start(store, way), start(store, way)]
    for (const thread of [a, b]) {
      await thread.tell('succeed')
      await thread.tell('ready')
    }
    for (const thread of [a, b, a, b]) await thread.tell('fail')

    for (const thread of [a, b]) await expect.poll(() => thread.tell('state')).not.toBe('closed')
    await expect.poll(() => b.tell('succeed')).toBe('closed')
    await expect.poll(() => a.tell('state')).toBe('closed')
  })

  it('have another probe when the thread of the first is killed, and forget all about it', async () => {
    const { store, watching } = counted(memoryStore())
    const [a, b] = [start(store, way), start(store, way)]
    for (const thread of [a, b]) {
      await thread.tell('succeed')
      await thread.tell('ready')
    }
    for (const thread of [a, b, a, b]) await thread.tell('fail')
    await expect.poll(() => a.tell('state')).not.toBe('closed')
    expect(watching()).toBe(2)

    const probes = async (): Promise<boolean> => {
      void a.tell('hang')
      return (await leases(store)) === 1 && (await a.tell('state')) === 'half-open'
    }
    await expect.poll(probes).toBe(true)
    expect(await b.tell('succeed')).toBe('CircuitOpenError')
    await a.worker.terminate()

    await expect.poll(() => b.tell('succeed')).toBe('closed')
    await expect.poll(watching).toBe(1)
    for (const event of EVENTS) expect([event, a.worker.listenerCount(event)]).toEqual([event, 0])
  })

  it('end by themselves when they have nothing else to do', async () => {
    const thread = start(memoryStore(), way, false)
    const exited = once(thread.worker, 'exit')

    expect(await thread.answer(0)).toBe('closed')
    await exited
  })
})

/** How many probes have a lease. */
async function leases(store: FleetStore): Promise<number> {
  const reading = await store.read?.(['api'], new AbortController().signal)
  return reading?.breakers[0]?.leases.length ?? 0
}
