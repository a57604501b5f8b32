import { beforeAll, describe, expect, it } from 'vitest'
import { lives } from './lives.ts'
import { canRun, runProgram } from './program.ts'

interface Left {
  readonly alive: number
  readonly bytesEach: number
}

// Ten thousand breakers of each kind; one that is kept takes some 1 500 bytes.
describe.runIf(canRun)('a dropped breaker', () => {
  let left: Record<string, Left>

  beforeAll(async () => {
    left = await runProgram(AbortSignal.timeout(110_000), 'freed-program')
  }, 120_000)

  it('would be noticed if it were kept', () => {
    expect(left['kept']?.alive).toBe(10_000)
    expect(left['kept']?.bytesEach).toBeGreaterThan(500)
  })

  it.each(Object.keys(lives))('is freed when it %s', (life) => {
    expect(left[life]?.alive).toBe(0)
    // The tables of weak collections shrink only when they grow again.
    expect(left[life]?.bytesEach).toBeLessThan(150)
  })
})
