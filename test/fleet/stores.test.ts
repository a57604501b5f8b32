import { MessageChannel } from 'node:worker_threads'
import { describe, expect, it } from 'vitest'
import { memoryStore, portStore, serveStore } from '../../src/fleet/index.ts'
import { type StoreAdapter, storeCases } from '../../src/fleet/testing/index.ts'
import { NotApplicableError } from '../../src/testing/index.ts'
import { engineBed } from '../helpers/cas-engine.ts'

const uptime = performance.now.bind(performance)

const memory: StoreAdapter = {
  name: 'memoryStore',
  lacks: {
    'compare and swap': 'it decides by itself',
    freeze: 'it answers at once',
    lose: 'it lives as long as its process',
    cut: 'it lives as long as its process',
    putNewer: 'it is of one version',
  },
  setUp() {
    const store = memoryStore(() => 1_700_000_000_000 + uptime())
    return { open: () => store }
  },
}

const cas: StoreAdapter = { name: 'casStore', setUp: () => engineBed((engine) => engine.open()) }

const port: StoreAdapter = {
  ...memory,
  name: 'portStore',
  setUp() {
    const store = memoryStore(() => 1_700_000_000_000 + uptime())
    return {
      open() {
        const { port1, port2 } = new MessageChannel()
        serveStore(store, port1)
        return portStore(port2)
      },
    }
  },
}

describe.each([memory, cas, port])('$name', (adapter) => {
  it.each(storeCases)('$id: $title: $expects', async ({ run, requires }) => {
    const lacks = requires.some((feature) => adapter.lacks?.[feature] !== undefined)

    const ended = await run(adapter).catch((error: unknown) => error)

    if (lacks) expect(ended).toBeInstanceOf(NotApplicableError)
    else expect(ended).toBeUndefined()
  })
})
