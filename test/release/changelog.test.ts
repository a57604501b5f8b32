import { describe, expect, it } from 'vitest'
import { notesOf, released } from '../../scripts/changelog.mjs'
import { read } from '../docs/examples.ts'

const TEXT = `# Changelog

## [Unreleased]

### Added

- Something.

## [0.1.0] - 2026-01-01

First.
`

describe('notesOf', () => {
  it('returns what is said of one version', () => {
    expect(notesOf(TEXT, '0.1.0')).toBe('First.')
    expect(notesOf(TEXT, 'Unreleased')).toBe('### Added\n\n- Something.')
  })

  it.each(['0.1', '0.3.0', ''])('throws for a version that is not there: %j', (version) => {
    expect(() => notesOf(TEXT, version)).toThrow('says nothing of')
  })
})

describe('released', () => {
  it('gives what was unreleased a version and a date, and leaves an empty section', () => {
    const after = released(TEXT, '0.2.0', '2026-12-01')

    expect(notesOf(after, '0.2.0')).toBe('### Added\n\n- Something.')
    expect(notesOf(after, '0.1.0')).toBe('First.')
    expect(after).toContain('## [Unreleased]\n\n## [0.2.0] - 2026-12-01\n')
  })

  it('throws when there is nothing to release, or the version is there already', () => {
    const once = released(TEXT, '0.2.0', '2026-12-01')

    expect(() => released(once, '0.3.0', '2026-12-02')).toThrow('says nothing of Unreleased')
    expect(() => released(TEXT, '0.1.0', '2026-12-02')).toThrow('has 0.1.0 already')
  })

  it('works on the changelog as it is', () => {
    const text = read('CHANGELOG.md')

    expect(notesOf(released(text, '99.0.0', '2026-12-01'), '99.0.0')).toBe(
      notesOf(text, 'Unreleased'),
    )
  })
})
