import type { Page } from 'playwright'
import { describe, expect, it, onTestFinished } from 'vitest'
import {
  type FleetStore,
  memoryStore,
  type ProcessReport,
  shared,
} from '../../../src/fleet/index.ts'
import { CircuitRegistry } from '../../../src/index.ts'
import { findings } from '../../helpers/axe.ts'
import { never } from '../../helpers/fleet-asks.ts'
import { createWorld, DESKTOP, fail, PHONE, useBrowser } from './page.ts'

useBrowser()

/** Three processes of a fleet; the page is that of the first. */
async function createFleet() {
  const store: FleetStore = memoryStore()
  const processes = ['checkout-1', 'checkout-2', 'worker-1'].map((process) => {
    const fleet = shared(store, { process, service: process.split('-')[0], version: '1.8.2' })
    const registry = new CircuitRegistry({
      shared: fleet,
      defaults: { maxFailures: 3, resetTimeout: 60_000 },
    })
    const breakers = ['payments', 'mail', 'tax'].map((name) => registry.breaker(name))
    for (const breaker of breakers) void breaker.state
    return { fleet, registry, breaker: (name: string) => registry.breaker(name) }
  })
  await Promise.all(processes.map(({ fleet }) => fleet.ready()))
  const [first, second, third] = processes as [
    (typeof processes)[0],
    (typeof processes)[0],
    (typeof processes)[0],
  ]
  onTestFinished(async () => {
    await Promise.all(processes.map(({ fleet }) => fleet.close()))
  })
  const world = await createWorld({ registry: first.registry, fleet: first.fleet })
  /** One that has not heard of anything, and is not heard of again. */
  const fallBehind = async (process: string): Promise<void> => {
    const said = { service: 'cron', version: '1.7.9', uptime: 86_400_000, breakers: 3, heard: 0 }
    const report: ProcessReport = { process, ...said, degraded: 0, alone: [], policies: [] }
    await store.exchange([], never, report)
  }
  return { ...world, first, second, third, fallBehind }
}

const goTo = (page: Page, hash: string) => page.goto(`${page.url().split('#')[0]}${hash}`)

describe('the view of the fleet', () => {
  it('says who differs, in which breaker, and what is held by whom', async () => {
    const { open, first, third, fallBehind } = await createFleet()
    await fail(third.breaker('tax'), 3)
    first.breaker('mail').forceOpen({ fleet: true, by: 'ada', reason: 'CHG-118', for: 3_600_000 })
    await fallBehind('cron-1')
    const page = await open('#/', { viewport: DESKTOP })

    await page.getByRole('link', { name: 'Fleet' }).click()

    await page.getByRole('heading', { name: '2 of 4 processes are up to date' }).waitFor()
    const row = (name: string) => page.getByRole('row').filter({ hasText: name })
    const cron = row('cron-1')
    await cron.filter({ hasText: 'behind' }).waitFor()
    await cron.filter({ hasText: 'mail forced open not applied yet' }).waitFor()
    await row('worker-1').filter({ hasText: 'isolated' }).waitFor()
    const mail = page.getByRole('row').filter({ has: page.locator('.badge.hand') })
    await mail.filter({ hasText: '3 of 4' }).filter({ hasText: 'CHG-118' }).waitFor()
    await page.getByRole('button', { name: 'All 4' }).click()
    await page.getByText('you are here').waitFor()
  })

  it.each([
    ['a desktop', DESKTOP, 'light'],
    ['a desktop in the dark', DESKTOP, 'dark'],
    ['a phone', PHONE, 'light'],
    ['a phone in the dark', PHONE, 'dark'],
  ] as const)('has no finding of axe, and fits, on %s', async (_, viewport, colorScheme) => {
    const { open, first, third, fallBehind } = await createFleet()
    await fail(third.breaker('tax'), 3)
    first.breaker('payments').trip({ fleet: true, by: 'grace' })
    first.breaker('mail').disable({ fleet: true, by: 'ada', reason: 'CHG-118' })
    await fallBehind('cron-1')
    const page = await open('#/fleet?show=processes', { viewport, colorScheme })
    await page.getByText('isolated').first().waitFor()
    await page.getByText('not applied yet').first().waitFor()

    expect(await findings(page)).toEqual([])
    const widest = await page.evaluate('document.documentElement.scrollWidth')
    expect(widest).toBeLessThanOrEqual(viewport.width)
    const folder = process.env['SCREENSHOTS']
    if (folder !== undefined) {
      await page.screenshot({ path: `${folder}/fleet-${viewport.width}-${colorScheme}.png` })
    }
  })

  it('says what it would show where there is no fleet', async () => {
    const { open } = await createWorld()
    const page = await open('#/fleet')

    await page.getByRole('heading', { name: 'No fleet' }).waitFor()
    expect(await page.getByRole('link', { name: 'Fleet' }).count()).toBe(0)
    expect(await findings(page)).toEqual([])
  })
})

describe('a breaker that is shared', () => {
  it('is held open in every process, which says that it has applied it, and released by undo', async () => {
    const { open, second } = await createFleet()
    const page = await open('#/b/payments')
    await page.getByText('decides').first().waitFor()

    await page.getByRole('button', { name: 'Force open…' }).click()
    await page.getByRole('textbox', { name: 'Why?' }).fill('INC-2291: stop hammering')
    expect(await page.getByLabel('All processes').isChecked()).toBe(true)
    expect(await findings(page)).toEqual([])
    await page.getByRole('button', { name: 'Force open for 10 min' }).click()

    await page.getByText('payments forced open for 10 min, in the whole fleet').first().waitFor()
    await expect.poll(() => second.breaker('payments').state).toBe('open')
    const toast = page.getByRole('region', { name: 'What was done' })
    await toast.hover()
    await toast.getByText('applied by 3 of 3 processes').waitFor()
    await toast.getByRole('button', { name: 'Undo' }).click()
    await expect.poll(() => second.breaker('payments').state).toBe('closed')
  })

  it('is held open in this process alone if that is chosen', async () => {
    const { open, first, second } = await createFleet()
    const page = await open('#/b/payments')

    await page.getByRole('button', { name: 'Force open…' }).click()
    await page.getByRole('textbox', { name: 'Why?' }).fill('only here')
    await page.getByText('This process only').click()
    await page.getByRole('button', { name: 'Force open for 10 min' }).click()

    await page.getByText('in this process only').first().waitFor()
    expect(first.breaker('payments').state).toBe('open')
    expect(second.breaker('payments').state).toBe('closed')
    await goTo(page, '#/fleet')
    await page.getByRole('heading', { name: 'processes are up to date' }).waitFor()
  })
})
