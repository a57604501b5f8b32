import { describe, expect, it } from 'vitest'
import { createWorld, fail, openPage, succeed, useBrowser } from './page.ts'
import { createProxy } from './proxy.ts'

useBrowser()

describe('the connection', () => {
  it('works below any path', async () => {
    const { registry, open } = await createWorld({}, { mount: '/ops/breakers/' })
    registry.breaker('payments')

    const page = await open('#/b/payments')

    await page.getByText('Live', { exact: true }).waitFor()
    await page.getByText('It has never opened').waitFor()
  })

  it('asks for nothing elsewhere', async () => {
    const { registry, open, base } = await createWorld()
    registry.breaker('payments').trip()
    const page = await open()
    const asked = new Set<string>()
    page.on('request', (request) => asked.add(new URL(request.url()).origin))

    await page.reload()
    await page.locator('.row.item').first().click()
    await page.getByText('was tripped by hand').first().waitFor()

    expect([...asked].filter((origin) => origin !== 'null')).toEqual([new URL(base).origin])
  })

  it('polls while a proxy holds back the events', async () => {
    const { registry, open } = await createWorld()
    const breaker = registry.breaker('payments', { maxFailures: 3, resetTimeout: 60_000 })
    await succeed(breaker)
    const page = await open('#/log')
    await page.route('**/api/v1/events*', (_route) => new Promise(() => {}))
    await page.reload()
    await page.goto(`${page.url().split('#')[0]}#/`)
    await page.getByText('Polling').waitFor()

    await fail(breaker, 3)

    await page.getByRole('heading', { name: '1 of 1 breaker needs you' }).waitFor()
  })

  it('goes on behind a real proxy that keeps the events to itself, and misses nothing', async () => {
    const { registry, base } = await createWorld()
    const breaker = registry.breaker('payments', { maxFailures: 3, resetTimeout: 60_000 })
    await succeed(breaker)
    const proxy = await createProxy(base, { holdsBackEvents: true })
    const page = await openPage(`${proxy.base}#/`)
    await page.getByText('Polling').waitFor()

    await fail(breaker, 3)
    breaker.forceOpen({ by: 'ada', reason: 'hold it' })
    breaker.release({ by: 'ada', reason: 'let it go' })
    await page.getByRole('heading', { name: '1 of 1 breaker needs you' }).waitFor()
    await page.goto(`${page.url().split('#')[0]}#/log`)

    for (const text of ['3 calls failed in a row', '“hold it”', '“let it go”']) {
      await page.locator('.log li').filter({ hasText: text }).first().waitFor()
    }
  })

  it('takes a stream up again that is cut in the middle, and misses nothing', async () => {
    const { registry, base } = await createWorld()
    const breaker = registry.breaker('payments', { resetTimeout: 60_000 })
    const proxy = await createProxy(base)
    const page = await openPage(`${proxy.base}#/log`)
    await page.getByText('Live', { exact: true }).waitFor()

    for (const reason of ['one', 'two', 'three']) {
      breaker.trip(`cut ${reason}`)
      proxy.cut()
      breaker.reset({ by: 'ada', reason: `after ${reason}` })
      await page
        .locator('.log li')
        .filter({ hasText: `“after ${reason}”` })
        .waitFor()
      await page
        .locator('.log li')
        .filter({ hasText: `cut ${reason}` })
        .first()
        .waitFor()
    }

    await page.getByText('Live', { exact: true }).waitFor()
    const entries = await page.locator('.log li').allTextContents()
    expect(new Set(entries).size).toBe(entries.length)
  })

  it('says how old everything is when nothing answers, and goes on when it is back', async () => {
    const { registry, open, stop, restart } = await createWorld()
    const breaker = registry.breaker('payments', { resetTimeout: 60_000 })
    const page = await open('#/b/payments')
    await page.getByText('Live', { exact: true }).waitFor()

    await stop()
    await page.getByText('Not connected for').waitFor()
    expect(await page.getByRole('button', { name: 'Force open…' }).isDisabled()).toBe(true)
    breaker.trip('while nobody could see it')
    await restart()
    await page.getByRole('button', { name: 'Try now' }).click()

    await page.getByText('while nobody could see it').first().waitFor()
    await page.getByText('Live', { exact: true }).waitFor()
    await page.getByText('The process was restarted at').waitFor()
    expect(await page.getByRole('button', { name: 'Force open…' }).isDisabled()).toBe(false)
  })

  it('says it when several processes answer at one address', async () => {
    const { registry, open, stop, restart } = await createWorld()
    registry.breaker('payments')
    const page = await open()
    await page.getByText('Live', { exact: true }).waitFor()
    await page.route('**/api/v1/session', async (route) => {
      const answer = await route.fetch()
      const body = await answer.json()
      await route.fulfill({ json: { ...body, process: { ...body.process, id: 'another' } } })
    })

    await stop()
    await restart()

    await page.getByText('These numbers come from one process at a time').waitFor()
  })

  it('holds no stream in a tab that is hidden', async () => {
    const { registry, open, base } = await createWorld()
    registry.breaker('payments')
    const page = await open()
    await page.getByText('Live', { exact: true }).waitFor()

    await page.evaluate(`
      Object.defineProperty(document, 'hidden', { value: true, configurable: true })
      document.dispatchEvent(new Event('visibilitychange'))
    `)
    const ended = page.waitForEvent('request', (request) => request.url().includes('/events'))
    await page.evaluate(`
      Object.defineProperty(document, 'hidden', { value: false, configurable: true })
      document.dispatchEvent(new Event('visibilitychange'))
    `)

    expect((await ended).url()).toContain(base)
    await page.getByText('Live', { exact: true }).waitFor()
  })

  it('changes nothing by being looked at', async () => {
    const { registry, open } = await createWorld()
    const breaker = registry.breaker('payments', { maxFailures: 3, resetTimeout: 60_000 })
    await fail(breaker, 3)
    const before = breaker.snapshot()
    const page = await open('#/b/payments')

    await page.getByText('3 calls failed in a row').first().waitFor()
    await page.waitForResponse((response) => response.url().endsWith('breakers/payments'))

    const { generation, counts, transitions, state } = breaker.snapshot()
    expect({ generation, counts, transitions, state }).toEqual({
      generation: before.generation,
      counts: before.counts,
      transitions: before.transitions,
      state: before.state,
    })
  })

  it('says which names are near one that there is not', async () => {
    const { registry, open } = await createWorld()
    registry.breaker('payments')

    const page = await open('#/b/paymnets')

    await page.getByRole('heading', { name: 'No breaker is named “paymnets”' }).waitFor()
    await page.getByRole('link', { name: 'payments' }).click()
    await page.getByRole('heading', { level: 1, name: 'payments' }).waitFor()
  })

  it('asks once for one that there is not, and shows it as soon as there is one', async () => {
    const { registry, open } = await createWorld()
    registry.breaker('payments')
    const page = await open('#/b/orders')
    await page.getByRole('heading', { name: 'No breaker is named “orders”' }).waitFor()
    const asked: string[] = []
    page.on('request', (request) => {
      if (request.url().includes('/breakers/orders')) asked.push(request.url())
    })

    await page.waitForTimeout(3_000)
    expect(asked).toEqual([])
    registry.breaker('orders')

    await page.getByRole('heading', { level: 1, name: 'orders', exact: true }).waitFor()
  })
})
