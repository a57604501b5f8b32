import { describe, expect, it } from 'vitest'
import { createBreaker } from '../../test/helpers/public.ts'
import { circuitBreaker } from './circuit-breaker.ts'

class Metadata {
  readonly entries = new Map<string, string>()
  set(key: string, value: string): void {
    this.entries.set(key, value)
  }
}

const status = (code: number, details = '') => ({ code, details, metadata: new Metadata() })

function setUp(options: object = {}, about: object = {}) {
  const { breaker, clock } = createBreaker(about)
  const done: string[] = []
  // biome-ignore lint/suspicious/noExplicitAny: the listener of a call of grpc-js.
  let listener: any
  const below = {
    start: (_: unknown, given: unknown) => {
      done.push('start')
      listener = given
    },
    startRead: () => done.push('read'),
    sendMessageWithContext: (_: unknown, message: string) => done.push(`send ${message}`),
    halfClose: () => done.push('halfClose'),
    cancelWithStatus: (code: number) => done.push(`cancel ${code}`),
    getPeer: () => '127.0.0.1:1',
  }
  const method = { path: '/a.B/C', requestStream: false, responseStream: false, ...options }
  const call = circuitBreaker(breaker)({ method_definition: method }, () => {
    done.push('create')
    return below
  })
  return { breaker, clock, call, done, below: () => listener }
}

describe('a call that is guarded', () => {
  it('creates nothing below before it is started, and does then what it was asked for', () => {
    const { call, done } = setUp()
    call.sendMessage('text')
    call.halfClose()
    call.startRead()

    expect(done).toEqual([])
    call.start(new Metadata())
    expect(done).toEqual(['create', 'start', 'send text', 'halfClose', 'read'])
    expect(call.getPeer()).toBe('127.0.0.1:1')
    expect(call.getAuthContext()).toBe(null)
    call.cancelWithStatus(1, 'left')
  })

  it.each([0, 5, 14])('settles before a listener hears of status %i, which may throw', (code) => {
    const { breaker, call, below } = setUp()
    call.start(new Metadata(), {
      onReceiveStatus: () => {
        throw new Error('listener')
      },
    })

    expect(() => below().onReceiveStatus(status(code))).toThrow('listener')
    expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts: { settled: 1 } })
  })

  it('keeps what is known of the last failure', () => {
    const { breaker, call, below } = setUp({}, { maxFailures: 1 })
    call.start(new Metadata())
    below().onReceiveStatus(status(14, 'no connection'))

    expect(breaker.explain().text).toContain('14 UNAVAILABLE: no connection')
  })

  it('classifies the response where there is only one', () => {
    const seen: unknown[] = []
    const { call, below } = setUp({}, { classify: (settled: object) => void seen.push(settled) })
    call.start(new Metadata())
    below().onReceiveMessage('answer')
    below().onReceiveStatus(status(0))

    expect(seen).toEqual([{ status: 'fulfilled', value: 'answer' }])
  })

  it('tells its caller once how it ended, and nothing afterwards', async () => {
    const { breaker, clock, call, done, below } = setUp({}, { callTimeout: 100 })
    const heard: unknown[] = []
    call.start(new Metadata(), {
      onReceiveMetadata: () => heard.push('metadata'),
      onReceiveMessage: (message: unknown) => heard.push(message),
      onReceiveStatus: ({ code }: { code: number }) => heard.push(code),
    })
    await clock.advance(200)
    below().onReceiveMetadata(new Metadata())
    below().onReceiveMessage('late')
    below().onReceiveStatus(status(0))
    call.cancelWithStatus(1, 'left')

    expect(heard).toEqual([null, 4])
    expect(done).toEqual(['create', 'start', 'cancel 4'])
    expect(breaker.snapshot().counts).toMatchObject({ failure: 1, timeout: 1 })
  })

  it.each([
    [1, 'cancelled'],
    [4, 'failure'],
    [12, 'success'],
  ] as const)('counts a cancellation with status %i as %s', (code, outcome) => {
    const { breaker, call } = setUp()
    call.start(new Metadata())
    call.cancelWithStatus(code, 'by an interceptor')

    expect(breaker.snapshot().counts).toMatchObject({ [outcome]: 1 })
  })

  it('is answered while its stream is read, and asks for no message twice', () => {
    const { breaker, call, done, below } = setUp({ responseStream: true })
    const heard: unknown[] = []
    call.start(new Metadata(), { onReceiveMessage: (message: unknown) => heard.push(message) })
    call.startRead()
    below().onReceiveMessage('first')
    call.startRead()
    below().onReceiveMessage('second')

    expect(heard).toEqual(['first', 'second'])
    expect(done.filter((what) => what === 'read')).toHaveLength(2)
    expect(breaker.snapshot()).toMatchObject({ inFlight: 1, counts: { settled: 0 } })
    call.cancelWithStatus(1, 'left')
    expect(breaker.snapshot().counts).toMatchObject({ success: 1 })
  })

  it('keeps the first message, and an end behind it, for who reads late', async () => {
    const { breaker, call, below } = setUp({ responseStream: true })
    const heard: unknown[] = []
    call.start(new Metadata(), {
      onReceiveMessage: (message: unknown) => heard.push(message),
      onReceiveStatus: ({ code }: { code: number }) => heard.push(code),
    })
    below().onReceiveMessage('first')
    below().onReceiveStatus(status(0))
    expect([heard.length, breaker.snapshot().counts.success]).toEqual([0, 1])
    call.startRead()
    await Promise.resolve()

    expect(heard).toEqual(['first', 0])
  })

  it('drops an unread message where the end is an error', () => {
    const { call, below } = setUp({ responseStream: true })
    const heard: unknown[] = []
    call.start(new Metadata(), {
      onReceiveMessage: (message: unknown) => heard.push(message),
      onReceiveStatus: ({ code }: { code: number }) => heard.push(code),
    })
    below().onReceiveMessage('first')
    below().onReceiveStatus(status(15))
    call.startRead()

    expect(heard).toEqual([15])
  })
})

describe('a call that is rejected', () => {
  it('creates nothing below, and says when to come back', async () => {
    const { breaker, call, done } = setUp({}, { resetTimeout: 5_000 })
    breaker.trip()
    const heard: { code: number; metadata: Metadata; cause: unknown }[] = []
    const written: string[] = []
    call.start(new Metadata(), { onReceiveStatus: (one: never) => heard.push(one) })
    call.sendMessageWithContext({ callback: () => written.push('text') }, 'text')
    expect(heard).toEqual([])
    await Promise.resolve()
    await Promise.resolve()

    expect(heard).toMatchObject([{ code: 14, cause: { code: 'ERR_CIRCUIT_OPEN' } }])
    expect(heard[0]?.metadata.entries.get('grpc-retry-pushback-ms')).toBe('5000')
    expect(written).toEqual(['text'])
    expect(done).toEqual([])
  })
})

it.each([
  [() => circuitBreaker({} as never), 'circuitBreaker takes a CircuitBreaker or a CircuitRegistry'],
  [() => circuitBreaker(createBreaker().breaker, { keys: 1 } as never), 'unknown option "keys"'],
])('circuitBreaker says what is wrong: %s', (make, message) => {
  expect(make).toThrow(message)
})
