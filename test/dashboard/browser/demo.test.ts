import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import type { Snapshot } from '../../../src/index.ts'
import { openPage, useBrowser } from './page.ts'

const main = fileURLToPath(new URL('../../../demo/main.ts', import.meta.url))
const runsTypeScript = Boolean(process.features.typescript) && process.platform !== 'win32'

let demo: ChildProcessWithoutNullStreams | undefined

async function startDemo() {
  demo = spawn(process.execPath, [main, '--serve', '--port', '0'])
  const { stdin, stdout, stderr } = demo
  let output = ''
  for (const stream of [stdout, stderr]) stream.on('data', (data) => (output += data))
  await expect.poll(() => output).toContain('quit')
  return {
    url: /http:\S+/.exec(output)?.[0] ?? '',
    press: (key: string) => void stdin.write(key),
    output: () => output,
    ended: once(demo, 'exit'),
  }
}

useBrowser()
afterEach(() => {
  demo?.kill()
  demo = undefined
})

// Without that the demo cannot start; `npm run` brings a Node that can.
describe.runIf(runsTypeScript)('the served demo', () => {
  it('shows what happens to a real upstream that is frozen, killed and restored by keys', async () => {
    const { url, press, output, ended } = await startDemo()
    const page = await openPage(url)
    const row = page.locator('.row.item', { has: page.getByText('payments', { exact: true }) })
    await page.getByRole('heading', { name: 'All 3 breakers are closed' }).waitFor()
    // What is normal must have been seen, or only a minute without an answer counts as hung.
    const successes = async (): Promise<number> => {
      const response = await fetch(`${url}api/v1/breakers/payments`)
      const { snapshot } = (await response.json()) as { snapshot: Snapshot }
      return snapshot.counts.success
    }
    await expect.poll(successes).toBeGreaterThan(50)

    press('f')
    await row.getByText('overdue calls').waitFor()
    press('r')
    await page.getByRole('heading', { name: 'All 3 breakers are closed' }).waitFor()
    press('k')
    await row.getByText('open', { exact: true }).waitFor()
    await row.click()
    await page.getByText('ECONNREFUSED').first().waitFor()

    expect(output()).toMatch(/upstream +frozen .* payments +open: .*overdue.*restored.*killed /s)
    press('q')
    expect(await ended).toEqual([0, null])
  })

  it('tells at the terminal who did what on the page', async () => {
    const { url, output } = await startDemo()
    const page = await openPage(`${url}#/b/search`)

    await page.getByRole('button', { name: 'Force open…' }).click()
    await page.getByRole('textbox', { name: 'Why' }).fill('INC-2291: the provider asked for it')
    await page.getByRole('button', { name: 'Force open for 10 min' }).click()

    await expect.poll(output).toMatch(/search +.*forced? open.*because: INC-2291/)
  })

  it('says so when its port is taken', async () => {
    const { url, ended } = await startDemo()
    const second = spawn(process.execPath, [main, '--serve', '--port', new URL(url).port])
    let errors = ''
    second.stderr.on('data', (data) => (errors += data))

    const [code] = await once(second, 'close')

    expect(code).toBe(1)
    expect(errors).toContain('EADDRINUSE')
    expect(errors).toContain('--port 0')
    void ended
  })
})
