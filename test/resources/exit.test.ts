import { describe, expect, it } from 'vitest'
import { canRun, runProgram } from './program.ts'

interface Result {
  /** When the program's last line had run, ms. */
  readonly done: number
  /** When nothing held the process any more, ms. */
  readonly exit: number
  /** Errors that calls were given, and when. */
  readonly told: readonly { readonly code: unknown; readonly at: number }[]
}

/** What a process takes to leave, ms, on a busy machine. */
const LEAVING = 200

describe.runIf(canRun)('a process', () => {
  it('is held by what does hold it', async ({ signal }) => {
    const { done, exit } = await runProgram<Result>(signal, 'exit-program', 'a referenced timer')

    expect(exit - done).toBeGreaterThan(290)
  })

  it.each([
    'nothing',
    'an open breaker',
    'a half-open breaker',
    'a breaker with listeners',
    'an override for a day',
    'calls that hang without a timeout',
    'calls that ended long before their timeout',
  ])(
    'is not held by %s',
    async (scenario) => {
      const signal = AbortSignal.timeout(10_000)
      const { done, exit, told } = await runProgram<Result>(signal, 'exit-program', scenario)

      expect(exit - done).toBeLessThan(LEAVING)
      for (const { code } of told) expect(code).toBe('ERR_CIRCUIT_OPEN')
    },
    15_000,
  )

  it.each([
    'a call that hangs',
    'a wrapped call that hangs',
    'a probe that hangs',
    'a permit that is never returned',
    'a stream that hangs',
    'calls that hang, one shorter than the other',
  ])(
    'is held by %s exactly until its timeout',
    async (scenario) => {
      const signal = AbortSignal.timeout(10_000)
      const { done, exit, told } = await runProgram<Result>(signal, 'exit-program', scenario)

      expect(done).toBeLessThan(100)
      expect(new Set(told.map(({ code }) => code))).toEqual(new Set(['ERR_CALL_TIMEOUT']))
      const last = told.at(-1)?.at ?? 0
      expect(last).toBeGreaterThanOrEqual(300)
      expect(last).toBeLessThan(300 + LEAVING)
      expect(exit - last).toBeLessThan(LEAVING)
    },
    15_000,
  )
})
