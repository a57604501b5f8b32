import type { Locator, Page } from 'playwright'
import { describe, expect, it } from 'vitest'
import { bearer } from '../../../src/admin/index.ts'
import { createWorld, fail, PHONE, useBrowser } from './page.ts'

useBrowser()

const ADA = 'a-token-of-ada-that-is-long-enough'
const BOB = 'a-token-of-bob-that-is-long-enough'

async function signIn(page: Page, token: string): Promise<void> {
  await page.getByLabel('Token').fill(token)
  await page.getByRole('button', { name: 'Sign in' }).click()
}

describe('the story of an incident', () => {
  it.each([
    ['a desktop by a mouse', {}],
    ['a phone by touch', { viewport: PHONE, hasTouch: true, isMobile: true }],
  ])(
    'is told on %s: which breaker is open, why, held for ten minutes with a reason, released',
    async (_, options) => {
      const press = (target: Locator) => ('hasTouch' in options ? target.tap() : target.click())
      const { registry, open } = await createWorld()
      registry.breaker('accounts')
      const breaker = registry.breaker('payments', { maxFailures: 3, resetTimeout: 60_000 })
      await fail(breaker, 3)
      const page = await open('#/', options)

      await press(page.locator('.row.item .name a').first())
      await page.getByText('3 calls failed in a row').first().waitFor()
      await page.getByText('connect ECONNREFUSED 10.4.7.21:8443').first().waitFor()
      await press(page.getByRole('button', { name: 'Force open…' }))
      await page.getByRole('textbox', { name: 'Why?' }).fill('INC-2291: stop hammering')
      await page.getByLabel('Your name').fill('ada')
      await press(page.getByRole('button', { name: 'Force open for 10 min' }))

      await page.getByText('payments forced open for 10 min').first().waitFor()
      expect(breaker.snapshot().override).toMatchObject({
        mode: 'forced-open',
        by: 'ada',
        reason: 'INC-2291: stop hammering',
      })
      await page.getByText('Held by hand:').waitFor()
      await press(page.getByRole('button', { name: 'Release…' }))
      await page.getByRole('textbox', { name: 'Why?' }).fill('the provider is back')
      await press(page.getByRole('button', { name: 'Release', exact: true }))
      await expect.poll(() => breaker.snapshot().override).toBeNull()
      await page.goto(`${page.url().split('#')[0]}#/log`)
      await page.locator('.log li').filter({ hasText: '“the provider is back”' }).waitFor()
    },
  )

  it('is told by the keyboard alone', async () => {
    const { registry, open } = await createWorld()
    const breaker = registry.breaker('payments', { resetTimeout: 60_000 })
    breaker.trip()
    const page = await open()
    await page.locator('.row.item').first().waitFor()
    const press = async (...keys: string[]) => {
      for (const key of keys) await page.keyboard.press(key)
    }

    await press('j', 'Enter')
    await page.getByText('was tripped by hand').first().waitFor()
    const why = page.getByRole('textbox', { name: 'Why?' }).and(page.locator(':focus'))
    await press('f')
    await why.waitFor()
    await page.keyboard.type('INC-2291')
    await press('Control+Enter')
    await expect.poll(() => breaker.snapshot().override?.mode).toBe('forced-open')
    await page.getByRole('button', { name: 'Undo' }).waitFor()
    await press('u')
    await expect.poll(() => breaker.snapshot().override).toBeNull()
    // What is held can't be held again: the key works once the page has heard that it is not.
    const asks = async (): Promise<boolean> => {
      if (!(await why.isVisible())) await press('f')
      return why.isVisible()
    }
    await expect.poll(asks, { interval: 500 }).toBe(true)
    await page.keyboard.type('INC-2291: stop hammering')
    await press('Control+Enter')
    await page.getByText('Held by hand:').waitFor()
    expect(breaker.snapshot().override).toMatchObject({
      mode: 'forced-open',
      reason: 'INC-2291: stop hammering',
    })
    await press('r')
    await why.waitFor()
    await page.keyboard.type('the provider is back')
    await press('Control+Enter')
    await expect.poll(() => breaker.snapshot().override).toBeNull()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await press('Escape')
    await page.getByRole('searchbox').waitFor()
    await press('/')
    await page.keyboard.type('fx')

    // In a field, letters are letters.
    expect(await page.getByRole('searchbox').inputValue()).toBe('fx')
    expect(await page.getByRole('dialog').count()).toBe(0)
  })
})

describe('a control', () => {
  it('does nothing without a reason, and says what it will do', async () => {
    const { registry, open } = await createWorld()
    registry.breaker('payments')
    const page = await open('#/b/payments')

    await page.getByRole('button', { name: 'Force open…' }).click()

    const confirm = page.getByRole('button', { name: 'Force open for 10 min' })
    expect(await confirm.isDisabled()).toBe(true)
    await page.getByText('every call is rejected at once').waitFor()
    await page.getByRole('textbox', { name: 'Why?' }).fill('ab')
    expect(await confirm.isDisabled()).toBe(true)
    await page.getByRole('textbox', { name: 'Why?' }).fill('abc')
    expect(await confirm.isDisabled()).toBe(false)
  })

  it.each([
    ['Trip', 'Trip', 'open', null],
    ['Force closed', 'Force closed for 10 min', 'closed', 'forced-closed'],
    ['Disable', 'Disable for 10 min', 'closed', 'disabled'],
  ])('in the menu of a row: %s', async (item, confirm, state, mode) => {
    const { registry, open } = await createWorld()
    const breaker = registry.breaker('payments', { resetTimeout: 60_000 })
    const page = await open()

    await page.getByRole('button', { name: 'Act on payments' }).click()
    await page
      .getByRole('menuitem', { name: `${item}…` })
      .first()
      .click()
    await page.getByRole('textbox', { name: 'Why?' }).fill('because')
    await page.getByRole('button', { name: confirm, exact: true }).click()

    await expect.poll(() => breaker.snapshot().override?.mode ?? null).toBe(mode)
    await expect.poll(() => breaker.state).toBe(state)
  })

  it('takes another time, and no end only where that is typed', async () => {
    const { registry, open } = await createWorld()
    const breaker = registry.breaker('payments')
    const page = await open('#/b/payments')
    await page.getByRole('button', { name: 'Force open…' }).click()
    await page.getByRole('textbox', { name: 'Why?' }).fill('because')

    await page.getByText('Other…').click()
    const confirm = page.locator('dialog button[type=submit]')
    expect(await confirm.isDisabled()).toBe(true)
    await page.getByPlaceholder('45m').fill('90s')
    expect(await confirm.textContent()).toBe('Force open for 90s')
    await page.getByText('No end', { exact: true }).click()
    expect(await confirm.isDisabled()).toBe(true)
    await page.getByLabel('Nothing will lift it').fill('no end')
    await confirm.click()

    await expect.poll(() => breaker.snapshot().override?.until).toBeNull()
    await page.goto(`${page.url().split('#')[0]}#/`)
    await page.getByText('no end', { exact: true }).waitFor()
  })

  it('offers no time that the process does not allow', async () => {
    const { registry, open } = await createWorld({ maxFor: 3_600_000 })
    registry.breaker('payments')
    const page = await open('#/b/payments')

    await page.getByRole('button', { name: 'Force open…' }).click()

    const choices = await page.locator('.choices label').allTextContents()
    expect(choices).toEqual(['10 min', '30 min', '1 h', 'Other…'])
  })

  it('says who has changed the breaker meanwhile, and does it only when asked again', async () => {
    const { registry, open } = await createWorld()
    const breaker = registry.breaker('payments')
    const page = await open('#/b/payments')
    await page.getByRole('button', { name: 'Force open…' }).click()
    await page.getByRole('textbox', { name: 'Why?' }).fill('because')

    breaker.disable({ by: 'grace', reason: 'load test', for: 60_000 })
    await page.getByRole('button', { name: 'Force open for 10 min' }).click()

    await page.getByText(/It has changed since you opened this\. grace: it disabled/).waitFor()
    expect(breaker.snapshot().override?.mode).toBe('disabled')
    await page.getByRole('button', { name: 'Force open for 10 min' }).click()
    await expect.poll(() => breaker.snapshot().override?.mode).toBe('forced-open')
  })

  it('puts an override back that another one has replaced, with the time that it had left', async () => {
    const { registry, open } = await createWorld()
    const breaker = registry.breaker('payments')
    breaker.disable({ by: 'grace', reason: 'load test', for: 60_000 })
    const page = await open('#/b/payments')
    await page.getByRole('button', { name: 'Release…' }).click()
    await page.getByRole('textbox', { name: 'Why?' }).fill('over')
    await page.getByRole('button', { name: 'Release', exact: true }).click()

    await page.getByRole('button', { name: 'Undo' }).click()

    await expect.poll(() => breaker.snapshot().override?.mode).toBe('disabled')
    expect(breaker.snapshot().override?.until).toBeLessThanOrEqual(Date.now() + 60_000)
  })

  it('shows what a change of options would do before it is made', async () => {
    const { registry, open } = await createWorld()
    const breaker = registry.breaker('payments', { maxFailures: 3 })
    const page = await open('#/b/payments')
    await page.getByRole('button', { name: 'Configure…' }).click()

    await page.getByLabel('What to change').fill('{ "maxConcurrent": -1 }')
    await page.locator('.dry').getByText('maxConcurrent must be').waitFor()
    await page.getByLabel('What to change').fill('{ "maxConcurrent": 7 }')
    await page.locator('.dry').getByText('none → 7').waitFor()
    expect(breaker.options.maxConcurrent).not.toBe(7)
    await page.getByRole('textbox', { name: 'Why?' }).fill('fewer')
    await page.getByRole('button', { name: 'Configure', exact: true }).click()

    await expect.poll(() => breaker.options.maxConcurrent).toBe(7)
  })

  it('returns the focus to where it was', async () => {
    const { registry, open } = await createWorld()
    registry.breaker('payments')
    const page = await open('#/b/payments')

    await page.getByRole('button', { name: 'Reset…' }).click()
    await page.keyboard.press('Escape')

    const focused = () => page.evaluate('document.activeElement?.textContent')
    await expect.poll(focused).toBe('Reset…')
  })
})

describe('who may see and do', () => {
  const authorize = bearer({ ada: ADA, bob: { token: BOB, write: false } })

  it('signs in with a token, is named, and needs no name in the dialog', async () => {
    const { registry, open } = await createWorld({ authorize })
    const breaker = registry.breaker('payments')
    const page = await open('#/b/payments')

    await signIn(page, 'not-a-token-of-anybody-at-all')
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    await signIn(page, ADA)
    await page.getByText('signed in as ada').waitFor()
    await page.getByRole('button', { name: 'Force open…' }).click()
    expect(await page.getByLabel('Your name').count()).toBe(0)
    await page.getByRole('textbox', { name: 'Why?' }).fill('because')
    await page.getByRole('button', { name: 'Force open for 10 min' }).click()

    await expect.poll(() => breaker.snapshot().override?.by).toBe('ada')
    expect(
      await page.evaluate<string>('JSON.stringify([localStorage, sessionStorage])'),
    ).not.toContain(ADA)
  })

  it('stays signed in in this tab, if asked to', async () => {
    const { open } = await createWorld({ authorize })
    const page = await open()
    await page.getByLabel('Remember it for this tab').check()
    await signIn(page, ADA)
    await page.getByText('signed in as ada').waitFor()

    await page.reload()

    await page.getByText('signed in as ada').waitFor()
  })

  it.each([
    ['may only read', { authorize }, BOB],
    ['comes to one that is read-only', { authorize, readOnly: true }, ADA],
  ])('sees no control who %s', async (_, options, token) => {
    const { registry, open } = await createWorld(options)
    registry.breaker('payments').forceOpen({ for: 60_000 })
    const page = await open('#/b/payments')
    await signIn(page, token)
    await page.getByText('You may read here').waitFor()
    await page.getByText('Options in force').waitFor()

    const buttons = await page.locator('main button').allTextContents()
    expect(buttons.filter((text) => /…|▾/.test(text))).toEqual([])
    await page.keyboard.press('r')
    expect(await page.getByRole('dialog').count()).toBe(0)
  })
})
