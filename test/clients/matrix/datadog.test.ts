import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { expect, it, onTestFinished, vi } from 'vitest'
import { runsTypeScript } from '../../helpers/child-process.ts'

const href = (path: string): string => new URL(path, import.meta.url).href

// The recipe of docs/observability.md, in a process of its own, since the tracer replaces parts of Node.
const program = `
import tracer from '${href('node_modules/dd-trace/index.js')}'
import { CircuitRegistry } from '${href('../../../src/index.ts')}'
tracer.init({ hostname: '127.0.0.1', port: process.env.AGENT, plugins: false, startupLogs: false })
const circuits = new CircuitRegistry({ defaults: { maxFailures: 1 } })
circuits.on('reject', ({ breaker, reason }) => {
  tracer.scope().active()?.addTags({ 'circuit_breaker.name': breaker, 'circuit_breaker.rejection.reason': reason })
})
circuits.on('transition', ({ breaker, to, reason }) => {
  tracer.dogstatsd.increment('circuit_breaker.transitions', 1, { circuit_breaker: breaker, state: to, reason })
})
const load = (resource, action) =>
  tracer.trace('load', { resource }, () => circuits.breaker('users').run(action)).catch(() => {})
await load('first', () => Promise.reject(new Error('down')))
await load('second', () => 'never runs')
// Until it is ended.
setInterval(() => tracer.dogstatsd.flush(), 100)
`

it.runIf(runsTypeScript)(
  'the recipe for Datadog tags the span of a rejected call, and counts transitions',
  async () => {
    const received: Record<string, string> = {}
    const agent = createServer(async (request, response) => {
      const url = request.url ?? ''
      // Texts are in it as they are.
      received[url] = (received[url] ?? '') + (await buffer(request)).toString('latin1')
      response.end('{}')
    })
    agent.listen(0, '127.0.0.1')
    await once(agent, 'listening')
    const child = spawn(process.execPath, ['--no-warnings', '--input-type=module', '-e', program], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, AGENT: String((agent.address() as AddressInfo).port) },
    })
    const ended = once(child, 'exit')
    onTestFinished(async () => {
      child.kill('SIGKILL')
      await ended
      agent.closeAllConnections()
      agent.close()
    })
    const spans = () => {
      const [, first = '', second = ''] = (received['/v0.4/traces'] ?? '').split('resource')
      return [first, second]
    }
    await vi.waitFor(
      () => {
        expect(spans()[1]).toContain('second')
        expect(received['/dogstatsd/v2/proxy']).toContain(
          'circuit_breaker:users,state:open,reason:consecutiveFailures',
        )
      },
      { timeout: 50_000, interval: 50 },
    )
    const [first, second] = spans()

    expect(first).toContain('first')
    expect(first).not.toContain('circuit_breaker')
    expect(second).toMatch(/circuit_breaker\.name.{1,2}users/)
    expect(second).toMatch(/circuit_breaker\.rejection\.reason.{1,2}open/)
  },
)
