import { describe, expect, it } from 'vitest'
import { runInChild, runsTypeScript } from '../../test/helpers/child-process.ts'

/** Runs `code` with a long-lived `signal` and `collected()`, and gives what it has printed. */
async function run(code: string): Promise<unknown> {
  const { stdout, stderr, exitCode } = await runInChild(
    `const controller = new AbortController()
    const { signal } = controller
    const added = []
    const on = signal.addEventListener.bind(signal)
    const off = signal.removeEventListener.bind(signal)
    signal.addEventListener = (type, listener, options) => {
      added.push(listener)
      on(type, listener, options)
    }
    signal.removeEventListener = (type, listener) => {
      added.splice(added.indexOf(listener), 1)
      off(type, listener)
    }
    const collected = async () => {
      for (let i = 0; i < 5; i++) {
        await new Promise((resolve) => setTimeout(resolve, 5))
        gc()
      }
    }
    ${code}`,
    '--expose-gc',
  )
  expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 })
  return JSON.parse(stdout)
}

describe.runIf(runsTypeScript)('a listener with a signal that outlives the breaker', () => {
  it('does not keep the breaker, and leaves nothing on the signal', async () => {
    const seen = await run(`
      const refs = []
      for (let i = 0; i < 100; i++) {
        const breaker = new short.CircuitBreaker()
        breaker.on('transition', () => breaker.state, { signal })
        refs.push(new WeakRef(breaker))
      }
      const before = added.length
      await collected()
      const alive = refs.filter((ref) => ref.deref() !== undefined).length
      console.log(JSON.stringify({ before, alive, after: added.length }))
    `)

    expect(seen).toEqual({ before: 100, alive: 0, after: 0 })
  })

  it.each([
    ['a breaker', 'const target = new short.CircuitBreaker(); const breaker = target'],
    [
      'a registry',
      'const target = new short.CircuitRegistry(); const breaker = target.breaker("a")',
    ],
  ])('still unsubscribes from %s when it is aborted long after', async (_, make) => {
    const seen = await run(`
      ${make}
      let heard = 0
      target.on('transition', () => heard++, { signal })
      await collected()
      breaker.trip()
      controller.abort()
      breaker.reset()
      console.log(JSON.stringify({ heard }))
    `)

    expect(seen).toEqual({ heard: 1 })
  })

  it('is taken from the signal when it is unsubscribed', async () => {
    const seen = await run(`
      const breaker = new short.CircuitBreaker()
      breaker.on('transition', () => {}, { signal })()
      console.log(JSON.stringify({ added: added.length }))
    `)

    expect(seen).toEqual({ added: 0 })
  })
})
