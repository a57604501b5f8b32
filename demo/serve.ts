import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buildDashboard } from '../scripts/dashboard.mjs'
import { dashboard } from '../src/admin/dashboard.ts'
import { admin, type LogEntry } from '../src/admin/index.ts'
import { toNode } from '../src/admin/node/index.ts'
import { type CircuitBreaker, CircuitRegistry } from '../src/index.ts'
import { listenForKeys } from './keys.ts'
import { Outages } from './outages.ts'
import { print } from './screen.ts'
import { type Line, span } from './spans.ts'
import { startClock } from './time.ts'
import { ask, failedIf500 } from './traffic.ts'
import { UpstreamProcess } from './upstream-process.ts'
import { tellChange } from './words.ts'

const callTimeout = 1_000
const colours = process.stdout.isTTY && process.stdout.hasColors()
const looks = { closed: 'green', open: 'red', 'half-open': 'yellow' } as const

/**
 * Shows the breakers of three dependencies in a browser, while one of them is frozen and killed by
 * keys or by itself, until it is told to quit.
 */
export async function serve(port: number): Promise<number> {
  const now = startClock()
  const tell = (who: string, text: string, style: Line[number]['style'] = 'dim') => {
    const at = `${(now() / 1_000).toFixed(1)} s  `.padStart(9)
    print(
      process.stdout,
      [[span(at, 'dim'), span(who.padEnd(18), 'dim'), span(text, style)]],
      colours,
    )
  }

  const [sick, healthy] = await Promise.all([UpstreamProcess.start(), UpstreamProcess.start()])
  const registry = new CircuitRegistry({ defaults: { callTimeout, classify: failedIf500 } })
  const targets: [breaker: CircuitBreaker, upstream: UpstreamProcess, everyMs: number][] = [
    [registry.breaker('payments'), sick, 25],
    [registry.breaker('payments-classic', { maxFailures: 5, resetTimeout: 1_000 }), sick, 25],
    [registry.breaker('search'), healthy, 50],
  ]
  for (const [breaker] of targets) {
    breaker.on('transition', ({ from, to }) => {
      // What each probe met is on the page.
      if (from !== 'closed' && to !== 'closed') return
      tell(breaker.name, tellChange(to, breaker.explain().trips.at(-1)), looks[to])
    })
  }

  const handler = admin({
    registry,
    statistics: true,
    process: { name: 'demo' },
    onAudit: (entry) => {
      if (entry.via !== 'code') tell(entry.breaker, said(entry), 'bold')
    },
  })
  // Run from source, the module has no page: see scripts/dashboard.mjs.
  Object.assign(dashboard, await buildDashboard())
  const server = createServer(toNode(handler))
  const failure = await listen(server, port)
  if (failure !== undefined) {
    console.error(failure)
    return 1
  }
  introduce((server.address() as AddressInfo).port)

  const calls = targets.map(([breaker, { url }, everyMs]) =>
    setInterval(() => {
      breaker.run((signal) => ask(url, signal)).catch(() => {})
    }, everyMs),
  )
  const outages = new Outages(sick, (text) => tell('upstream', text, 'bold'))
  outages.start()
  await listenForKeys(process.stdin, {
    f: () => outages.freeze(),
    k: () => outages.kill(),
    r: () => outages.restore(),
    a: () => outages.start(),
  })

  outages.stop()
  for (const timer of calls) clearInterval(timer)
  handler.close()
  server.close()
  server.closeAllConnections()
  return 0
}

/** Returns what is to be said if it could not listen. */
async function listen(server: Server, port: number): Promise<string | undefined> {
  try {
    await once(server.listen(port, '127.0.0.1'), 'listening')
    return undefined
  } catch (error) {
    const { message } = error as Error
    return `${message}\nTake another port: npm run demo -- --serve --port 0`
  }
}

function introduce(port: number): void {
  const url = `http://localhost:${port}/`
  const asked = port === 9090 ? '' : ` --url ${url}`
  print(
    process.stdout,
    [
      [],
      [span(` ${url}`, 'bold'), span('  open it in a browser', 'dim')],
      [span(` npx short-circuit watch${asked}`, 'bold'), span('  after npm run build', 'dim')],
      [],
      [span(' f freeze payments   k kill it   r restore it   a let it happen   q quit')],
      [],
    ],
    colours,
  )
}

function said({ by, text, reason }: LogEntry): string {
  return `${by ?? 'somebody'}: ${text}${reason === null ? '' : `, because: ${reason}`}`
}
