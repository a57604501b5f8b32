import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join, normalize } from 'node:path'
import type { Browser, BrowserContextOptions, Page } from 'playwright'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { findings } from '../helpers/axe.ts'
import { launchChromium } from '../helpers/chromium.ts'

const DIST = join(import.meta.dirname, '../../site/dist')
const PHONE = { width: 390, height: 844 }
const PAGES = ['', 'playground', 'recipes', 'from-opossum', 'conformance', 'performance']
const REFERENCE = ['api/', 'api/index/classes/CircuitBreaker', 'api/fetch/functions/guardFetch']
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
}

let browser: Browser
let base: string
const complaints: string[] = []

const server = createServer((request, response) => {
  const { pathname } = new URL(request.url ?? '/', 'http://localhost')
  const place = join(DIST, normalize(decodeURIComponent(pathname)))
  const file = [place, `${place}.html`, join(place, 'index.html')].find(
    (candidate) => extname(candidate) !== '' && existsSync(candidate),
  )
  if (file === undefined) {
    response.writeHead(404).end()
    return
  }
  response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream' })
  response.end(readFileSync(file))
})

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  browser = await launchChromium()
})
afterAll(async () => {
  await browser.close()
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})
afterEach(async () => {
  for (const context of browser.contexts()) await context.close()
  expect(complaints.splice(0)).toEqual([])
})

/** What the browser complains about, and requests to anywhere else, fail the test. */
async function open(path: string, options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options })
  const page = await context.newPage()
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('request', (request) => {
    const url = request.url()
    if (!url.startsWith(base) && !url.startsWith('data:')) complaints.push(`asked for ${url}`)
  })
  await page.goto(`${base}${path}`, { waitUntil: 'networkidle' })
  return page
}

describe.each([...PAGES, ...REFERENCE])('/%s', (path) => {
  it('fits on a phone', async () => {
    const page = await open(path, { viewport: PHONE })

    const width = await page.evaluate<number>('document.documentElement.scrollWidth')
    expect(width).toBeLessThanOrEqual(PHONE.width)
    expect(await page.locator('h1').count()).toBe(1)
  })

  it.each(['light', 'dark'] as const)('has no fault that axe knows, when %s', async (theme) => {
    const page = await open(path, { colorScheme: theme })

    const isDark = await page.evaluate<boolean>("document.documentElement.matches('.dark')")
    expect(isDark).toBe(theme === 'dark')
    expect(await findings(page)).toEqual([])
  })
})

describe('the search', () => {
  it('finds an option by its name, and leads to it', async () => {
    const page = await open('')

    await page.keyboard.press('Control+k')
    await page.getByRole('searchbox').fill('resetTimeout')
    const first = page.locator('.VPLocalSearchBox .result').first()
    await first.waitFor()
    await first.click()
    await page.waitForURL((url) => url.pathname !== '/' || url.hash !== '')

    expect(await page.locator('main').textContent()).toContain('resetTimeout')
  })
})

describe('the playground', () => {
  it('opens when all calls fail, says why, and closes when they succeed again', async () => {
    const page = await open('playground')
    const state = page.locator('#state')

    await page.getByRole('button', { name: 'Fails', exact: true }).click()
    await expect.poll(() => state.textContent()).toBe('open')
    await expect.poll(() => page.locator('#explanation').textContent()).toMatch(/It opened .* ago/)
    // A call is made every few frames: a reset before the next one would leave none to reject.
    await expect.poll(() => page.locator('#counts').textContent()).toMatch(/[1-9]\d* rejected/)
    await page.getByRole('button', { name: 'All well' }).click()
    await page.getByRole('button', { name: 'reset()' }).click()
    await expect.poll(() => state.textContent()).toBe('closed')
  })

  it('is moved by hand', async () => {
    const page = await open('playground')
    const state = page.locator('#state')

    await page.getByRole('button', { name: 'forceOpen()' }).click()
    await expect.poll(() => state.textContent()).toBe('open, by hand')
    await page.getByRole('button', { name: 'release()' }).click()
    await expect.poll(() => state.textContent()).toBe('closed')
  })

  it('simulates two minutes of what is chosen', async () => {
    const page = await open('playground')
    const outcome = page.locator('#outcome')

    await expect.poll(() => outcome.textContent()).toMatch(/^It opened .* after the trouble began/)
    const before = await outcome.textContent()
    await page.getByLabel('Options').selectOption('{ maxFailures: 5, resetTimeout: 5_000 }')
    await expect.poll(() => outcome.textContent()).not.toBe(before)
    expect(await page.locator('#simulation tbody tr').count()).toBe(3)
  })

  it('ends with its page', async () => {
    const page = await open('playground')
    await page.locator('#explanation:not(:empty)').waitFor()

    await page.locator('.VPSidebar').getByRole('link', { name: 'Guide', exact: true }).click()
    await page.getByRole('heading', { name: 'Options', exact: true }).waitFor()
    await page.goBack()
    await page.locator('#explanation:not(:empty)').waitFor()
  })
})
