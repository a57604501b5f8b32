import { afterEach, beforeEach, describe, expect, it, type MockInstance, vi } from 'vitest'
import {
  createBreaker,
  fail,
  hang,
  open,
  reasonOf,
  record,
  succeed,
  turn,
} from '../test/helpers/public.ts'

let print: MockInstance<typeof console.error>
beforeEach(() => {
  print = vi.spyOn(console, 'error').mockImplementation(() => {})
})
afterEach(() => print.mockRestore())

const error = new Error('bad listener')
const bad: [string, () => void][] = [
  [
    'throws',
    () => {
      throw error
    },
  ],
  ['returns a rejected promise', async () => Promise.reject(error)],
]

describe.each(bad)('a listener that %s', (_, listener) => {
  it('changes no result', async () => {
    const { breaker } = createBreaker({ maxFailures: 1 })
    for (const name of ['success', 'failure', 'transition', 'reject'] as const) {
      breaker.on(name, listener)
    }
    const down = new Error('down')

    expect(await breaker(async () => 'answer')()).toBe('answer')
    expect(await reasonOf(breaker(() => Promise.reject(down))())).toBe(down)
    expect(await reasonOf(breaker(async () => 1)())).toMatchObject({ cause: down })
    expect(breaker.snapshot()).toMatchObject({
      inFlight: 0,
      counts: { success: 1, failure: 1, rejected: { open: 1 } },
    })
  })

  it('is reported as listenerError', async () => {
    const { breaker } = createBreaker({ name: 'users' })
    const reports = record(breaker, 'listenerError')
    breaker.on('success', listener)

    await succeed(breaker)
    await turn()

    expect(reports).toEqual([
      ['listenerError', { breaker: 'users', error, source: 'listener of "success"' }],
    ])
    expect(print).not.toHaveBeenCalled()
  })

  it('is reported on the console when listenerError has no listener', async () => {
    const { breaker } = createBreaker({ name: 'users' })
    breaker.on('success', listener)

    await succeed(breaker)
    await turn()

    expect(print).toHaveBeenCalledExactlyOnceWith(
      'short-circuit: circuit "users": listener of "success" threw',
      error,
    )
  })

  it('is reported on the console again once listenerError has no listener any more', async () => {
    const { breaker } = createBreaker()
    breaker.on('success', listener)
    const off = breaker.on('listenerError', () => {})
    off()

    await succeed(breaker)
    await turn()

    expect(print).toHaveBeenCalledOnce()
  })

  it('does not keep the other listeners from hearing', async () => {
    const { breaker } = createBreaker()
    const after = vi.fn()
    breaker.on('success', listener)
    breaker.on('success', after)

    await succeed(breaker)

    expect(after).toHaveBeenCalledOnce()
  })

  it('is reported on the console when it listens to listenerError itself', async () => {
    const { breaker } = createBreaker({
      classify: () => {
        throw new Error('bad classifier')
      },
    })
    breaker.on('listenerError', listener)

    await succeed(breaker)
    await turn()

    expect(print).toHaveBeenCalledExactlyOnceWith(
      'short-circuit: circuit "circuit": listener of "listenerError" threw',
      error,
    )
  })

  it('leaves no rejection unhandled', async () => {
    const { breaker } = createBreaker()
    const unhandled = vi.fn()
    process.on('unhandledRejection', unhandled)
    breaker.on('success', listener)

    await succeed(breaker)
    await turn()
    process.off('unhandledRejection', unhandled)

    expect(unhandled).not.toHaveBeenCalled()
  })
})

describe('a listener that calls the breaker', () => {
  it('meets the new state, and events keep their order', async () => {
    const { breaker } = createBreaker({ maxFailures: 1 })
    const order: string[] = []
    breaker.on('transition', ({ to }) => {
      order.push(`first hears ${to}`)
      if (to === 'open') breaker.reset()
    })
    breaker.on('transition', ({ to }) => order.push(`second hears ${to}`))

    await fail(breaker)

    expect(order).toEqual([
      'first hears open',
      'second hears open',
      'first hears closed',
      'second hears closed',
    ])
    expect(breaker.state).toBe('closed')
  })

  it('may run calls through it', async () => {
    const { breaker } = createBreaker()
    const inner: Promise<unknown>[] = []
    breaker.on('failure', () => inner.push(breaker.run(() => 'from the listener')))

    await fail(breaker)

    expect(await Promise.all(inner)).toEqual(['from the listener'])
    expect(breaker.snapshot()).toMatchObject({
      consecutiveFailures: 0,
      counts: { success: 1, failure: 1 },
    })
  })

  it('may trip it from a failure, before the rule would', async () => {
    const { breaker } = createBreaker({ maxFailures: 10 })
    const transitions = record(breaker, 'transition')
    breaker.on('failure', () => breaker.trip('enough'))

    await fail(breaker)

    expect(breaker.state).toBe('open')
    expect(transitions).toHaveLength(1)
  })

  it('may override it while calls are in flight', async () => {
    const { breaker } = createBreaker()
    const call = hang(breaker)
    breaker.on('success', () => breaker.forceOpen({ reason: 'by a listener' }))

    await succeed(breaker)
    await call.release('answer')

    expect(await call.result).toBe('answer')
    expect(await reasonOf(breaker.run(() => 1))).toMatchObject({ reason: 'forced-open' })
  })

  it('may unsubscribe itself and subscribe others', async () => {
    const { breaker } = createBreaker()
    const later = vi.fn()
    const off = breaker.on('success', () => {
      off()
      breaker.on('success', later)
    })

    await succeed(breaker)
    const duringTheFirst = later.mock.calls.length
    await succeed(breaker)

    expect([duringTheFirst, later.mock.calls.length]).toEqual([0, 1])
  })

  it('may listen to one breaker and move another', async () => {
    const { breaker } = createBreaker({ maxFailures: 1 })
    const { breaker: other } = createBreaker()
    breaker.on('transition', ({ to }) => {
      if (to === 'open') other.trip('together')
    })

    await open(breaker)

    expect(other.state).toBe('open')
  })
})
