import { describe, expect, it, vi } from 'vitest'
import { runInChild, runsTypeScript } from '../test/helpers/child-process.ts'
import { createBreaker, reasonOf } from '../test/helpers/public.ts'
import * as errors from './errors.ts'

describe('two copies of the package in one process', () => {
  it('recognise the errors of each other', async () => {
    vi.resetModules()
    const copy = await import('./errors.ts')
    const { breaker } = createBreaker({ maxConcurrent: 1 })
    const permit = breaker.acquire()
    const full = await reasonOf(breaker.run(() => 1))
    permit.success()
    breaker.trip()
    const open = await reasonOf(breaker.run(() => 1))

    expect(copy.CircuitOpenError).not.toBe(errors.CircuitOpenError)
    expect(open).toBeInstanceOf(copy.CircuitOpenError)
    expect(open).toBeInstanceOf(copy.ShortCircuitError)
    expect(full).toBeInstanceOf(copy.CircuitFullError)
    expect(full).not.toBeInstanceOf(copy.CircuitOpenError)
    expect([copy.isCircuitOpenError(open), copy.isCircuitFullError(open)]).toEqual([true, false])
  })

  it('take the rejections of each other’s breakers for no evidence', async () => {
    vi.resetModules()
    const copy = await import('./circuit-breaker.ts')
    const { breaker } = createBreaker({ maxFailures: 1 })
    const inner = new copy.CircuitBreaker()
    inner.trip()

    await reasonOf(breaker.run(() => inner.run(() => 1)))

    expect(breaker.snapshot()).toMatchObject({ state: 'closed', counts: { cancelled: 1 } })
  })
})

describe.runIf(runsTypeScript)('in a process of its own', () => {
  it('errors are made although Error is frozen', async () => {
    const { stdout, stderr } = await runInChild(`
      Object.freeze(Error); Object.freeze(Error.prototype); Object.freeze(Promise.prototype)
      const breaker = new short.CircuitBreaker({ maxFailures: 1, resetTimeout: 1000 })
      await breaker.run(() => Promise.reject(new Error('down'))).catch(() => {})
      const error = await breaker.run(() => 1).catch((error) => error)
      console.log(error.name, error instanceof short.CircuitOpenError, error.cause.message)
    `)

    expect({ stdout, stderr }).toEqual({ stdout: 'CircuitOpenError true down', stderr: '' })
  })

  it('errors are made although all intrinsics are frozen', async () => {
    const { stdout, stderr } = await runInChild(
      `
      const breaker = new short.CircuitBreaker({ maxFailures: 1, resetTimeout: 1000 })
      await breaker.run(() => Promise.reject(new Error('down'))).catch(() => {})
      console.log(await breaker.run(() => 1).catch((error) => error.code))
      `,
      '--frozen-intrinsics',
    )

    expect({ stdout, stderr }).toEqual({ stdout: 'ERR_CIRCUIT_OPEN', stderr: '' })
  })

  it.each([
    ['a failure of a guarded function', 'breaker(fails)()', 'down'],
    ['a failure of run', 'breaker.run(fails)', 'down'],
    ['a failure of run with a timeout', 'breaker.run(fails, { timeout: 1000 })', 'down'],
    ['a synchronous throw', 'breaker(() => { throw new Error("at once") })()', 'at once'],
    ['a rejection', 'breaker.trip(); breaker(fails)()', 'circuit'],
    ['a rejection of run', 'breaker.trip(); breaker.run(fails)', 'circuit'],
    ['a failure of the fallback', 'breaker.run(fails, { fallback: fails })', 'down'],
  ])('an unobserved %s is reported as unhandled', async (_, call, message) => {
    const { stdout } = await runInChild(`
      process.on('unhandledRejection', (error) => console.log('unhandled', error.message))
      const breaker = new short.CircuitBreaker()
      const fails = async () => { throw new Error('down') }
      ${call}
    `)

    expect(stdout).toMatch(new RegExp(`^unhandled ${message}`))
    expect(stdout.split('\n')).toHaveLength(1)
  })

  it('nothing is reported as unhandled that is observed', async () => {
    const { stdout, stderr, exitCode } = await runInChild(`
      const breaker = new short.CircuitBreaker({ maxFailures: 100 })
      const fails = async () => { throw new Error('down') }
      const calls = () => [
        breaker(fails)(),
        breaker(() => { throw new Error('at once') })(),
        breaker.run(fails),
        breaker.run(fails, { timeout: 1000 }),
        breaker.run(fails, { fallback: fails }),
        breaker.run(fails, { signal: new AbortController().signal }),
        breaker.run(fails, { signal: AbortSignal.abort() }),
      ]
      const outcomes = await Promise.allSettled(calls())
      breaker.trip()
      outcomes.push(...await Promise.allSettled(calls()))
      console.log(new Set(outcomes.map(({ status }) => status)).size, outcomes.length)
    `)

    expect({ stdout, stderr, exitCode }).toEqual({ stdout: '1 14', stderr: '', exitCode: 0 })
  })

  it('an idle, an open and a half-open breaker let the process end', async () => {
    const { stdout, exitCode } = await runInChild(`
      const idle = new short.CircuitBreaker({ callTimeout: 60000 })
      await idle.run(() => 1)
      const open = new short.CircuitBreaker({ resetTimeout: 60000, callTimeout: 60000 })
      open.trip()
      const probing = new short.CircuitBreaker({ resetTimeout: 1, recovery: { probes: 2 } })
      probing.trip()
      while (probing.state === 'open');
      await probing.run(() => 1)
      console.log(idle.state, open.state, probing.state)
    `)

    expect({ stdout, exitCode }).toEqual({ stdout: 'closed open half-open', exitCode: 0 })
  })
})

describe('the stack of an error that passes through', () => {
  it.each([
    ['a guarded function', {}, 'wrap'],
    ['a guarded function with a timeout', { callTimeout: 1_000 }, 'wrap'],
    ['run', {}, 'run'],
    ['run with a timeout', { callTimeout: 1_000 }, 'run'],
  ])('keeps the frames of the caller of %s', async (_, options, how) => {
    const { breaker } = createBreaker(options)
    async function action(): Promise<never> {
      await null
      throw new Error('deep')
    }
    async function outermost(): Promise<unknown> {
      await (how === 'run' ? breaker.run(action) : breaker(action)())
      return undefined
    }

    const { stack } = (await reasonOf(outermost())) as Error

    expect(stack).toMatch(/at action.*at (async )?outermost/s)
  })
})
