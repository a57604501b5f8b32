import type { Page } from 'playwright'
import { describe, expect, it } from 'vitest'
import { createWorld, fail, useBrowser, type World } from './page.ts'

useBrowser()

const WIDTHS = [390, 1024, 1440]
const THEMES = ['light', 'dark'] as const

async function fill({ registry }: World): Promise<void> {
  await fail(registry.breaker('payments', { maxFailures: 3, resetTimeout: 600_000 }), 3)
  registry.breaker('mail').forceOpen({ by: 'ada', reason: 'migration', for: 3_600_000 })
  registry.breaker('accounts')
}

/**
 * What is looked at in each state: boxes whose place does not depend on the fonts of a machine, which pictures
 * would do.
 */
const STATES: readonly (readonly [
  string,
  string,
  (page: Page) => Promise<unknown>,
  readonly string[],
])[] = [
  [
    'the list',
    '#/',
    (page) =>
      page.locator('.row.item').nth(2).locator('.band').first().waitFor({ state: 'attached' }),
    [
      '.top',
      'main',
      '.head',
      '.search',
      '.list',
      '.columns',
      '.group',
      '.row.tall',
      '.row.tall .c-state',
      '.row.tall .c-name',
      '.row.tall .c-band',
      '.row.tall .c-act',
      '.row.short',
      '.row.short .c-state',
      '.row.short .c-name',
      '.row.short .c-act',
    ],
  ],
  [
    'a breaker',
    '#/b/payments',
    async (page) => {
      await page.getByText('Options in force').waitFor()
      await page.locator('.plot').first().waitFor()
    },
    ['.top', 'main', '.title', '.explain', '.card', '.band-row', '.plot'],
  ],
  [
    'the log',
    '#/log',
    (page) => page.locator('.log li').first().waitFor(),
    ['.top', 'main', '.log'],
  ],
  [
    'a dialog',
    '#/b/payments',
    async (page) => {
      await page.getByRole('button', { name: 'Force open…' }).click()
      await page.getByRole('dialog').waitFor()
    },
    ['dialog', 'dialog textarea', 'dialog .choices', 'dialog footer'],
  ],
]

/** Where the first of each is, to 4 px, and whether it is there at all. */
const BOXES = `(selectors) => selectors.map((selector) => {
  const element = document.querySelector(selector)
  if (element === null) return selector + ': none'
  const { left, width } = element.getBoundingClientRect()
  if (getComputedStyle(element).display === 'none') return selector + ': not shown'
  const round = (value) => Math.round(value / 4) * 4
  return selector + ': ' + round(left) + ' to ' + round(left + width)
})`

const COLOURS = `(selectors) => selectors.map((selector) => {
  const element = document.querySelector(selector)
  if (element === null) return selector + ': none'
  const { color, backgroundColor } = getComputedStyle(element)
  return selector + ': ' + color + ' on ' + backgroundColor
})`

const COLOURED = [
  'body',
  '.top',
  '.list',
  '.row.tall',
  '.row.tall .badge',
  '.row.tall .why',
  '.row.tall .sub',
  '.row.short .badge',
  '.row.item .button',
  '.hint',
]

describe.each(WIDTHS)('in a window of %i px', (width) => {
  it.each(STATES)(
    '%s is laid out as before, in both themes',
    async (name, hash, show, selectors) => {
      const world = await createWorld()
      await fill(world)
      // On a phone the columns of a row are as wide as their texts.
      const fixed = selectors.filter((one) => width > 600 || !/ \.c-(state|name|act)/.test(one))
      const found: string[][] = []
      for (const colorScheme of THEMES) {
        const page = await world.open(hash, { colorScheme, viewport: { width, height: 900 } })
        await show(page)
        found.push(await page.evaluate<string[]>(`(${BOXES})(${JSON.stringify(fixed)})`))
        expect(
          await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth'),
        ).toBeLessThanOrEqual(0)
      }

      expect(found[0]).toEqual(found[1])
      expect(found[0]?.join('\n')).toMatchSnapshot(name)
    },
  )
})

describe.each(THEMES)('in the %s theme', (colorScheme) => {
  it('everything has the colours that it had', async () => {
    const world = await createWorld()
    await fill(world)
    const page = await world.open('#/', { colorScheme })
    await page.locator('.row.short .badge').waitFor()

    const found = await page.evaluate<string[]>(`(${COLOURS})(${JSON.stringify(COLOURED)})`)

    expect(found.join('\n')).toMatchSnapshot()
  })
})
