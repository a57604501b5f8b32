// What it costs to show breakers: reading and scraping many of them, and calls while something is attached.
//   npm run bench:monitoring
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { Registry } from 'prom-client'
import { CircuitRegistry } from '../../src/index.ts'
import { prometheus } from '../../src/prometheus/index.ts'

const ROUNDS = 5
const ATTACHED = ['prometheus', 'opentelemetry', 'diagnostics', 'logging'] as const

async function registryOf(size: number, statistics = false): Promise<CircuitRegistry> {
  const registry = new CircuitRegistry({ defaults: { statistics } })
  for (let i = 0; i < size; i++) {
    const breaker = registry.breaker(`breaker-${i}`)
    await breaker.run(() => 1)
    if (i % 10 === 0) breaker.trip()
  }
  return registry
}

/** The fastest and the median of many times, ms. */
async function times(action: () => unknown, count = 60): Promise<string> {
  const all: number[] = []
  for (let i = 0; i < count; i++) {
    const begin = performance.now()
    await action()
    all.push(performance.now() - begin)
  }
  all.sort((a, b) => a - b)
  const [best = 0, median = 0] = [all[0], all[count >> 1]]
  return `${best.toFixed(2)} ms, median ${median.toFixed(2)} ms`
}

const many = await registryOf(5_000)
let sum = 0
const visit = () =>
  many.read(({ counts, timeInState }) => (sum += counts.success + timeInState.open))
console.log(`read 5 000 breakers: ${await times(visit)}`)
console.log(`snapshot of 5 000:   ${await times(() => many.snapshot(), 20)}`)
for (const statistics of [false, true]) {
  const register = new Registry()
  prometheus(await registryOf(500, statistics), { register })
  const text = await register.metrics()
  const what = `${text.split('\n').length} lines${statistics ? ', with durations' : ''}`
  console.log(`scrape 500 (${what}): ${await times(() => register.metrics())}`)
}

/** Ns a call, in a process of its own. */
function perCall(shape: string, attached: string): number {
  const child = join(import.meta.dirname, 'child.ts')
  return Number(execFileSync(process.execPath, [child, shape, attached], { encoding: 'utf8' }))
}

console.log('\na call, ns: alone, and with each attached; the ratio is that of the fastest')
for (const shape of ['count', 'default', 'sync', 'rejected']) {
  const fastest = new Map<string, number>()
  for (let round = 0; round < ROUNDS; round++) {
    for (const attached of ['nothing', ...ATTACHED]) {
      const ns = perCall(shape, attached)
      fastest.set(attached, Math.min(fastest.get(attached) ?? Infinity, ns))
    }
  }
  const alone = fastest.get('nothing') ?? Number.NaN
  const others = ATTACHED.map((name) => {
    const ns = fastest.get(name) ?? Number.NaN
    return `${name} ${ns.toFixed(1)} (${(ns / alone).toFixed(2)})`
  })
  console.log(`${shape.padEnd(9)} ${alone.toFixed(1)}   ${others.join('   ')}`)
}
