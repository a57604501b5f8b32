import { describe, expect, it } from 'vitest'
import { CircuitRegistry } from '../../../src/index.ts'
import { createWorld, fail, PHONE, succeed, useBrowser } from './page.ts'

useBrowser()

const rowNames = '.row.item .name a'

describe('the list', () => {
  it('shows the breakers that need attention first, then those held by hand, then the others', async () => {
    const { registry, open } = await createWorld()
    await succeed(registry.breaker('accounts'), 3)
    registry.breaker('mail').forceOpen({ by: 'ada', reason: 'migration', for: 60_000 })
    await fail(registry.breaker('payments', { maxFailures: 3, resetTimeout: 60_000 }), 3)

    const page = await open()
    await page.getByRole('heading', { name: '1 of 3 breakers needs you' }).waitFor()

    expect(await page.locator(rowNames).allTextContents()).toEqual(['payments', 'mail', 'accounts'])
    const headings = await page.getByRole('heading', { level: 2 }).allTextContents()
    expect(headings).toEqual(['Needs you · 1', 'Held by hand · 1', 'Healthy · 1'])
  })

  it('says each state in words, and why one is open', async () => {
    const { registry, open } = await createWorld()
    await fail(registry.breaker('payments', { maxFailures: 3, resetTimeout: 60_000 }), 3)
    registry.breaker('mail').disable({ by: 'ada', reason: 'load test' })

    const page = await open()

    const payments = page.getByRole('row').filter({ hasText: 'payments' })
    expect(await payments.textContent()).toMatch(/^open.*3 calls failed in a row.*Next probe in/)
    const mail = page.getByRole('row').filter({ hasText: 'mail' })
    expect(await mail.textContent()).toMatch(/^disabled.*no end.*ada.*load test/)
  })

  it('changes by itself when a breaker opens', async () => {
    const { registry, open } = await createWorld()
    const breaker = registry.breaker('payments', { maxFailures: 3, resetTimeout: 60_000 })
    await succeed(breaker)
    const page = await open()
    await page.getByRole('heading', { name: 'The breaker is closed' }).waitFor()

    await fail(breaker, 3)

    await page.getByRole('heading', { name: '1 of 1 breaker needs you' }).waitFor()
    await expect.poll(() => page.title()).toBe('1 in trouble · short-circuit')
  })

  it('shows a breaker that is new', async () => {
    const { registry, open } = await createWorld()
    const page = await open()
    await page.getByRole('heading', { name: 'No breakers yet' }).waitFor()

    await succeed(registry.breaker('new'))

    await page.locator(rowNames).filter({ hasText: 'new' }).waitFor()
  })

  it('filters by name, reason and who, and keeps the filter in the address', async () => {
    const { registry, open } = await createWorld()
    for (const name of ['alpha', 'beta', 'gamma']) registry.breaker(name)
    registry.breaker('beta').forceOpen({ by: 'ada', reason: 'migration' })
    const page = await open()
    const filter = page.getByRole('searchbox')

    for (const [text, names] of [
      ['alp', ['alpha']],
      ['migration', ['beta']],
      ['by:ada', ['beta']],
      ['state:closed a', ['beta', 'alpha', 'gamma']],
    ] as const) {
      await filter.fill(text)
      await expect.poll(() => page.locator(rowNames).allTextContents()).toEqual(names)
    }
    await filter.fill('nobody')
    await page.getByText('Nothing matches').waitFor()
    await page.reload()
    expect(await filter.inputValue()).toBe('nobody')
    await page.getByRole('button', { name: 'Clear the filters' }).click()
    await expect.poll(() => page.locator(rowNames).count()).toBe(3)
  })

  it('shows what each quick filter stands for', async () => {
    const { registry, open } = await createWorld()
    registry.breaker('quiet')
    registry.breaker('mail').forceOpen()
    registry.breaker('payments', { resetTimeout: 60_000 }).trip()
    const page = await open()

    for (const [button, names] of [
      ['Trouble 1', ['payments']],
      ['By hand 1', ['mail']],
      ['All 3', ['payments', 'mail', 'quiet']],
    ] as const) {
      await page.getByRole('button', { name: button }).click()
      await expect.poll(() => page.locator(rowNames).allTextContents()).toEqual(names)
    }
  })

  it('does not move rows while the pointer is over them', async () => {
    const { registry, open } = await createWorld()
    for (const name of ['a', 'b', 'c']) registry.breaker(name, { resetTimeout: 60_000 })
    const page = await open()
    await page.locator(rowNames).first().waitFor()
    await page.locator('.row.item').first().hover()

    registry.breaker('c').trip()
    await page.getByText('1 changed · sort now').waitFor()

    expect(await page.locator(rowNames).allTextContents()).toEqual(['a', 'b', 'c'])
    await page.mouse.move(5, 5)
    await expect.poll(() => page.locator(rowNames).first().textContent()).toBe('c')
  })

  it('has only those of many breakers in the document that can be seen', async () => {
    const { registry, open } = await createWorld()
    for (let i = 0; i < 500; i++) registry.breaker(`breaker ${String(i).padStart(3, '0')}`)
    const page = await open()
    await page.getByRole('heading', { name: 'All 500 breakers are closed' }).waitFor()

    const table = page.getByRole('table')
    await expect.poll(() => table.getAttribute('aria-rowcount')).toBe('501')

    expect(await page.locator('.row.item').count()).toBeLessThan(80)
    await page.keyboard.press('End')
    await page.getByText('breaker 499').waitFor()
    await page.locator('.row.item', { hasText: 'breaker 499' }).locator('.band').waitFor()
  })

  it('reads them once, though many get worse while it reads, and loses none', async () => {
    const registry = new CircuitRegistry()
    for (let i = 0; i < 500; i++) registry.breaker(`breaker ${String(i).padStart(3, '0')}`)
    const pages: URLSearchParams[] = []
    const { open } = await createWorld({
      registry,
      authorize({ url }) {
        const { searchParams } = new URL(url)
        if (!searchParams.has('limit') || !url.includes('/breakers'))
          return { by: 'ada', write: true }
        pages.push(searchParams)
        // From the last page to the first one, which was read, and more than a tick tells of.
        for (let i = 310; pages.length === 2 && i < 490; i++) {
          registry.breaker(`breaker ${i}`).trip('not there')
        }
        return { by: 'ada', write: true }
      },
    })

    const page = await open()
    const table = page.getByRole('table')
    await expect.poll(() => table.getAttribute('aria-rowcount')).toBe('501')
    await page.getByRole('heading', { name: '180 of 500 breakers need you' }).waitFor()
    await page.waitForTimeout(3_000)

    expect(await table.getAttribute('aria-rowcount')).toBe('501')
    expect(pages.filter((query) => !query.has('after') && !query.has('sort'))).toHaveLength(1)
  })

  it('keeps those up to date that are not among the first hundred', async () => {
    const { registry, open } = await createWorld()
    for (let i = 0; i < 150; i++) registry.breaker(`breaker ${String(i).padStart(3, '0')}`)
    const last = registry.breaker('breaker 149')
    last.forceOpen()
    const page = await open()
    await page.getByRole('heading', { name: 'Held by hand · 1' }).waitFor()

    last.release()
    await page.getByRole('heading', { name: 'Healthy · 150' }).waitFor()
    await page.getByRole('searchbox').fill('149')
    await expect.poll(() => page.locator(rowNames).allTextContents()).toEqual(['breaker 149'])
    void last.run(() => new Promise(() => {}))

    await page.locator('.row.item .c-flight').getByText('1', { exact: true }).waitFor()
  })

  it('shows names with markup and controls as text', async () => {
    const { registry, open } = await createWorld()
    const names = [
      '<img src=x onerror=alert(1)>',
      'a/b',
      '..',
      '%',
      'red\u001b[31m',
      'rtl\u202Etxt',
    ]
    for (const name of names) registry.breaker(name, { resetTimeout: 60_000 }).trip('<b>why</b>')
    const page = await open()

    await expect.poll(() => page.locator(rowNames).count()).toBe(names.length)
    expect(await page.locator('.row.item img, .row.item b b').count()).toBe(0)
    const shown = await page.locator(rowNames).allTextContents()
    expect(shown).toContain('red␛[31m')
    expect(shown).toContain('rtl␦txt')
    for (const name of ['a/b', '..', '%']) {
      await page.goto(`${page.url().split('#')[0]}#/`)
      await page.locator(rowNames).getByText(name, { exact: true }).click()
      await page.getByRole('heading', { level: 1, name, exact: true }).waitFor()
      await page.getByText('was tripped by hand').first().waitFor()
    }
  })

  it.each([320, PHONE.width, 768, 1024])('is not wider than a window of %d px', async (width) => {
    const { registry, open } = await createWorld()
    const name = 'a-very-long-name-of-a-breaker-'.repeat(4)
    registry.breaker(name, { resetTimeout: 60_000 }).trip(name)
    registry.breaker('mail').forceOpen({ by: 'ada', reason: name })
    const page = await open('#/', { viewport: { width, height: 800 } })
    await page.locator(rowNames).first().waitFor()

    for (const hash of ['#/', `#/b/${name}`, '#/log']) {
      await page.goto(`${page.url().split('#')[0]}${hash}`)
      await page.getByRole('heading', { level: 1 }).waitFor()
      const tooWide = await page.evaluate<number>(
        'document.documentElement.scrollWidth - innerWidth',
      )
      expect(tooWide).toBeLessThanOrEqual(0)
    }
  })
})
