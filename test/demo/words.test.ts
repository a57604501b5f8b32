import { describe, expect, it } from 'vitest'
import { tellChange } from '../../demo/words.ts'

const trip = {
  at: 0,
  age: 0,
  reason: 'consecutiveFailures',
  text: '5 calls failed in a row (limit 5)',
  note: null,
  by: null,
  finding: null,
  from: 'closed',
  generation: 1,
  enforced: true,
  failures: [{ name: 'TypeError', code: 'ECONNREFUSED', message: 'fetch failed', age: 0 }],
  consecutiveFailures: 5,
  openFor: 1_000,
  lasted: null,
  endedBy: null,
  rejected: 0,
  reopened: 0,
  reopenedBy: null,
  probeFailure: null,
  ruleStatuses: [],
  counterfactual: null,
} as const

describe('tellChange', () => {
  it('tells an opening with its reason and the last failure', () => {
    expect(tellChange('open', trip)).toBe(
      'open: 5 calls failed in a row (limit 5) – ECONNREFUSED: fetch failed',
    )
  })

  it('says when it opens again after a probe', () => {
    const probeFailure = { name: 'Error', code: 'ECONNRESET', message: 'socket hang up' }
    const again = { ...trip, reopened: 1, reopenedBy: 'probeFailed', probeFailure } as const

    expect(tellChange('open', again)).toBe(
      'open again: the probe failed – ECONNRESET: socket hang up',
    )
  })

  it.each(['probeExpired', 'probeOverdue'] as const)(
    'says when the probe did not end: %s',
    (by) => {
      const again = { ...trip, reopened: 1, reopenedBy: by }

      expect(tellChange('open', again)).toBe('open again: the probe took too long')
    },
  )

  it('does not say a code twice', () => {
    const message = 'fetch failed: connect ECONNREFUSED ::1:80'
    const failures = [{ name: 'TypeError', code: 'ECONNREFUSED', message, age: 0 }]

    expect(tellChange('open', { ...trip, failures })).toContain(`(limit 5) – ${message}`)
  })

  it.each([
    ['half-open', /the next call probes/],
    ['closed', /calls pass again/],
  ] as const)('says what %s means', (state, words) => {
    expect(tellChange(state, trip)).toMatch(words)
  })
})
