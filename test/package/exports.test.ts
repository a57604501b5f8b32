import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { entries, manifest, targetsOf } from '../../scripts/entries.mjs'
import { publicNames, root } from './public-names.ts'

describe.each(entries)('the entry $subpath', ({ subpath, name, source }) => {
  it('has a source file', () => {
    expect(existsSync(join(root, source))).toBe(true)
  })

  it('is found by every kind of program', () => {
    const found: unknown = manifest.exports[subpath]
    const targets = targetsOf(name)

    expect(found).toEqual(targets)
    // The first that applies is taken.
    expect(JSON.stringify(found)).toBe(JSON.stringify(targets))
  })

  // To change the public surface on purpose: npx vitest run test/package -u, and review the diff.
  it('exports the names written down in names/, and no others', async () => {
    const { values, types } = publicNames(source)
    const file = subpath === '.' ? 'root' : subpath.slice(2).replaceAll('/', '-')
    const text = [...values, ...types.map((name) => `type ${name}`)].join('\n')

    await expect(`${text}\n`).toMatchFileSnapshot(`names/${file}.txt`)
  })

  it('exports at run time what its source says', async () => {
    const module = await import(join(root, source))

    expect(Object.keys(module).sort()).toEqual(publicNames(source).values)
  })
})
