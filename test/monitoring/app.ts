// A service that calls a target twenty times a second through a breaker and shows it to Prometheus. Its argument
// is the port of the target; it prints its own, and its snapshots when it is asked for `/snapshot`.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Registry } from 'prom-client'
import { CircuitRegistry } from '../../src/index.ts'
import { prometheus } from '../../src/prometheus/index.ts'

const target = `http://127.0.0.1:${process.argv[2]}/`
const circuits = new CircuitRegistry({ defaults: { statistics: true } })
const register = new Registry()
prometheus(circuits, { register })
const users = circuits.breaker('users', {
  callTimeout: 200,
  resetTimeout: { initial: 500, max: 1_000 },
})
circuits.breaker('mail').forceOpen()
const load = users(async () => {
  const response = await fetch(target)
  await response.text()
})
setInterval(() => void load().catch(() => {}), 50)

const server = createServer(async (request, response) => {
  if (request.url === '/snapshot') response.end(JSON.stringify(users.snapshot()))
  else response.setHeader('content-type', register.contentType).end(await register.metrics())
}).listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port))
process.on('disconnect', () => process.exit())
