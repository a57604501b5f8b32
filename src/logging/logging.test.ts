import fastify from 'fastify'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { fail, open, RESET_TIMEOUT, succeed } from '../../test/helpers/public.ts'
import { CircuitRegistry } from '../index.ts'
import { ManualClock } from '../testing/manual-clock.ts'
import { type LogOptions, logTransitions } from './index.ts'

let clock: ManualClock
let registry: CircuitRegistry
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  clock = new ManualClock()
  registry = new CircuitRegistry({
    defaults: { maxFailures: 2, resetTimeout: RESET_TIMEOUT, clock },
  })
})
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

/** What is logged, with its level first. */
function logged(options?: LogOptions, child?: unknown): unknown[][] {
  const lines: unknown[][] = []
  const info = (...args: unknown[]) => lines.push(['info', ...args])
  const warn = (...args: unknown[]) => lines.push(['warn', ...args])
  logTransitions(registry, { info, warn, child }, options)
  return lines
}

describe('logTransitions', () => {
  it('writes one line for each transition, which explains it', async () => {
    const lines = logged()
    const users = registry.breaker('users')
    await open(users)
    await clock.advance(RESET_TIMEOUT)
    await succeed(users)

    expect(lines).toEqual([
      [
        'warn',
        'Circuit "users" is open: calls are rejected; the next probe may start in 1 s. It opened because 2 calls failed in a row (limit 2). The last failure before it opened was Error: down. With a limit of 3, it would not have opened then. 0 calls have been rejected since it opened.',
      ],
      ['info', expect.stringMatching(/^Circuit "users" is half-open: /)],
      [
        'info',
        expect.stringMatching(/^Circuit "users" is closed: calls pass\. It last opened 1 s/),
      ],
    ])
  })

  it('gives fields to loggers that take them, as pino does', async () => {
    const lines = logged({}, () => {})
    await open(registry.breaker('users'))

    const fields = { breaker: 'users', from: 'closed', to: 'open', reason: 'consecutiveFailures' }
    expect(lines).toEqual([
      ['warn', { ...fields, enforced: true }, expect.stringMatching(/^Circuit "users" is open/)],
    ])
  })

  it('writes to pino, here that of Fastify, fields and text in one line of JSON', async () => {
    const lines: Record<string, unknown>[] = []
    const stream = { write: (line: string) => lines.push(JSON.parse(line)) }
    const { log } = fastify({ logger: { stream } })
    logTransitions(registry, log)
    const users = registry.breaker('users')
    users.trip('maintenance')
    users.reset()

    expect(lines).toMatchObject([
      { level: 40, breaker: 'users', to: 'open', reason: 'manual' },
      { level: 30, breaker: 'users', to: 'closed', reason: 'reset' },
    ])
    expect(lines.map(({ msg }) => msg)).toEqual([
      expect.stringMatching(/^Circuit "users" is open: .*maintenance/),
      expect.stringMatching(/^Circuit "users" is closed: calls pass/),
    ])
  })

  it('writes the text alone to the console', () => {
    const warned = vi.spyOn(console, 'warn').mockImplementation(() => {})
    logTransitions(registry, console)
    registry.breaker('users').trip()

    expect(warned.mock.calls).toEqual([[expect.stringMatching(/^Circuit "users" is open/)]])
  })

  it('limits the lines about one breaker, and tells at the end of the minute how many had none', () => {
    const lines = logged({ perBreaker: 3 })
    const users = registry.breaker('users')
    for (let i = 0; i < 8; i++) users.trip()
    registry.breaker('orders').trip()
    const before = lines.length
    vi.advanceTimersByTime(60_000)
    users.trip()

    expect(before).toBe(4)
    expect(lines.slice(4)).toEqual([
      ['warn', '5 more transitions of circuits were not logged within a minute'],
      ['warn', expect.stringContaining('users')],
    ])
  })

  it('limits the lines of all, too', () => {
    const lines = logged({ perMinute: 5 })
    for (let i = 0; i < 6; i++) registry.breaker(`host-${i}`).trip()
    vi.advanceTimersByTime(60_000)

    expect(lines).toHaveLength(6)
    expect(lines[5]).toEqual([
      'warn',
      '1 more transition of a circuit was not logged within a minute',
    ])
  })

  it('has no timer while there is nothing to tell', () => {
    logged()
    const before = vi.getTimerCount()
    registry.breaker('users').trip()
    vi.advanceTimersByTime(60_000)

    expect([before, vi.getTimerCount()]).toEqual([0, 0])
  })

  it('tells what is left and listens no more when it is stopped', () => {
    const lines: string[] = []
    const write = (line: string) => lines.push(line)
    const stop = logTransitions(registry, { info: write, warn: write }, { perMinute: 1 })
    for (let i = 0; i < 3; i++) registry.breaker('users').trip()
    stop()
    registry.breaker('users').reset()

    expect(lines.slice(1)).toEqual([
      '2 more transitions of circuits were not logged within a minute',
    ])
    expect(vi.getTimerCount()).toBe(0)
  })

  it('redacts what the breaker redacts, and what is asked for', async () => {
    const lines = logged({ redact: (text) => text.replaceAll('users', '***') })
    const users = registry.breaker('users', { redact: (text) => text.replace(/\d+/, '#') })
    await fail(users, new Error('token 12345'))
    await fail(users, new Error('token 12345'))

    expect(String(lines[0])).toContain('Circuit "***" is open')
    expect(String(lines[0])).toContain('token #')
    expect(String(lines)).not.toMatch(/12345|users/)
  })

  it.each([
    () => {
      throw new Error('mine')
    },
    () => 7 as never,
  ])('tells only the states where that fails: %s', async (redact) => {
    const lines = logged({ redact })
    await open(registry.breaker('users'))

    expect(lines).toEqual([['warn', 'A circuit went from closed to open (consecutiveFailures).']])
  })

  it('redacts the fields, too, and leaves out what it cannot redact', () => {
    let redact = (text: string) => text.replaceAll('users', '***')
    const lines = logged({ redact: (text) => redact(text) }, () => {})
    registry.breaker('users').trip()
    redact = () => {
      throw new Error('mine')
    }
    registry.breaker('users').reset()

    const fields = { from: 'closed', to: 'open', reason: 'manual', enforced: true }
    expect(lines).toEqual([
      ['warn', { breaker: '***', ...fields }, expect.stringMatching(/^Circuit "\*\*\*" is open/)],
      [
        'info',
        { from: 'open', to: 'closed', reason: 'reset', enforced: true },
        'A circuit went from open to closed (reset).',
      ],
    ])
  })

  it('tells of a state that was over before it could be explained', async () => {
    const lines = logged()
    const users = registry.breaker('users')
    users.trip()
    await clock.advance(RESET_TIMEOUT)
    users.reset()
    const all = lines.map(([level, text]) => [level, String(text).split(':')[0]])

    expect(all).toEqual([
      ['warn', 'Circuit "users" is open'],
      ['info', 'Circuit "users" went from open to half-open (elapsed).'],
      ['info', 'Circuit "users" is closed'],
    ])
  })

  it('gives the text alone to loggers with "log", as winston is one', () => {
    const lines: unknown[][] = []
    const write = (...args: unknown[]) => lines.push(args)
    logTransitions(registry, { info: write, warn: write, child: write, log: write })
    registry.breaker('users').trip()

    expect(lines).toEqual([[expect.stringMatching(/^Circuit "users" is open/)]])
  })

  it('writes one line whatever the names, reasons and messages are', async () => {
    const lines = logged()
    const breaker = registry.breaker('a\nCircuit "b"')
    breaker.trip('x\r\ny\u2028z')
    breaker.reset()
    await fail(breaker, new Error('1\n2'))
    await fail(breaker, new Error('1\n2'))

    expect(lines).toHaveLength(3)
    expect(lines.map(String).filter((line) => /[\r\n\u2028]/.test(line))).toEqual([])
  })

  it('reports a logger that throws, and changes no result', async () => {
    const reported = vi.spyOn(console, 'error').mockImplementation(() => {})
    const write = () => {
      throw new Error('disk full')
    }
    logTransitions(registry, { info: write, warn: write })
    const users = registry.breaker('users')
    await open(users)

    expect(users.state).toBe('open')
    expect(reported.mock.calls.map(([text]) => text)).toEqual([
      'short-circuit: circuit "users": listener of "transition" threw',
    ])
  })

  it.each([
    () => {
      throw new Error('disk full')
    },
    () => Promise.reject(new Error('disk full')),
  ])('reports a logger that fails, also at the end of a minute: %s', async (write) => {
    const reported = vi.spyOn(console, 'error').mockImplementation(() => {})
    logTransitions(registry, { info: write, warn: write }, { perMinute: 1 })
    for (let i = 0; i < 2; i++) registry.breaker('users').trip()
    await vi.advanceTimersByTimeAsync(60_000)

    expect(reported.mock.calls).toEqual([
      ['short-circuit: circuit "users": listener of "transition" threw', new Error('disk full')],
      ['short-circuit: logger of logTransitions threw', new Error('disk full')],
    ])
  })

  it.each([
    [() => logTransitions({} as never, console), 'logTransitions takes a CircuitRegistry first'],
    [() => logTransitions(registry, {} as never), 'logger must have the methods info and warn'],
    [() => logged({ perMinute: 0 }), 'perMinute must be an integer of at least 1'],
    [() => logged({ perBreaker: 1.5 }), 'perBreaker must be an integer of at least 1'],
    [() => logged({ redact: 'x' as never }), 'redact of logTransitions must be a function'],
    [() => logged({ level: 'x' } as never), 'unknown option "level"'],
  ])('says what is wrong: %s', (start, message) => {
    expect(start).toThrow(message)
  })
})
