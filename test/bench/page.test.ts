import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { page } from '../../bench/performance/page.ts'
import { measured, results } from './measured.ts'

const text = readFileSync(join(import.meta.dirname, '../../docs/performance.md'), 'utf8')

describe('page', () => {
  it('has a column for each version, in ascending order', () => {
    const versions = { 26: measured('26.0.0', 1), 20: measured('20.0.0', 1) }

    expect(page(text, { here: results('24.0.0', 1), versions })).toContain(
      '|  | goal | Node 20 | Node 24 | Node 26 |',
    )
  })

  it('keeps the figures when only other versions were measured', () => {
    const [before, after] = [text, page(text, { versions: { 20: measured('20.0.0', 1) } })].map(
      (value) => value.slice(value.indexOf('## Figures')),
    )

    expect(after).toBe(before)
  })

  it('is the same when the same results are written again', () => {
    const store = { here: results('24.0.0', 1), versions: {} }
    const once = page(text, store)

    expect(page(once, store)).toBe(once)
  })

  it('complains when a part has lost its marks', () => {
    expect(() => page('# What a call costs', { versions: {} })).toThrow(
      'docs/performance.md has lost the marks of goals',
    )
  })
})
