import { CircuitRegistry } from '../../src/index.ts'
import { heapInUse } from './heap.ts'

// What a million breakers take, by what they have seen; or, under "evictions", what is left of a
// million that had to make room. Prints bytes.

const [mode, count = '1000000'] = process.argv.slice(2)
const keys = Number(count)
const down = new Error('down')
const options = { maxFailures: 3, resetTimeout: 3_000 }

/** Strings that the heap holds already, so that they are not counted. */
function names(): string[] {
  const all = Array.from({ length: keys }, (_, i) => `tenant-${i}`)
  // A key of a map has its hash; make sure that it is there.
  new Set(all)
  return all
}

async function size(registry: CircuitRegistry, fill: (name: string) => unknown): Promise<number> {
  const all = names()
  const before = await heapInUse()
  for (let i = 0; i < keys; i++) {
    const pending = fill(all[i] as string)
    if (i % 1_000 === 0) await pending
  }
  const after = await heapInUse()
  if (all.length !== keys || registry.size !== keys) throw new Error(`${registry.size} breakers`)
  return Math.round((after - before) / keys)
}

const room = { defaults: options, maxSize: keys }
const ask = async (_: string): Promise<number> => 1
const fail = async (_: string): Promise<never> => {
  throw down
}
const ignore = (): void => {}

async function evictions(): Promise<unknown> {
  const registry = new CircuitRegistry({ defaults: options, maxSize: 1_000 })
  let lossy = 0
  registry.on('evict', () => {
    lossy += 1
  })
  const key = (name: string): string => name
  const good = registry.keyed(ask, { key, name: 'good' })
  const bad = registry.keyed(fail, { key, name: 'bad' })
  const samples: number[] = []
  for (let i = 0; i < keys; i++) {
    const kind = i % 4
    if (kind === 0) registry.breaker(`named-${i}`)
    if (kind === 1) void good(`tenant-${i}`)
    if (kind === 2) void bad(`tenant-${i}`).catch(ignore)
    if (kind === 3) void registry.breaker(`named-${i}`).run(() => 1)
    if (i % 1_000 === 999) await null
    if ((i + 1) % (keys / 10) === 0) samples.push(await heapInUse())
  }
  const { evicted, size: kept } = registry.snapshot()
  return { evicted, kept, lossy, samples }
}

const modes: Record<string, () => Promise<unknown>> = {
  evictions,
  named: () => {
    const registry = new CircuitRegistry(room)
    return size(registry, (name) => registry.breaker(name))
  },
  'named, called': () => {
    const registry = new CircuitRegistry(room)
    return size(registry, (name) => registry.breaker(name).run(() => 1))
  },
  'keyed, healthy': () => {
    const registry = new CircuitRegistry(room)
    return size(registry, registry.keyed(ask, { key: (name) => name }))
  },
  'keyed, failed once': () => {
    const registry = new CircuitRegistry(room)
    const call = registry.keyed(fail, { key: (name) => name })
    return size(registry, (name) => call(name).catch(ignore))
  },
  'keyed by the defaults of the library': () => {
    const registry = new CircuitRegistry({ maxSize: keys })
    return size(registry, registry.keyed(ask, { key: (name) => name }))
  },
}

process.stdout.write(JSON.stringify(await modes[mode as string]?.()))
