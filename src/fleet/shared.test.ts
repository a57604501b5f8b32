import { describe, expect, it } from 'vitest'
import {
  createProcesses,
  EXCHANGE,
  failTimes,
  join,
  OPEN,
  open,
  type Process,
  pass,
  reasonOf,
  states,
  working,
} from '../../test/helpers/fleet-processes.ts'
import {
  CircuitBreaker,
  type CircuitBreakerOptions,
  CircuitOpenError,
  CircuitRegistry,
  type Clock,
} from '../index.ts'
import { ManualClock } from '../testing/manual-clock.ts'
import { memoryStore } from './memory-store.ts'
import { shared } from './shared.ts'

describe('breakers that share a store', () => {
  it('open all together, by failures of which none of them had enough', async () => {
    const { clock, processes } = createProcesses(4)

    await open(clock, processes)

    expect(states(processes)).toEqual(['open', 'open', 'open', 'open'])
    for (const { transitions } of processes) {
      expect(transitions).toMatchObject([{ from: 'closed', to: 'open', reason: 'fleet' }])
    }
  })

  it('know before their first call that the fleet is open, once it is ready', async () => {
    const store = memoryStore()
    const first = shared(store)
    new CircuitBreaker({ name: 'users', shared: first }).trip({ fleet: true })
    await first.ready()
    const second = shared(store)
    const late = new CircuitBreaker({ name: 'users', shared: second })
    await second.ready()

    expect(late.state).toBe('open')
    expect(await reasonOf(late.run(() => 'answer'))).toBeInstanceOf(CircuitOpenError)
    await first.close()
    await second.close()
  })

  it('let one probe out, fleet-wide, and close together when it has succeeded', async () => {
    const { clock, processes } = createProcesses(4)
    await open(clock, processes)
    await pass(clock, OPEN)

    const calls = Promise.all(processes.map(({ call }) => reasonOf(call())))
    await pass(clock, EXCHANGE)
    const results = await calls
    await pass(clock, EXCHANGE)

    expect(results.filter((result) => result === 'passed')).toHaveLength(1)
    expect(states(processes)).toEqual(['closed', 'closed', 'closed', 'closed'])
    expect(processes.filter(({ breaker }) => breaker.snapshot().counts.success > 0)).toHaveLength(1)
  })

  it('stay open together when the probe has failed', async () => {
    const { clock, processes } = createProcesses(3)
    await open(clock, processes)
    await pass(clock, OPEN)

    const calls = Promise.all(processes.map(({ fail }) => reasonOf(fail())))
    await pass(clock, EXCHANGE)
    const results = await calls
    await pass(clock, EXCHANGE)

    expect(results.filter((error) => !(error instanceof CircuitOpenError))).toHaveLength(1)
    expect(states(processes)).toEqual(['open', 'open', 'open'])
  })

  it('reject the other calls of a process at once while one of them asks', async () => {
    const { clock, processes } = createProcesses(2)
    await open(clock, processes)
    await pass(clock, OPEN)
    const [{ call }] = processes as [Process]

    const first = call()
    await expect(call()).rejects.toThrow(CircuitOpenError)
    await pass(clock, EXCHANGE)

    expect(await first).toBe('answer')
  })

  it('do not open by the failures of one of them, which opens alone', async () => {
    const { clock, processes } = createProcesses(3)
    const [broken, ...others] = processes as [Process, ...Process[]]
    await clock.advance(0)

    await failTimes(broken, 100)
    await pass(clock, EXCHANGE)

    expect(broken.breaker.state).toBe('open')
    expect(broken.transitions).toMatchObject([{ reason: 'failureRate' }])
    expect(broken.breaker.snapshot().fleet).toMatchObject({ decides: 'local', state: 'closed' })
    expect(states(others)).toEqual(['closed', 'closed'])
  })

  it('leave one that has opened alone to recover alone', async () => {
    const { clock, processes } = createProcesses(3)
    const [broken] = processes as [Process]
    await clock.advance(0)
    await failTimes(broken, 100)
    await pass(clock, OPEN + EXCHANGE)

    await broken.call()

    expect(broken.breaker.state).toBe('closed')
  })

  it('tell one that comes later', async () => {
    const fleet = createProcesses(2)
    await open(fleet.clock, fleet.processes)

    const late = await join(fleet)

    expect(late.breaker.state).toBe('open')
    expect(late.breaker.snapshot().retryAfter).toBeLessThan(OPEN)
  })

  it('count no call twice, and none of a state that is over', async () => {
    const { clock, processes } = createProcesses(2)
    const [a, b] = processes as [Process, Process]
    await clock.advance(0)
    let release = (): void => {}
    const hanging = a.breaker(
      () => new Promise<string>((resolve) => (release = () => resolve('x'))),
    )
    const call = hanging()
    b.breaker.reset({ fleet: true })
    await pass(clock, EXCHANGE)

    release()
    await call
    await pass(clock, 2_000)

    expect(a.breaker.snapshot().counts).toMatchObject({ success: 0, stale: 1 })
  })

  it('say nothing while there are no calls, but for a poll now and then', async () => {
    const { clock, store } = createProcesses(1)
    await clock.advance(0)
    const before = store.exchanges

    await pass(clock, 60_000)

    expect(store.exchanges - before).toBeLessThanOrEqual(4)
  })

  it('exchange once a second, however many calls there are', async () => {
    const { clock, store, processes } = createProcesses(1)
    const [{ call }] = processes as [Process]
    await clock.advance(0)
    const before = store.exchanges

    for (let i = 0; i < 1_000; i++) {
      await call()
      await pass(clock, 10)
    }

    expect(store.exchanges - before).toBeLessThanOrEqual(11)
  })

  it('arm one timer for an early report, however many calls fail before it', async () => {
    const clock = new ManualClock()
    const timers: number[] = []
    const setTimer: Clock['setTimer'] = (ms, fn) => {
      timers.push(ms)
      return clock.setTimer(ms, fn)
    }
    let chance = 1
    const fleet = shared(
      memoryStore(() => clock.now()),
      {
        clock: { now: () => clock.now(), wall: () => clock.wall(), setTimer },
        // Each report that is asked for would be due before the one before.
        random: () => (chance *= 0.9),
      },
    )
    const breaker = new CircuitBreaker({ name: 'api', clock, shared: fleet })
    await breaker.run(() => 'answer')
    await clock.advance(0)
    await fleet.ready()
    expect(fleet.connected).toBe(true)
    timers.length = 0

    for (let i = 0; i < 5; i++) await reasonOf(breaker.run(() => Promise.reject(new Error('down'))))

    expect(timers).toHaveLength(1)
    expect(timers[0]).toBeLessThanOrEqual(30)
  })

  it('share by name', async () => {
    const { clock, processes } = createProcesses(2)
    const [a] = processes as [Process]
    const other = new CircuitBreaker({ name: 'orders', clock, shared: a.fleet })
    await other.run(working)

    await open(clock, processes)

    expect(other.state).toBe('closed')
  })

  it('are those of registries, too, later defaults or not', async () => {
    const { clock, processes } = createProcesses(1)
    const [{ fleet, breaker }] = processes as [Process]
    const registry = new CircuitRegistry({ shared: fleet, defaults: { clock } })
    registry.defaults = { clock, maxFailures: 3 }
    const users = registry.breaker('users')
    await users.run(working)
    await clock.advance(0)

    breaker.trip({ fleet: true })
    await pass(clock, EXCHANGE)

    expect(users.state).toBe('open')
  })
})

describe('what is done by hand to a fleet', () => {
  it.each([
    ['trip', 'open'],
    ['halfOpen', 'half-open'],
  ] as const)('%s makes all %s', async (method, state) => {
    const { clock, processes } = createProcesses(3)
    await clock.advance(0)

    processes[0]?.breaker[method]({ fleet: true, by: 'ada', reason: 'drill' })
    await pass(clock, EXCHANGE)

    expect(states(processes)).toEqual([state, state, state])
    expect(processes[1]?.breaker.snapshot().fleet).toMatchObject({ by: 'ada' })
    expect(processes[1]?.breaker.explain().text).toContain(
      'it was decided for the fleet by ada (drill)',
    )
  })

  it('reset closes all, those that have opened alone among them', async () => {
    const { clock, processes } = createProcesses(3)
    const [broken, other] = processes as [Process, Process]
    await clock.advance(0)
    await failTimes(broken, 100)

    other.breaker.reset({ fleet: true })
    await pass(clock, EXCHANGE)

    expect(states(processes)).toEqual(['closed', 'closed', 'closed'])
  })

  it.each([
    ['forceOpen', 'forced-open'],
    ['forceClosed', 'forced-closed'],
    ['disable', 'disabled'],
  ] as const)('%s holds everywhere until it is released', async (method, mode) => {
    const { clock, processes } = createProcesses(3)
    const modes = () => processes.map(({ breaker }) => breaker.snapshot().override?.mode)
    await clock.advance(0)

    processes[0]?.breaker[method]({ fleet: true, by: 'ada', reason: 'drill' })
    await pass(clock, EXCHANGE)
    expect(modes()).toEqual([mode, mode, mode])
    processes[2]?.breaker.release({ fleet: true })
    await pass(clock, EXCHANGE)

    expect(modes()).toEqual([undefined, undefined, undefined])
  })

  it('is heard of once where it is done', async () => {
    const { clock, processes } = createProcesses(2)
    const [{ breaker }] = processes as [Process]
    const events: unknown[] = []
    breaker.on('override', ({ mode }) => events.push(mode))
    await clock.advance(0)

    breaker.forceOpen({ fleet: true, reason: 'drill' })
    await pass(clock, EXCHANGE)

    expect(events).toEqual(['forced-open'])
  })

  it('is lifted where it was set, too, when that was told before its own answer came', async () => {
    const { clock, store, processes } = createProcesses(2)
    const [a, b] = processes as [Process, Process]
    await clock.advance(0)
    const exchange = store.exchange.bind(store)
    store.exchange = async (asks, signal) => {
      const answers = await exchange(asks, signal)
      const slow = asks.some(({ process }) => process === 'p0')
      if (slow) await new Promise<void>((resolve) => clock.setTimer(100, resolve))
      return answers
    }

    store.mute = true
    a.breaker.forceOpen({ fleet: true })
    await clock.advance(10)
    store.mute = false
    b.breaker.release({ fleet: true })
    await pass(clock, 1_000)

    expect(states(processes)).toEqual(['closed', 'closed'])
    expect(a.breaker.snapshot().override).toBe(null)
  })

  it('lifts itself everywhere when its time is over, the store being gone', async () => {
    const { clock, store, processes } = createProcesses(2)
    await clock.advance(0)
    processes[0]?.breaker.forceOpen({ fleet: true, for: 10_000 })
    await pass(clock, EXCHANGE)

    store.mode = 'down'
    await pass(clock, 10_000)

    expect(states(processes)).toEqual(['closed', 'closed'])
  })

  it('waits until the store can be reached', async () => {
    const { clock, store, processes } = createProcesses(2)
    await clock.advance(0)
    store.mode = 'down'
    processes[0]?.breaker.forceOpen({ fleet: true })
    await pass(clock, 5_000)
    expect(states(processes)).toEqual(['open', 'closed'])

    store.mode = 'up'
    await pass(clock, 2_000)

    expect(states(processes)).toEqual(['open', 'open'])
  })

  it('without `fleet` is a matter of one process', async () => {
    const { clock, processes } = createProcesses(2)
    await clock.advance(0)

    processes[0]?.breaker.forceOpen()
    await pass(clock, EXCHANGE)

    expect(states(processes)).toEqual(['open', 'closed'])
  })
})

describe('a store that can not be reached', () => {
  it.each(['down', 'hangs'] as const)('that is %s does not hold up any call', async (mode) => {
    const { store, clock, processes } = createProcesses(2)
    const [{ call, fail, breaker }] = processes as [Process]
    await clock.advance(0)
    store.mode = mode

    expect(await call()).toBe('answer')
    for (let i = 0; i < 20; i++) await fail().catch(() => {})
    await pass(clock, 2_000)

    expect(breaker.state).toBe('open')
    expect(breaker.snapshot().fleet).toMatchObject({ decides: 'local', connected: false })
  })

  it('is asked less and less often, up to about once a second', async () => {
    const { store, clock } = createProcesses(1)
    await clock.advance(0)
    store.mode = 'down'
    await pass(clock, 60_000)
    const before = store.exchanges

    await pass(clock, 10_000)

    expect(store.exchanges - before).toBeGreaterThanOrEqual(5)
    expect(store.exchanges - before).toBeLessThanOrEqual(20)
  })

  it('leaves a breaker that was open as the fleet was to its time, and then to its own probe', async () => {
    const { store, clock, processes } = createProcesses(2)
    await open(clock, processes)
    store.mode = 'down'

    await pass(clock, OPEN - 1_000)
    expect(states(processes)).toEqual(['open', 'open'])
    await pass(clock, 1_000)
    expect(await processes[0]?.call()).toBe('answer')

    expect(states(processes)).toEqual(['closed', 'half-open'])
  })

  it('makes breakers that decided by themselves meanwhile follow the fleet again', async () => {
    const { store, clock, processes } = createProcesses(2)
    const [first] = processes as [Process]
    await open(clock, processes)
    store.mode = 'down'
    await pass(clock, OPEN + 1_000)
    await first.call()
    expect(first.breaker.state).toBe('closed')

    store.mode = 'up'
    await pass(clock, 2_000)
    expect(states(processes)).toEqual(['half-open', 'half-open'])
    const call = first.call()
    await pass(clock, EXCHANGE)
    await call
    await pass(clock, EXCHANGE)

    expect(states(processes)).toEqual(['closed', 'closed'])
  })

  it('makes the probe a local one that a call asks for', async () => {
    const { store, clock, processes } = createProcesses(2)
    await open(clock, processes)
    await pass(clock, OPEN)
    store.mode = 'hangs'

    const call = processes[0]?.call()
    await pass(clock, 1_000)

    expect(await call).toBe('answer')
  })

  it('is told of once, and again when it is back', async () => {
    const { store, clock, processes } = createProcesses(1)
    await clock.advance(0)

    store.mode = 'down'
    await pass(clock, 60_000)
    store.mode = 'up'
    await pass(clock, 2_000)

    expect(processes[0]?.connections).toEqual([true, false, true])
  })

  it('does not get the calls of the outage afterwards', async () => {
    const { store, clock, processes } = createProcesses(2)
    await clock.advance(0)
    store.mode = 'down'
    for (const process of processes) await failTimes(process, 19)
    await pass(clock, 30_000)

    store.mode = 'up'
    await pass(clock, 2_000)

    expect(states(processes)).toEqual(['closed', 'closed'])
  })
})

describe('the lease of a probe', () => {
  it('is for the next call of those that can not wait', async () => {
    const { clock, processes } = createProcesses(2)
    await open(clock, processes)
    await pass(clock, OPEN)
    const [{ breaker }] = processes as [Process]
    const call = breaker.sync(() => 'answer')

    expect(call).toThrow(CircuitOpenError)
    await pass(clock, EXCHANGE)
    expect(call()).toBe('answer')
    await pass(clock, EXCHANGE)

    expect(states(processes)).toEqual(['closed', 'closed'])
  })

  it('is asked for by those that wait until a call may pass', async () => {
    const { clock, processes } = createProcesses(2)
    await open(clock, processes)
    const [{ breaker, call }] = processes as [Process]

    const ready = breaker.whenReady()
    for (let i = 0; i < 60; i++) await pass(clock, 100)
    await ready

    expect(await call()).toBe('answer')
  })

  it('is given back when no call takes it', async () => {
    const { clock, processes } = createProcesses(2)
    await open(clock, processes)
    await pass(clock, OPEN)
    const [a, b] = processes as [Process, Process]
    expect(a.breaker.sync(() => 1)).toThrow(CircuitOpenError)
    await pass(clock, EXCHANGE)

    await pass(clock, 6_000)
    const call = b.call()
    await pass(clock, EXCHANGE)

    expect(await call).toBe('answer')
  })

  it('comes to a breaker in the end that is called seldom, by calls that can not wait', async () => {
    const { clock, processes } = createProcesses(1)
    const [{ breaker }] = processes as [Process]
    await clock.advance(0)
    breaker.trip({ fleet: true })
    const call = breaker.sync(() => 'answer')

    let passed = 0
    for (let i = 0; i < 12; i++) {
      await pass(clock, 60_000)
      try {
        call()
        passed++
      } catch {}
    }

    expect(passed).toBeGreaterThan(0)
    expect(breaker.state).toBe('closed')
  })

  it('is kept while its probe runs', async () => {
    const { clock, processes } = createProcesses(2)
    await open(clock, processes)
    await pass(clock, OPEN)
    const [a, b] = processes as [Process, Process]
    let release = (): void => {}
    const hang = a.breaker(() => new Promise<string>((resolve) => (release = () => resolve('x'))))
    const probe = hang()

    for (let i = 0; i < 20; i++) {
      await pass(clock, 1_000)
      const call = reasonOf(b.call())
      await pass(clock, EXCHANGE)
      expect(await call).toBeInstanceOf(CircuitOpenError)
    }
    release()
    await probe
    await pass(clock, EXCHANGE)

    expect(states(processes)).toEqual(['closed', 'closed'])
  })
})

describe('the lease of a probe that does not end where it began', () => {
  /** A probe that is in flight, and what ends it. */
  async function createProbe(options: CircuitBreakerOptions = {}) {
    const fleet = createProcesses(2, options)
    const { clock, processes } = fleet
    const [a, b] = processes as [Process, Process]
    await clock.advance(0)
    a.breaker.trip({ fleet: true })
    await pass(clock, OPEN + EXCHANGE)
    let end = (_: Error | undefined): void => {}
    const hang = a.breaker(
      () =>
        new Promise<void>((resolve, reject) => {
          end = (error) => (error === undefined ? resolve() : reject(error))
        }),
    )
    const probe = reasonOf(hang())
    await pass(clock, EXCHANGE)
    const finish = async (error?: Error): Promise<void> => {
      end(error)
      await probe
      await pass(clock, EXCHANGE)
    }
    return { ...fleet, a, b, finish }
  }

  async function passes({ clock, b }: Awaited<ReturnType<typeof createProbe>>): Promise<boolean> {
    const call = reasonOf(b.call())
    await pass(clock, EXCHANGE)
    return (await call) === 'passed'
  }

  it.each(['forceOpen', 'forceClosed', 'disable'] as const)(
    'is over with it, though there is an override by then: %s',
    async (method) => {
      const fleet = await createProbe()

      fleet.a.breaker[method]()
      await fleet.finish()
      await pass(fleet.clock, 1_000)

      expect(fleet.b.breaker.state === 'closed' || (await passes(fleet))).toBe(true)
    },
  )

  it.each(['trip', 'halfOpen', 'reset'] as const)(
    'is free for others when it has ended, though it was moved by hand: %s',
    async (method) => {
      const fleet = await createProbe()

      fleet.a.breaker[method]()
      await pass(fleet.clock, 1_000)
      expect(await passes(fleet)).toBe(false)
      await fleet.finish()

      await pass(fleet.clock, 1_000)
      expect(await passes(fleet)).toBe(true)
    },
  )

  it('opens the fleet again when it was classified as a trip', async () => {
    const fleet = await createProbe({
      classify: ({ status }) => (status === 'rejected' ? 'trip' : undefined),
    })

    await fleet.finish(new Error('quota'))

    expect(states(fleet.processes)).toEqual(['open', 'open'])
    expect(fleet.b.breaker.snapshot().fleet).toMatchObject({ reason: 'probeFailed', state: 'open' })
    expect(fleet.a.transitions.at(-1)).toMatchObject({ to: 'open', reason: 'fleet' })
  })
})

describe('a fleet that is closed', () => {
  it('leaves its breakers to themselves', async () => {
    const { clock, store, processes } = createProcesses(1)
    const [{ fleet, breaker, call }] = processes as [Process]
    await clock.advance(0)

    const closed = fleet.close()
    await pass(clock, 1_000)
    await closed
    const before = store.exchanges
    await call()
    await pass(clock, 60_000)

    expect(store.exchanges).toBe(before)
    expect(clock.timers).toBe(0)
    expect(breaker.snapshot().fleet?.connected).toBe(false)
  })
})

describe('snapshot and explain', () => {
  it('say that there is no fleet', () => {
    const breaker = new CircuitBreaker()

    expect(breaker.snapshot().fleet).toBe(null)
    expect(breaker.explain().text).not.toContain('fleet')
  })

  it('say what the fleet is, since when and by whom', async () => {
    const { clock, processes } = createProcesses(2)
    await open(clock, processes)

    const { breaker } = processes[0] as Process
    expect(breaker.snapshot().fleet).toMatchObject({
      decides: 'fleet',
      connected: true,
      state: 'open',
      reason: 'failureRate',
      by: expect.stringMatching(/^p[01]$/),
    })
    expect(breaker.explain().text).toMatch(
      /The fleet decides: the fleet (?:is|has been) open.* \(failureRate, by p[01]\)\./,
    )
  })
})

describe('what is wrong is named', () => {
  it.each<[string, () => unknown, string]>([
    [
      'no store',
      () => shared(undefined as never),
      'shared takes a store, such as memoryStore(), got undefined',
    ],
    ['no exchange', () => shared({} as never), 'shared takes a store'],
    [
      'an unknown option',
      () => shared(memoryStore(), { timeout: 1 } as never),
      'unknown option "timeout"',
    ],
    ['a deadline of 0', () => shared(memoryStore(), { deadline: 0 }), 'deadline of shared must be'],
    ['a deadline without end', () => shared(memoryStore(), { deadline: Infinity }), 'deadline'],
    [
      'a process with white space',
      () => shared(memoryStore(), { process: 'a b' }),
      'process of shared',
    ],
    [
      'a store for a breaker',
      () => new CircuitBreaker({ shared: memoryStore() as never }),
      'shared must be what shared(store) returns',
    ],
    [
      'a fleet that there is not',
      () => new CircuitBreaker().trip({ fleet: true }),
      'trip with "fleet" needs the option "shared"',
    ],
  ])('%s', (_, act, message) => {
    expect(act).toThrow(message)
  })

  it('also leaves a breaker without a fleet as it is', () => {
    const breaker = new CircuitBreaker()

    expect(() => breaker.forceOpen({ fleet: true })).toThrow(TypeError)
    expect(breaker.state).toBe('closed')
  })
})
