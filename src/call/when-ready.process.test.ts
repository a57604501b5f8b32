import { describe, expect, it } from 'vitest'
import { runInChild, runsTypeScript } from '../../test/helpers/child-process.ts'

describe.runIf(runsTypeScript)('a process that waits for a circuit', () => {
  it('stays alive until a call would be let through', async () => {
    const { stdout, exitCode } = await runInChild(`
      const breaker = new short.CircuitBreaker({ resetTimeout: 50 })
      breaker.trip()
      await breaker.whenReady()
      console.log(breaker.state)
    `)

    expect({ stdout, exitCode }).toEqual({ stdout: 'half-open', exitCode: 0 })
  })

  it('may end where nothing but a release would let a call through', async () => {
    const { stdout, exitCode } = await runInChild(`
      const breaker = new short.CircuitBreaker()
      breaker.forceOpen()
      void breaker.whenReady().then(() => console.log('ready'))
      console.log('done')
    `)

    expect({ stdout, exitCode }).toEqual({ stdout: 'done', exitCode: 0 })
  })
})
