// Prints what a call takes in ns, with something attached to its registry: `child.ts <shape> <attached>`.
import { diagnostics } from '../../src/diagnostics/index.ts'
import { CircuitRegistry } from '../../src/index.ts'
import { logTransitions } from '../../src/logging/index.ts'
import { openTelemetry } from '../../src/opentelemetry/index.ts'
import { prometheus } from '../../src/prometheus/index.ts'

const CALLS = 100_000
const ROUNDS = 15
const [, , shape = '', attached = ''] = process.argv
const registry = new CircuitRegistry()

const attach: Readonly<Record<string, () => unknown>> = {
  nothing: () => {},
  prometheus: () => {
    const register = { registerMetric: () => {}, removeSingleMetric: () => {} }
    prometheus(registry, { register })
  },
  opentelemetry: () => openTelemetry(registry),
  diagnostics: () => diagnostics(registry),
  logging: () => logTransitions(registry, { info: () => {}, warn: () => {} }),
}
attach[attached]?.()

const options = shape === 'default' ? {} : { maxFailures: 1e9, resetTimeout: Infinity }
const breaker = registry.breaker('users', options)
if (shape === 'rejected') breaker.trip()
const call = breaker(async () => 1)
const callSync = breaker.sync(() => 1)

async function round(): Promise<number> {
  const begin = performance.now()
  if (shape === 'sync') {
    for (let i = 0; i < CALLS * 5; i++) callSync()
    return (performance.now() - begin) / 5
  }
  for (let i = 0; i < CALLS; i++) {
    try {
      await call()
    } catch {}
  }
  return performance.now() - begin
}

await round()
let fastest = Infinity
for (let i = 0; i < ROUNDS; i++) fastest = Math.min(fastest, await round())
console.log((fastest / CALLS) * 1e6)
