import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buildDashboard } from '../../../scripts/dashboard.mjs'
import { dashboard } from '../../../src/admin/dashboard.ts'
import { admin } from '../../../src/admin/index.ts'
import { toNode } from '../../../src/admin/node/index.ts'
import { CircuitRegistry } from '../../../src/index.ts'
import { heapInUse } from '../../resources/heap.ts'

// The process that `main.ts` watches: breakers with traffic, and an admin. Prints its address, then its heap after
// each line that it reads; "end" ends it, by nothing but closing what it has opened.

const STEADY = 50
/** Every breaker fails for one of so many phases. */
const PHASES = 5
const PHASE = 4_000
/** Names that come once make room for others: what was kept of them must go. */
const MOST = 300

// Run from source, the module has no page: see scripts/dashboard.mjs.
Object.assign(dashboard, await buildDashboard())
const registry = new CircuitRegistry({
  maxSize: MOST,
  defaults: { maxFailures: 5, resetTimeout: 500, statistics: true },
})
const handler = admin({ registry, onAudit: () => {} })
const server = createServer(toNode(handler))

let calls = 0
let rounds = 0
const traffic = setInterval(() => {
  for (let i = 0; i < 10; i++) call((rounds * 10 + i) % STEADY)
  if (++rounds % 10 === 0) call(rounds, 'visitor')
}, 20)

function call(number: number, kind = 'breaker'): void {
  calls++
  const phase = Math.floor(Date.now() / PHASE)
  const isDown = (phase + number) % PHASES === 0
  registry
    .breaker(`${kind} ${number}`)
    .run(() => (isDown ? Promise.reject(new Error(`down in phase ${phase}`)) : Promise.resolve()))
    .catch(() => {})
}

process.stdin.setEncoding('utf8').on('data', (text: string) => {
  if (text.includes('end')) end()
  else void heapInUse().then((heap) => say({ heap, calls, size: registry.size }))
})

server.listen(0, '127.0.0.1', () => {
  say({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` })
})

function end(): void {
  clearInterval(traffic)
  process.stdin.destroy()
  handler.close()
  // Nothing else may hold it.
  server.close(() => say({ closed: true }))
}

function say(message: object): void {
  process.stdout.write(`${JSON.stringify(message)}\n`)
}
