import { channel, subscribe, unsubscribe } from 'node:diagnostics_channel'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { fail, open, RESET_TIMEOUT, reasonOf, succeed } from '../../test/helpers/public.ts'
import { CircuitRegistry } from '../index.ts'
import { ManualClock } from '../testing/manual-clock.ts'
import { diagnostics } from './index.ts'

let registry: CircuitRegistry
let stop: () => void = () => {}
const offs: (() => void)[] = []
beforeEach(() => {
  const clock = new ManualClock()
  registry = new CircuitRegistry({
    maxSize: 3,
    defaults: { maxFailures: 2, resetTimeout: RESET_TIMEOUT, clock },
  })
})
afterEach(() => {
  stop()
  for (const off of offs.splice(0)) off()
})

/** What is published on a channel from now on. */
function messages(name: string): unknown[] {
  const all: unknown[] = []
  const onMessage = (message: unknown) => all.push(message)
  subscribe(`short-circuit:${name}`, onMessage)
  offs.push(() => unsubscribe(`short-circuit:${name}`, onMessage))
  return all
}

describe('diagnostics', () => {
  it('publishes what listeners of the registry get, the very objects', async () => {
    stop = diagnostics(registry)
    const names = ['transition', 'override', 'configure', 'evict'] as const
    const published = names.map(messages)
    const heard = names.map((name) => {
      const all: unknown[] = []
      registry.on(name, (event) => all.push(event))
      return all
    })
    const users = registry.breaker('users')
    await open(users)
    users.forceClosed({ by: 'ada' })
    users.configure({ maxFailures: 5 })
    for (const name of ['a', 'b', 'c']) await fail(registry.breaker(name))

    expect(published.map((all) => all.length)).toEqual([1, 1, 1, 1])
    published.forEach((all, i) => {
      expect(all[0]).toBe(heard[i]?.[0])
    })
  })

  it('publishes nothing of calls unless it is asked to', async () => {
    const [rejected, failed] = [messages('reject'), messages('failure')]
    stop = diagnostics(registry)
    const users = registry.breaker('users')
    await open(users)
    await reasonOf(users.run(() => 1))
    const before = [rejected.length, failed.length]
    stop()
    stop = diagnostics(registry, { calls: true })
    await reasonOf(users.run(() => 1))
    await fail(registry.breaker('orders'))

    expect(before).toEqual([0, 0])
    expect(rejected).toEqual([
      { breaker: 'users', reason: 'open', retryAfter: RESET_TIMEOUT, enforced: true },
    ])
    expect(failed).toMatchObject([{ breaker: 'orders', error: new Error('down') }])
  })

  it('asks the channel before it publishes', () => {
    stop = diagnostics(registry)
    const transitions = channel('short-circuit:transition')
    let published = 0
    Object.defineProperty(transitions, 'publish', { configurable: true, value: () => published++ })
    registry.breaker('users').trip()
    const before = published
    messages('transition')
    registry.breaker('users').reset()
    Reflect.deleteProperty(transitions, 'publish')

    expect([before, published]).toEqual([0, 1])
  })

  it('measures no call', async () => {
    let readings = 0
    const clock = new ManualClock()
    const now = clock.now.bind(clock)
    clock.now = () => {
      readings++
      return now()
    }
    stop = diagnostics(registry)
    messages('transition')
    const get = registry.breaker('users', { clock })(async () => 'answer')
    await get()
    const before = readings
    await get()

    expect(readings).toBe(before)
  })

  it('publishes no more when it is stopped', async () => {
    const transitions = messages('transition')
    diagnostics(registry)()
    registry.breaker('users').trip()
    await succeed(registry.breaker('orders'))

    expect(transitions).toEqual([])
  })

  it.each([
    [() => diagnostics({} as never), 'diagnostics takes a CircuitRegistry first'],
    [() => diagnostics(registry, { calls: 1 as never }), 'calls of diagnostics must be a boolean'],
    [() => diagnostics(registry, { call: true } as never), 'unknown option "call"'],
  ])('says what is wrong: %s', (start, message) => {
    expect(start).toThrow(message)
  })
})
