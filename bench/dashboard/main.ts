import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Page } from 'playwright'
import { buildDashboard } from '../../scripts/dashboard.mjs'
import { dashboard } from '../../src/admin/dashboard.ts'
import { admin } from '../../src/admin/index.ts'
import { toNode } from '../../src/admin/node/index.ts'
import { CircuitRegistry } from '../../src/index.ts'
import { launchChromium } from '../../test/helpers/chromium.ts'
import { median } from '../performance/statistics.ts'
import { longestPerSecond, mainThreadTasks, type Task } from './trace.ts'

// How the page does with thousands of breakers, as Chromium itself measures it, on a processor that is slowed
// down:
//
//     npm run bench:dashboard -- [breakers] [slower]
//
// Ends with 1 if a goal of docs/operate.md is not met.

const size = Number(process.argv[2] ?? 5_000)
const slower = Number(process.argv[3] ?? 4)

// Run from source, the module has no page: see scripts/dashboard.mjs.
Object.assign(dashboard, await buildDashboard())
const registry = new CircuitRegistry({
  maxSize: 2 * size,
  defaults: { maxFailures: 5, resetTimeout: 20_000 },
})
const names = Array.from({ length: size }, (_, i) => `breaker ${String(i).padStart(5, '0')}`)
for (const name of names) await registry.breaker(name).run(() => 'fine')
for (const name of names.slice(0, 20)) registry.breaker(name).trip('not there')
for (const name of names.slice(20, 40)) registry.breaker(name).forceOpen({ reason: 'migration' })
const handler = admin({ registry, onAudit: () => {} })
const server = createServer(toNode(handler))
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
/** Every tick other numbers, and now and then another order. */
let turn = 0
const traffic = setInterval(() => {
  for (let i = 0; i < 100; i++) {
    const breaker = registry.breaker(names[(turn * 37 + i * 53) % size] as string)
    const run = i % 10 === 0 ? () => Promise.reject(new Error('down')) : () => Promise.resolve()
    breaker.run(run).catch(() => {})
  }
  turn++
}, 100)

const browser = await launchChromium()
let missed = 0
try {
  console.log(`${size} breakers, ${browser.version()}, a processor that is ${slower} times slower`)
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } })
  const session = await page.context().newCDPSession(page)
  await session.send('Emulation.setCPUThrottlingRate', { rate: slower })
  const least = median(longestPerSecond(await traced(page, () => changeOneWord(page))))
  let ms = 0
  const loading = await traced(page, async () => {
    ms = await firstRows(page)
  })
  const busy = loading.reduce((sum, task) => sum + task.ms, 0)
  report('first rows, by the clock of the page', ms, 1_000)
  console.log(`       of which the processor worked ${busy.toFixed(0)} ms for the page`)
  await page.locator('.group').last().waitFor()
  await page.waitForTimeout(5_000)
  const ticks = longestPerSecond(await traced(page, () => page.waitForTimeout(20_000)))
  report('a tick, the longest task of a second', median(ticks), 16)
  console.log(`       the longest of ${ticks.length} seconds ${Math.max(...ticks).toFixed(1)} ms`)
  console.log(`       of an empty page in which one word changes ${least.toFixed(1)} ms`)
  const scrolled = await traced(page, () => scroll(page))
  report('scrolling, the longest task', Math.max(...scrolled.map((task) => task.ms)), 50)
} finally {
  clearInterval(traffic)
  await browser.close()
  handler.close()
  server.close()
}
process.exitCode = missed === 0 ? 0 : 1

/** Opens the page; ms until rows were painted, by its own clock. */
async function firstRows(page: Page): Promise<number> {
  await page.addInitScript(`
    new MutationObserver((_, observer) => {
      if (document.querySelector('.row.item') === null) return
      observer.disconnect()
      requestAnimationFrame(() => setTimeout(() => { window.firstRows = performance.now() }))
    }).observe(document, { childList: true, subtree: true })
  `)
  await page.goto(url)
  for (;;) {
    const ms = await page.evaluate<number | undefined>('window.firstRows')
    if (ms !== undefined) return ms
    await page.waitForTimeout(20)
  }
}

/** What this machine needs for any frame at all. */
async function changeOneWord(page: Page): Promise<void> {
  await page.setContent('<p>one</p>')
  for (let i = 0; i < 10; i++) {
    await page.waitForTimeout(1_000)
    await page.evaluate(`document.querySelector('p').firstChild.data = '${i}'`)
  }
}

/** As a wheel that is turned fast does it, then by pages, then to the ends. */
async function scroll(page: Page): Promise<void> {
  await page.mouse.move(700, 500)
  for (let i = 0; i < 100; i++) {
    await page.mouse.wheel(0, 120)
    await page.waitForTimeout(16)
  }
  for (const key of ['PageDown', 'PageDown', 'PageUp', 'End', 'Home']) {
    await page.keyboard.press(key)
    await page.waitForTimeout(500)
  }
}

async function traced(page: Page, action: () => Promise<void>): Promise<Task[]> {
  await browser.startTracing(page, { categories: ['toplevel', 'devtools.timeline'] })
  await action()
  return mainThreadTasks(JSON.parse((await browser.stopTracing()).toString()))
}

function report(what: string, ms: number, goal: number): void {
  const met = ms < goal
  if (!met) missed++
  console.log(`${met ? 'met   ' : 'MISSED'} ${what}: ${ms.toFixed(1)} ms, goal ${goal} ms`)
}
