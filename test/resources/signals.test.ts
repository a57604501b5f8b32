import { beforeAll, describe, expect, it } from 'vitest'
import { canRun, runProgram } from './program.ts'

let results: Record<string, unknown>

// An abort listener with what it refers to takes some 1 200 bytes.
describe.runIf(canRun)('the signal of a caller', () => {
  beforeAll(async () => {
    results = await runProgram(AbortSignal.timeout(55_000), 'signals-program')
  })

  it.each([
    'run',
    'run with a timeout',
    'run without a parameter',
    'a wrapped function',
    'a response that is dropped',
  ])('keeps nothing of twenty thousand calls whose listeners are forgotten: %s', (kind) => {
    const { bytesEach, listeners } = results[kind] as { bytesEach: number; listeners: number }

    expect(listeners).toBe(0)
    // The tables of weak collections keep their size, which is some 100 bytes for each of these calls.
    expect(bytesEach).toBeLessThan(150)
  })

  it.each(['a stream', 'fetch'])(
    'still aborts what is read from %s after the call, when only its reader is in use',
    (kind) => {
      expect(results[`reaches ${kind}`]).toBe(true)
    },
  )
})
