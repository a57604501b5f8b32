import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { CDPSession, Page } from 'playwright'
import { launchChromium } from '../../helpers/chromium.ts'
import { growth, type Sample } from '../trend.ts'

// An admin with traffic, streams that come and go, writes, unknown names, and its page open in a real browser:
//
//     npm run test:soak:admin -- [seconds]
//
// Ends with 0 if neither the heap of the process nor that of the page has grown, and if the process has ended by
// itself although the page was open.

const seconds = Number(process.argv[2] ?? 3_600)
/** Bytes that a heap may have grown by, as the line that fits the samples has it, without warm-up. */
const GROWTH = { process: 1_500_000, page: 1_500_000 }
/** The share of the run in which logs and rings fill and the engine still compiles. */
const WARM_UP = seconds < 600 ? 0.5 : 0.25
const EVERY = Math.max(1_000, seconds * 10)
/** Ms in which the process has to be gone once it is told to end. */
const LEAVING = 20_000

const program = fileURLToPath(new URL('process.ts', import.meta.url))
const child = spawn(process.execPath, ['--expose-gc', program], {
  stdio: ['pipe', 'pipe', 'inherit'],
})
const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
const exited = once(child, 'exit')
const { url } = await answer()
const browser = await launchChromium()
const page = await browser.newPage()
await page.goto(url)
await page.locator('.row.item').first().waitFor()
const tools = await page.context().newCDPSession(page)
await tools.send('Performance.enable')

const heaps: Record<'process' | 'page', Sample[]> = { process: [], page: [] }
const problems: string[] = []
page.on('pageerror', (error) => problems.push(`the page complains: ${error.message}`))
const begin = performance.now()
let rounds = 0
let sampledAt = 0
while (performance.now() - begin < seconds * 1_000) {
  await ask(rounds++)
  if (rounds % 10 === 0) await look(page, rounds / 10)
  if (performance.now() - sampledAt > EVERY) {
    sampledAt = performance.now()
    await sample(tools)
  }
  await sleep(1_000)
}
await finish()

/** What people and programs do to it meanwhile. */
async function ask(round: number): Promise<void> {
  const controller = new AbortController()
  const events = await fetch(`${url}api/v1/events`, { signal: controller.signal })
  await events.body?.getReader().read()
  controller.abort()
  await fetch(`${url}api/v1/breakers/unknown-${round}`).then((response) => response.text())
  const operation = round % 2 === 0 ? 'force-open' : 'release'
  const body = { reason: `round ${round}`, ...(operation === 'release' ? {} : { for: '10m' }) }
  const name = encodeURIComponent(`breaker ${Math.floor(round / 2) % 50}`)
  const written = await fetch(`${url}api/v1/breakers/${name}/${operation}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  // It may just have made room for another.
  if (!written.ok && written.status !== 404)
    problems.push(`${operation} was answered with ${written.status}`)
  await written.text()
}

/** Goes from one part of the page to another. */
async function look(at: Page, round: number): Promise<void> {
  const hash = ['#/', '#/b/breaker%201', '#/log', '#/?q=breaker'][round % 4]
  await at.evaluate(`location.hash = '${hash}'`)
}

async function sample(session: CDPSession): Promise<void> {
  const at = performance.now() - begin
  await page.evaluate("location.hash = '#/'")
  await page.locator('.row.item').first().waitFor()
  child.stdin.write('heap\n')
  const { heap, calls, size } = await answer()
  await session.send('HeapProfiler.collectGarbage')
  const { metrics } = await session.send('Performance.getMetrics')
  const metric = (name: string) => metrics.find((one) => one.name === name)?.value ?? 0
  heaps.process.push({ at, value: heap })
  heaps.page.push({ at, value: metric('JSHeapUsedSize') })
  const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(2)} MB`
  console.log(
    [
      `${(at / 1_000).toFixed(0).padStart(5)} s`,
      `${calls} calls`,
      `${size} breakers`,
      `process ${megabytes(heap)}`,
      `page ${megabytes(metric('JSHeapUsedSize'))}`,
      `${metric('Nodes')} nodes`,
      `${metric('JSEventListeners')} listeners`,
    ].join(' · '),
  )
}

async function finish(): Promise<void> {
  for (const kind of ['process', 'page'] as const) {
    const samples = heaps[kind]
    const settled = samples.filter(({ at }) => at > WARM_UP * (samples.at(-1)?.at ?? 0))
    const grown = Math.round(growth(settled))
    console.log(`${kind}: ${grown} bytes of growth over ${settled.length} samples`)
    if (grown > GROWTH[kind]) problems.push(`the heap of the ${kind} has grown by ${grown} bytes`)
  }
  child.stdin.write('end\n')
  const [code] = await Promise.race([exited, sleep(LEAVING, ['not'], { ref: false })])
  if (code !== 0) problems.push(`the process has ended with ${code}`)
  child.kill()
  await browser.close()
  for (const problem of problems) console.log(`PROBLEM ${problem}`)
  console.log(problems.length === 0 ? 'soak: all held' : `soak: ${problems.length} problems`)
  process.exitCode = problems.length === 0 ? 0 : 1
}

// biome-ignore lint/suspicious/noExplicitAny: what the program prints.
async function answer(): Promise<any> {
  const { value, done } = await lines.next()
  if (done) throw new Error('the process has ended')
  return JSON.parse(value)
}
