import { describe, expect, it } from 'vitest'
import { runInChild, runsTypeScript } from '../../test/helpers/child-process.ts'

describe.runIf(runsTypeScript)('in a process of its own', () => {
  it('what is kept of a long message lets go of the rest', async () => {
    const { stdout } = await runInChild(
      `
      const breaker = new short.CircuitBreaker({ maxFailures: 100 })
      await breaker.run(() => { throw new Error('not found '.repeat(2e6)) }).catch(() => {})
      gc()
      console.log(process.memoryUsage().heapUsed < 20e6, breaker.state)
      `,
      '--expose-gc',
    )

    expect(stdout).toBe('true closed')
  })
})
