import type { Page } from 'playwright'
import { describe, expect, it } from 'vitest'
import { bearer } from '../../../src/admin/index.ts'
import { findings } from '../../helpers/axe.ts'
import { createWorld, DESKTOP, fail, PHONE, succeed, useBrowser, type World } from './page.ts'

useBrowser()

async function fill({ registry }: World): Promise<void> {
  await succeed(registry.breaker('accounts', { statistics: true }), 20)
  await fail(registry.breaker('payments', { maxFailures: 3, resetTimeout: 60_000 }), 3)
  const search = registry.breaker('search', { resetTimeout: 1 })
  search.trip()
  search.halfOpen()
  registry.breaker('mail').forceOpen({ by: 'ada', reason: 'migration', for: 60_000 })
  registry.breaker('ledger').forceClosed({ by: 'grace', reason: 'retries are safe' })
  registry.breaker('ledger').trip()
  registry.breaker('reports').disable()
}

const STATES: readonly (readonly [string, (page: Page) => Promise<unknown>])[] = [
  ['the list', (page) => page.locator('.row.item').first().waitFor()],
  [
    'the menu of a row',
    async (page) => {
      await page.getByRole('button', { name: 'Act on payments' }).click()
      await page.getByRole('menu').waitFor()
    },
  ],
  [
    'nothing that matches',
    async (page) => {
      await page.getByRole('searchbox').fill('nobody')
      await page.getByText('Nothing matches').waitFor()
    },
  ],
  ...['payments', 'ledger', 'accounts', 'unknown'].map(
    (name) =>
      [
        `the breaker ${name}`,
        async (page: Page) => {
          await page.goto(`${page.url().split('#')[0]}#/b/${name}`)
          await page
            .getByText(name === 'unknown' ? 'No breaker is named' : 'Options in force')
            .waitFor()
        },
      ] as const,
  ),
  [
    'the log',
    async (page) => {
      await page.goto(`${page.url().split('#')[0]}#/log`)
      await page.locator('.log li').first().waitFor()
    },
  ],
  ...['Force open', 'Reset', 'Configure'].map(
    (label) =>
      [
        `the dialog ${label}`,
        async (page: Page) => {
          await page.goto(`${page.url().split('#')[0]}#/b/payments`)
          await page.getByRole('button', { name: `${label}…` }).click()
          await page.getByRole('dialog').waitFor()
        },
      ] as const,
  ),
]

describe.each([
  ['light', 'a desktop', DESKTOP],
  ['dark', 'a desktop', DESKTOP],
  ['light', 'a phone', PHONE],
  ['dark', 'a phone', PHONE],
] as const)('in the %s theme on %s, axe finds nothing wrong with', (colorScheme, _, viewport) => {
  it.each(STATES)('%s', async (_, show) => {
    const world = await createWorld()
    await fill(world)
    const page = await world.open('#/', { colorScheme, viewport })
    await page.locator('.row.item').first().waitFor()

    await show(page)

    expect(await findings(page)).toEqual([])
  })

  it('the page before anybody has signed in, and without breakers', async () => {
    const token = 'a-token-of-ada-that-is-long-enough'
    const { open } = await createWorld({ authorize: bearer({ ada: token }) })
    const page = await open('#/', { colorScheme, viewport })
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    const before = await findings(page)
    await page.getByLabel('Token').fill(token)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('heading', { name: 'No breakers yet' }).waitFor()

    expect([...before, ...(await findings(page))]).toEqual([])
  })
})

describe('the page', () => {
  it('tells screen readers which breakers need attention, and no numbers', async () => {
    const { registry, open } = await createWorld()
    const breaker = registry.breaker('payments', { resetTimeout: 60_000 })
    const page = await open()
    await page.locator('.row.item').first().waitFor()

    breaker.trip()

    await expect
      .poll(() => page.locator('[aria-live=polite].sr').textContent())
      .toBe('payments needs you')
  })

  it('keeps the theme that was chosen', async () => {
    const { open } = await createWorld()
    const page = await open('#/', { colorScheme: 'light' })
    await page.getByRole('button', { name: 'Light or dark' }).click()

    await page.reload()

    expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe(
      'rgb(14, 17, 21)',
    )
  })
})
