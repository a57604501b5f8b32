import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { beforeAll, describe, expect, it } from 'vitest'
import { buildDashboard, dashboardPlugin } from '../../scripts/dashboard.mjs'
import type { Dashboard } from '../../src/admin/dashboard.ts'
import { list, read } from '../docs/examples.ts'

/** Bytes, compressed. */
const BUDGET = 50_000

describe('the page of the admin', () => {
  let page: Awaited<ReturnType<typeof buildDashboard>>
  beforeAll(async () => {
    page = await buildDashboard()
  })

  it(`takes at most ${BUDGET} bytes, compressed`, () => {
    const size = gzipSync(page.html, { level: 9 }).length

    expect(size).toBeLessThanOrEqual(BUDGET)
    expect(size).toBeGreaterThan(BUDGET * 0.75)
  })

  it('is the same whenever it is built', async () => {
    expect(await buildDashboard()).toEqual(page)
  })

  it('has nothing of the machine on which it was built', () => {
    expect(page.html.includes(import.meta.dirname.split('/').slice(0, 3).join('/'))).toBe(false)
    expect(page.html.includes('lineNumber')).toBe(false)
  })

  it('comes with the licence of every package that it contains', () => {
    const sources = list('dashboard', '.tsx').concat(list('dashboard', '.ts')).map(read).join('\n')
    const imports = sources.matchAll(/ from '((?:@[\w-]+\/)?[\w-]+)(?:\/[\w-]+)?'/g)
    const packages = new Set(Array.from(imports, ([, name = '']) => name))
    packages.delete('short-circuit')

    expect(packages.size).toBeGreaterThan(3)
    for (const name of packages) expect(page.notices).toContain(`## ${name} - `)
    expect(page.notices.match(/^Permission is hereby granted/gm)?.length).toBeGreaterThanOrEqual(
      packages.size,
    )
  })

  it('names no other place', () => {
    const addresses = page.html.match(/\b(?:https?|wss?):\/\/[^\s"'`<\\]+/g) ?? []

    // Namespaces, and the example of the empty page; nothing is loaded from them.
    expect([...new Set(addresses)].sort()).toEqual([
      'http://www.w3.org/1998/Math/MathML',
      'http://www.w3.org/1999/xhtml',
      'http://www.w3.org/2000/svg',
      'https://users.example/',
    ])
    expect(/@import|url\(/.test(styleOf(page))).toBe(false)
  })

  it.each(['script', 'style'])('has a policy that allows its one %s and no other', (tag) => {
    const blocks = [
      ...page.html.matchAll(new RegExp(`<${tag}(?: [^>]*)?>([\\s\\S]*?)</${tag}>`, 'g')),
    ]
    const hashes = blocks.map(([, text = '']) => createHash('sha256').update(text).digest('base64'))

    expect(hashes).toHaveLength(1)
    expect(page.policy).toContain(`${tag}-src 'sha256-${hashes[0]}'`)
    expect(page.policy).not.toContain('unsafe')
  })

  it('has no inline style or handler, which the policy would forbid', () => {
    const markup = page.html.replace(/<(script|style)[\s\S]*?<\/\1>/g, '')

    expect(markup).not.toMatch(/ (?:style|on\w+)=/)
  })

  it('takes the place of the module that stands for it, and of no other', async () => {
    const { load } = dashboardPlugin()

    const built = await load('/somewhere/src/admin/dashboard.ts')
    expect(built?.code.includes(JSON.stringify(page.policy))).toBe(true)
    expect(await load('/somewhere/src/admin/handler.ts')).toBeUndefined()
  })
})

function styleOf({ html }: Dashboard): string {
  return /<style>([\s\S]*)<\/style>/.exec(html)?.[1] ?? ''
}
