import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { goalsPage, page } from '../../bench/performance/page.ts'
import { readStore } from '../../bench/performance/store.ts'
import { measured, results } from './measured.ts'

const root = join(import.meta.dirname, '../..')
const text = readFileSync(join(root, 'docs/performance.md'), 'utf8')
const goals = readFileSync(join(root, 'bench/performance/goals.md'), 'utf8')
const other = { versions: { 20: measured('20.0.0', 1) } }

describe('page', () => {
  it('keeps the figures when only other versions were measured', () => {
    expect(page(text, other)).toBe(text)
  })

  it('begins with what a call costs beside the others', () => {
    const headings = page(text, { here: results('24.0.0', 1), versions: {} }).match(/^#+ .*$/gm)

    expect(headings?.slice(1, 3)).toEqual(['## Figures', '### A call, beside the others'])
  })

  it('is what the last results make of it', () => {
    expect(page(text, readStore())).toBe(text)
  })

  it('complains when a part has lost its marks', () => {
    const store = { here: results('24.0.0', 1), versions: {} }

    expect(() => page('# What a call costs', store)).toThrow('has lost the marks of figures')
  })
})

describe('goalsPage', () => {
  it('has a column for each version, in ascending order', () => {
    const versions = { 26: measured('26.0.0', 1), 20: measured('20.0.0', 1) }

    expect(goalsPage(goals, { here: results('24.0.0', 1), versions })).toContain(
      '|  | goal | Node 20 | Node 24 | Node 26 |',
    )
  })

  it('is what the last results make of it', () => {
    expect(goalsPage(goals, readStore())).toBe(goals)
  })

  it('complains when a part has lost its marks', () => {
    expect(() => goalsPage('# Goals', { versions: {} })).toThrow('has lost the marks of goals')
  })
})
