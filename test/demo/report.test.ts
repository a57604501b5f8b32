import { describe, expect, it } from 'vitest'
import { conclusion, drawReport } from '../../demo/report.ts'
import { paint } from '../../demo/spans.ts'
import { side } from './side.ts'

const guarded = side({ calls: 800, ok: 700, rejected: 60, sentWhileDown: 40, wastedMs: 25_000 })
const bare = side({ calls: 800, ok: 720, sentWhileDown: 300, wastedMs: 100_000 })

describe('drawReport', () => {
  const lines = drawReport({
    guarded,
    bare,
    responses: [{ kind: 'frozen', tripMs: 1_104, recoveryMs: 620 }, { kind: 'killed' }],
    totals: { inFlight: 0, counts: { admitted: 740, settled: 739, expired: 1, rejected: {} } },
    explanation: 'Circuit "upstream" is closed.',
    classic: {
      side: side({ calls: 800, ok: 710, wastedMs: 40_000 }),
      responses: [{ kind: 'frozen', tripMs: 1_404, recoveryMs: 720 }, { kind: 'killed' }],
      maxFailures: 5,
      resetTimeout: 1_000,
    },
    opossum: {
      side: side({ calls: 800, ok: 690, hung: 140, hungMs: 490_000, wastedMs: 300 }),
      responses: [{ kind: 'frozen' }, { kind: 'killed', tripMs: 2_000 }],
      version: '10.0.0',
      defaults: {
        timeout: 10_000,
        errorThresholdPercentage: 50,
        rollingCountTimeout: 10_000,
        resetTimeout: 30_000,
      },
    },
    callTimeout: 1_000,
  }).map((line) => paint(line, false))

  it('sets all sides beside each other', () => {
    expect(lines.find((line) => line.includes('answered'))).toMatch(/700 +710 +690 +720$/)
    expect(lines.find((line) => line.includes('waited for'))).toMatch(
      /25\.0 s +40\.0 s +0\.3 s +100\.0 s$/,
    )
  })

  it('sets calls that hung apart from those that failed', () => {
    expect(lines.find((line) => line.includes('hung over 2 s'))).toMatch(/0 +0 +140 +0$/)
    expect(lines.find((line) => line.includes('calls that hung'))).toMatch(
      /0\.0 s +0\.0 s +490\.0 s +0\.0 s$/,
    )
  })

  it('says with which options opossum did what it did', () => {
    expect(lines.join('\n')).toMatch(
      /opossum 10\.0\.0 has no options at all: a call may take 10 s; when more than\n +50 % of the calls of 10 s have failed it opens, for 30 s/,
    )
  })

  it('tells how each breaker met each fault, and what it never did', () => {
    const [frozen, thawed] = lines.slice(lines.findIndex((line) => line.includes('SIGSTOP')))
    expect(frozen).toMatch(/opened after +1\.10 s +1\.40 s +never +–$/)
    expect(thawed).toMatch(/closed after its return +0\.62 s +0\.72 s +never +–$/)
    expect(lines.find((line) => line.includes('SIGKILL'))).toMatch(/never +never +2\.00 s +–$/)
  })

  it('fits into 80 columns', () => {
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80)
  })
})

describe('conclusion', () => {
  it('is computed from the figures', () => {
    const text = conclusion(guarded, bare).replaceAll('\u00a0', ' ')

    expect(text).toContain('25.0 s for calls that failed instead of 100.0 s, 75 % less')
    expect(text).toContain('got 40 calls instead of 300')
    expect(text).toContain('20 calls rejected that would have been answered')
  })

  it('does not call fewer answers a price of rejections where there were none', () => {
    expect(conclusion({ ...guarded, rejected: 0 }, bare)).toContain('It cost no answers.')
  })

  it('does not call more waiting less', () => {
    expect(conclusion(bare, guarded)).toContain(', more, and')
  })
})
