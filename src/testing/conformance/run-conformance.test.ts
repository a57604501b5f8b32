import { describe, expect, it } from 'vitest'
import type { BreakerAdapter, TestedBreaker } from './adapter.ts'
import { type ConformanceCase, ConformanceError, NotApplicableError } from './conformance-case.ts'
import { conformanceCases, runConformance } from './run-conformance.ts'

const open: TestedBreaker = {
  call: () => Promise.reject(new Error('open')),
  state: () => 'open',
}
const deaf: TestedBreaker = { call: () => new Promise(() => {}), state: () => 'closed' }

function adapterOf(breaker: TestedBreaker, about: Partial<BreakerAdapter> = {}): BreakerAdapter {
  return {
    name: 'stub',
    setUp: () => ({ clock: { advance() {} }, create: () => breaker }),
    ...about,
  }
}

function caseThat(run: ConformanceCase['run']): ConformanceCase {
  return { id: 'K1', title: 'Something happens', expects: 'the right thing', requires: [], run }
}

describe('conformanceCases', () => {
  it('come in the order of their ids', () => {
    const ids = conformanceCases.map(({ id }) => id)
    const numbered = (letter: string, count: number) =>
      Array.from({ length: count }, (_, i) => `${letter}${i + 1}`)

    expect(ids).toEqual([...numbered('K', 25), ...numbered('M', 13)])
  })

  it('tell the situation and the right answer apart', () => {
    for (const { title, expects } of conformanceCases) expect(title).not.toContain(expects)
  })
})

describe('runConformance', () => {
  it('reports the right answer as what was observed when a case passes', async () => {
    const [result] = await runConformance(adapterOf(open), [caseThat(async () => {})])

    expect(result).toEqual({
      id: 'K1',
      title: 'Something happens',
      verdict: 'pass',
      observed: 'the right thing',
    })
  })

  it.each([
    ['fail', 'three ran', new ConformanceError('three ran')],
    ['not applicable', 'has none', new NotApplicableError('has none')],
    ['fail', 'the case ended with TypeError: no', new TypeError('no')],
  ])('says %s and "%s"', async (verdict, observed, error) => {
    const throwing = caseThat(() => Promise.reject(error))

    expect(await runConformance(adapterOf(open), [throwing])).toMatchObject([{ verdict, observed }])
  })

  it('ends in bounded time when no call ever settles', async () => {
    const results = await runConformance(adapterOf(deaf))

    expect(results).toHaveLength(conformanceCases.length)
    expect(results.filter(({ verdict }) => verdict === 'pass').map(({ id }) => id)).toEqual([])
  })

  it('takes the reason for not applicable from the adapter', async () => {
    const cases = conformanceCases.filter(({ requires }) => requires.includes('half-open'))
    const lacking = adapterOf(open, { lacks: { 'half-open': 'has no such state' } })

    const results = await runConformance(lacking, cases)

    expect(new Set(results.map(({ observed }) => observed))).toEqual(new Set(['has no such state']))
  })

  it('is not applicable where the bed has no way to do what the case needs', async () => {
    const results = await runConformance(
      adapterOf(open),
      conformanceCases.filter(({ id }) => ['K12', 'K14', 'K20', 'K23', 'K24', 'K25'].includes(id)),
    )

    expect(results.map(({ verdict }) => verdict)).toEqual(Array(6).fill('not applicable'))
  })

  it('takes the bed down, also after a case that failed', async () => {
    let standing = 0
    const adapter = adapterOf(deaf, {
      setUp() {
        standing++
        return { clock: { advance() {} }, create: () => deaf, tearDown: () => void standing-- }
      },
    })

    await runConformance(adapter)

    expect(standing).toBe(0)
  })
})
