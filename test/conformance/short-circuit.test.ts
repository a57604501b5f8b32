import { describe, expect, it } from 'vitest'
import { conformanceCases, runConformance } from '../../src/testing/conformance/index.ts'
import { shortCircuit } from './short-circuit.ts'

/** What the library does not have yet; everything else has to pass. */
const lacking = Object.keys(shortCircuit.lacks ?? {})

describe('CircuitBreaker', () => {
  it.each(conformanceCases)('$id $title: $expects', async (one) => {
    const verdict = one.requires.some((feature) => lacking.includes(feature))
      ? 'not applicable'
      : 'pass'

    const [result] = await runConformance(shortCircuit, [one])

    expect({ verdict: result?.verdict, observed: result?.observed }).toMatchObject({
      verdict,
      ...(verdict === 'pass' && { observed: one.expects }),
    })
  })
})
