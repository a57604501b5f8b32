import { getEventListeners } from 'node:events'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { createBreaker, fail, hang, open, RESET_TIMEOUT, turn } from '../../test/helpers/public.ts'
import type { CircuitBreaker, CircuitBreakerOptions } from '../index.ts'
import type { ManualClock } from '../testing/index.ts'
import { type PauseOptions, pauseWhileOpen } from './index.ts'

interface Consumer {
  readonly breaker: CircuitBreaker
  readonly clock: ManualClock
  /** What the consumer was asked to do, in order. */
  readonly log: string[]
  readonly handle: ReturnType<typeof pauseWhileOpen>
}

function consume(options: Partial<PauseOptions> = {}, of?: CircuitBreakerOptions): Consumer {
  const { breaker, clock } = createBreaker(of)
  const log: string[] = []
  const handle = pauseWhileOpen(breaker, {
    pause: () => void log.push('pause'),
    resume: () => void log.push('resume'),
    ...options,
  })
  return { breaker, clock, log, handle }
}

/** Something that takes until it is told to end. */
function slowly(log: string[], name: string) {
  const ends: ((value?: unknown) => void)[] = []
  const run = (): Promise<void> => {
    log.push(`${name} begins`)
    return new Promise((resolve) => ends.push(resolve)).then(() => void log.push(`${name} ends`))
  }
  return { run, end: () => ends.shift()?.() }
}

describe('pauseWhileOpen', () => {
  afterEach(() => void vi.restoreAllMocks())

  it('does nothing while calls pass', async () => {
    const { breaker, clock, log, handle } = consume()
    await breaker.run(() => 'answer')
    await fail(breaker)
    await clock.advance(0)

    expect(log).toEqual([])
    expect(handle.paused).toBe(false)
    expect(clock.timers).toBe(0)
  })

  it('pauses before the failure that opened the circuit is answered', async () => {
    const { breaker, log, handle } = consume()
    await open(breaker)

    expect(log).toEqual(['pause'])
    expect(handle.paused).toBe(true)
  })

  it('pauses at once where the circuit is open already', async () => {
    const { breaker } = createBreaker()
    await open(breaker)
    const pause = vi.fn()
    pauseWhileOpen(breaker, { pause, resume: () => {} })

    expect(pause).toHaveBeenCalledOnce()
  })

  it('resumes when a probe would pass, and leaves nothing behind when it closes the circuit', async () => {
    const { breaker, clock, log, handle } = consume()
    await open(breaker)
    await clock.advance(RESET_TIMEOUT - 1)
    expect(log).toEqual(['pause'])
    await clock.advance(1)
    expect(log).toEqual(['pause', 'resume'])
    await breaker.run(() => 'answer')
    await clock.advance(RESET_TIMEOUT)

    expect(log).toEqual(['pause', 'resume'])
    expect(handle.paused).toBe(false)
    expect(clock.timers).toBe(0)
  })

  it('pauses again for each probe that fails', async () => {
    const { breaker, clock, log } = consume()
    await open(breaker)
    for (let i = 0; i < 3; i++) {
      await clock.advance(RESET_TIMEOUT)
      await fail(breaker)
    }

    expect(log).toEqual(['pause', 'resume', 'pause', 'resume', 'pause', 'resume', 'pause'])
  })

  it('resumes for one probe, and pauses when more than that is called', async () => {
    const { breaker, clock, log } = consume()
    await open(breaker)
    await clock.advance(RESET_TIMEOUT)
    const probe = hang(breaker)
    const others = [hang(breaker), hang(breaker), hang(breaker)]
    await Promise.all(others.map(({ result }) => result))
    expect(log).toEqual(['pause', 'resume', 'pause'])
    await probe.release()
    await clock.advance(0)

    expect(breaker.state).toBe('closed')
    expect(log).toEqual(['pause', 'resume', 'pause', 'resume'])
  })

  it.each<[string, (breaker: CircuitBreaker) => unknown]>([
    ['trips again', (breaker) => breaker.trip()],
    ['is forced open as well', (breaker) => breaker.forceOpen()],
    ['rejects calls', (breaker) => breaker.run(() => 1).catch(() => {})],
    ['is observed by another listener', (breaker) => breaker.on('transition', () => {})],
  ])('does not pause twice where the open circuit %s', async (_, act) => {
    const { breaker, clock, log } = consume()
    await open(breaker)
    await act(breaker)
    await clock.advance(0)

    expect(log).toEqual(['pause'])
  })

  it('does not pause for a breaker that is full', async () => {
    const { breaker, clock, log } = consume({}, { maxConcurrent: 1 })
    hang(breaker)
    await hang(breaker).result
    await clock.advance(0)

    expect(log).toEqual([])
  })

  it('follows an override, and what is underneath when it ends', async () => {
    const { breaker, clock, log } = consume()
    breaker.forceOpen()
    expect(log).toEqual(['pause'])
    await clock.advance(100 * RESET_TIMEOUT)
    expect(log).toEqual(['pause'])
    breaker.release()
    await clock.advance(0)
    expect(log).toEqual(['pause', 'resume'])
    breaker.trip()
    expect(log).toEqual(['pause', 'resume', 'pause'])
    breaker.forceClosed()
    await clock.advance(0)
    expect(log).toEqual(['pause', 'resume', 'pause', 'resume'])
    breaker.release()

    expect(log).toEqual(['pause', 'resume', 'pause', 'resume', 'pause'])
  })

  it('resumes when an override ends by itself', async () => {
    const { breaker, clock, log } = consume()
    breaker.forceOpen({ for: 500 })
    await clock.advance(500)

    expect(log).toEqual(['pause', 'resume'])
  })

  it('goes on while forced closed, whatever would be rejected', async () => {
    const { breaker, log } = consume()
    breaker.forceClosed()
    breaker.trip()
    await breaker.run(() => 'answer')

    expect(log).toEqual([])
  })

  it('pauses by the first rejection where an override has ended over an open circuit', async () => {
    const { breaker, clock, log } = consume()
    breaker.forceClosed({ for: 10 })
    breaker.trip()
    await clock.advance(10)
    await breaker.run(() => 'answer').catch(() => {})

    expect(log).toEqual(['pause'])
  })

  it('resumes only after the pause has ended, and pauses only after the resumption has', async () => {
    const log: string[] = []
    const [pause, resume] = [slowly(log, 'pause'), slowly(log, 'resume')]
    const { breaker, clock } = consume({ pause: pause.run, resume: resume.run })
    breaker.trip()
    breaker.reset()
    await clock.advance(0)
    expect(log).toEqual(['pause begins'])
    pause.end()
    await clock.advance(0)
    expect(log).toEqual(['pause begins', 'pause ends', 'resume begins'])
    breaker.trip()
    await clock.advance(0)
    expect(log.at(-1)).toBe('resume begins')
    resume.end()
    await clock.advance(0)
    expect(log.slice(2)).toEqual(['resume begins', 'resume ends', 'pause begins'])
    pause.end()
    await clock.advance(RESET_TIMEOUT)

    expect(log.slice(4)).toEqual(['pause begins', 'pause ends', 'resume begins'])
  })

  it('reports what pause throws or rejects with, and resumes nevertheless', async () => {
    const errors: unknown[] = []
    const refuse = vi
      .fn<() => unknown>()
      .mockImplementationOnce(() => {
        throw 'thrown'
      })
      .mockRejectedValueOnce('rejected')
    const { breaker, clock, log } = consume({
      pause: refuse,
      onError: (error, during) => errors.push([error, during]),
    })
    for (let i = 0; i < 2; i++) {
      breaker.trip()
      await clock.advance(RESET_TIMEOUT)
    }

    expect(errors).toEqual([
      ['thrown', 'pause'],
      ['rejected', 'pause'],
    ])
    expect(log).toEqual(['resume', 'resume'])
  })

  it('reports what resume throws, stays paused, and tries again with the next event', async () => {
    const errors: unknown[] = []
    const resume = vi.fn().mockRejectedValueOnce('not connected')
    const { breaker, clock, log, handle } = consume({
      resume,
      onError: (error, during) => errors.push([error, during]),
    })
    breaker.trip()
    await clock.advance(RESET_TIMEOUT)
    expect(errors).toEqual([['not connected', 'resume']])
    expect(handle.paused).toBe(true)
    await breaker.run(() => 'answer')
    await clock.advance(0)

    expect(handle.paused).toBe(false)
    expect(resume).toHaveBeenCalledTimes(2)
    expect(log).toEqual(['pause'])
  })

  it('prints errors where nothing else is told of them, and those of onError', async () => {
    const print = vi.spyOn(console, 'error').mockImplementation(() => {})
    const error = new Error('not connected')
    const pause = () => {
      throw error
    }
    consume({ pause }, { name: 'mail' }).breaker.trip()
    const onError = () => {
      throw 'wrong'
    }
    consume({ pause, onError }, { name: 'sms' }).breaker.trip()
    await turn()

    expect(print.mock.calls).toEqual([
      ['short-circuit: circuit "mail": pause threw', error],
      ['short-circuit: circuit "sms": onError threw', 'wrong'],
    ])
  })

  it.each<[string, (consumer: Consumer, controller: AbortController) => void]>([
    ['stop()', ({ handle }) => handle.stop()],
    ['dispose', ({ handle }) => handle[Symbol.dispose]()],
    ['its signal', (_, controller) => controller.abort()],
  ])(
    'is ended by %s: leaves the consumer as it is, and neither timers nor listeners',
    async (_, end) => {
      const controller = new AbortController()
      const consumer = consume({ signal: controller.signal })
      const { breaker, clock, log } = consumer
      breaker.trip()
      await clock.advance(0)
      expect(clock.timers).toBe(1)
      end(consumer, controller)
      end(consumer, controller)
      await clock.advance(0)
      expect(clock.timers).toBe(0)
      expect(getEventListeners(controller.signal, 'abort')).toEqual([])
      await clock.advance(RESET_TIMEOUT)
      breaker.reset()
      breaker.trip()
      await clock.advance(RESET_TIMEOUT)

      expect(log).toEqual(['pause'])
    },
  )

  it('does not resume where it was stopped while it paused', async () => {
    const log: string[] = []
    const pause = slowly(log, 'pause')
    const { breaker, clock, handle } = consume({
      pause: pause.run,
      resume: () => void log.push('resume'),
    })
    breaker.trip()
    breaker.reset()
    handle.stop()
    pause.end()
    await clock.advance(0)

    expect(log).toEqual(['pause begins', 'pause ends'])
  })

  it('does not pause where it was stopped while it resumed', async () => {
    const log: string[] = []
    const resume = slowly(log, 'resume')
    const { breaker, clock, handle } = consume({
      pause: () => void log.push('pause'),
      resume: resume.run,
    })
    breaker.trip()
    await clock.advance(RESET_TIMEOUT)
    breaker.trip()
    handle.stop()
    resume.end()
    await clock.advance(0)

    expect(log).toEqual(['pause', 'resume begins', 'resume ends'])
  })

  it('does nothing with a signal that is aborted already', () => {
    const { breaker } = createBreaker()
    breaker.trip()
    const pause = vi.fn()
    const handle = pauseWhileOpen(breaker, { pause, resume: pause, signal: AbortSignal.abort() })
    breaker.trip()

    expect(pause).not.toHaveBeenCalled()
    expect(handle.paused).toBe(false)
  })

  it('takes nothing of what others listen to', async () => {
    const { breaker, handle } = consume()
    const heard: string[] = []
    breaker.on('transition', ({ to }) => heard.push(to))
    handle.stop()
    breaker.trip()

    expect(heard).toEqual(['open'])
  })

  it.each<[unknown, unknown, string]>([
    [{}, {}, 'pauseWhileOpen takes a CircuitBreaker first, got object'],
    [
      createBreaker().breaker,
      undefined,
      'pauseWhileOpen takes an object of options, got undefined',
    ],
    [createBreaker().breaker, {}, 'pause of pauseWhileOpen must be a function, got undefined'],
    [
      createBreaker().breaker,
      { pause() {} },
      'resume of pauseWhileOpen must be a function, got undefined',
    ],
    [
      createBreaker().breaker,
      { pause() {}, resume() {}, onPause() {} },
      'unknown option "onPause" (of pauseWhileOpen); known are pause, resume, onError, signal',
    ],
  ])('says what is wrong with its arguments', (breaker, options, message) => {
    expect(() => pauseWhileOpen(breaker as never, options as never)).toThrow(message)
  })
})
