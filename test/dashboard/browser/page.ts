import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser, BrowserContextOptions, Page } from 'playwright'
import { afterAll, afterEach, beforeAll, expect } from 'vitest'
import { type AdminHandler, type AdminOptions, admin } from '../../../src/admin/index.ts'
import { toNode } from '../../../src/admin/node/index.ts'
import { type CircuitBreaker, CircuitRegistry } from '../../../src/index.ts'
import { launchChromium } from '../../helpers/chromium.ts'

export const DESKTOP = { width: 1440, height: 900 }
export const PHONE = { width: 390, height: 844 }

/** A process with an admin, and the page in a browser. */
export interface World {
  readonly registry: CircuitRegistry
  readonly handler: AdminHandler
  readonly base: string
  /** Opens the page; what the browser complains about fails the test. */
  open(hash?: string, options?: BrowserContextOptions): Promise<Page>
  /** Ends the process, or lets another one begin at the same address. */
  stop(): Promise<void>
  restart(): Promise<void>
}

let browser: Browser
const closing: (() => Promise<unknown>)[] = []
const complaints: string[] = []

/** Starts the browser of a file's tests, and tidies up behind each. */
export function useBrowser(): void {
  beforeAll(async () => {
    browser = await launchChromium()
  })
  afterAll(() => browser.close())
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close()
    expect(complaints.splice(0)).toEqual([])
  })
}

/** Failed requests are what the tests of lost connections are about. */
const EXPECTED = /Failed to load resource|net::ERR|ERR_CONNECTION|ERR_INCOMPLETE/

export async function createWorld(
  options: Partial<AdminOptions> = {},
  { mount = '/' }: { mount?: string } = {},
): Promise<World> {
  const registry = options.registry ?? new CircuitRegistry()
  const create = () => admin({ registry, onAudit() {}, ...options })
  let handler = create()
  let server: Server
  let port = 0
  const listen = async () => {
    const listener = toNode(handler)
    server = createServer((request, response) => {
      if (request.url?.startsWith(mount)) listener(request, response)
      else response.writeHead(404).end()
    })
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
    port = (server.address() as AddressInfo).port
  }
  const stop = async () => {
    handler.close()
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  await listen()
  closing.push(stop)
  const base = `http://127.0.0.1:${port}${mount}`
  return {
    registry,
    get handler() {
      return handler
    },
    base,
    open: (hash = '#/', contextOptions = {}) => openPage(base + hash, contextOptions),
    stop,
    async restart() {
      handler = create()
      await listen()
    },
  }
}

/** Opens a page; what the browser complains about fails the test. */
export async function openPage(
  url: string,
  contextOptions: BrowserContextOptions = {},
): Promise<Page> {
  const context = await browser.newContext({ viewport: DESKTOP, ...contextOptions })
  closing.push(() => context.close())
  const page = await context.newPage()
  // A browser on a busy machine: what is waited for comes, but not soon.
  page.setDefaultTimeout(60_000)
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    if (message.type() !== 'error' || EXPECTED.test(message.text())) return
    complaints.push(message.text())
  })
  await page.goto(url)
  return page
}

export async function succeed(breaker: CircuitBreaker, times = 1): Promise<void> {
  for (let i = 0; i < times; i++) await breaker.run(() => 'fine')
}

export async function fail(breaker: CircuitBreaker, times = 1): Promise<void> {
  for (let i = 0; i < times; i++) {
    const error = Object.assign(new Error('connect ECONNREFUSED 10.4.7.21:8443'), {
      code: 'ECONNREFUSED',
    })
    await breaker.run(() => Promise.reject(error)).catch(() => {})
  }
}
