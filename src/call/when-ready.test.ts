import { getEventListeners } from 'node:events'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  createBreaker,
  fail,
  hang,
  open,
  RESET_TIMEOUT,
  reasonOf,
  succeed,
  turn,
} from '../../test/helpers/public.ts'
import { CircuitBreaker } from '../circuit-breaker.ts'
import { CircuitRegistry } from '../registry.ts'

/** Waits until a call would pass, and says so in `ready`. */
function wait(
  breaker: CircuitBreaker,
  ready: unknown[],
  name: unknown = 'ready',
): Promise<unknown> {
  return breaker.whenReady().then(() => ready.push(name))
}

/** Waits, and calls then. */
function waitAndHang(breaker: CircuitBreaker, calls: ReturnType<typeof hang>[]): void {
  void breaker.whenReady().then(() => calls.push(hang(breaker)))
}

describe('breaker.whenReady()', () => {
  it.each<[string, (breaker: CircuitBreaker) => unknown]>([
    ['closed', () => {}],
    ['forced closed', (breaker) => [breaker.trip(), breaker.forceClosed()]],
    ['disabled', (breaker) => [breaker.trip(), breaker.disable()]],
  ])('resolves at once and sets no timer while %s', async (_, arrange) => {
    const { breaker, clock } = createBreaker()
    arrange(breaker)

    await breaker.whenReady()

    expect(clock.timers).toBe(0)
    expect(breaker.snapshot().counts.admitted).toBe(0)
  })

  it('resolves at once while half-open by hand, and sets a timer for one turn only', async () => {
    const { breaker, clock } = createBreaker()
    breaker.trip()
    breaker.halfOpen()

    await breaker.whenReady()
    await clock.advance(0)

    expect(clock.timers).toBe(0)
    expect(breaker.snapshot().counts.admitted).toBe(0)
  })

  it.each([
    ['half-open', { recovery: { probes: 3, concurrent: 1 } }],
    ['closed', { maxConcurrent: 1 }],
  ])(
    'resolves as many of those that come at once as there is room for, while %s',
    async (state, options) => {
      const { breaker } = createBreaker(options)
      const calls: ReturnType<typeof hang>[] = []
      if (state === 'half-open') {
        breaker.trip()
        breaker.halfOpen()
      }

      for (let i = 0; i < 3; i++) waitAndHang(breaker, calls)
      await turn()

      expect(breaker.snapshot().counts.rejected).toMatchObject({ 'half-open': 0, full: 0 })
      expect(calls).toHaveLength(1)
    },
  )

  it('resolves when the open time is over, and takes no permit', async () => {
    const { breaker, clock } = createBreaker()
    const ready: unknown[] = []
    await open(breaker)
    void wait(breaker, ready)

    await clock.advance(RESET_TIMEOUT - 1)
    expect(ready).toEqual([])
    await clock.advance(1)

    expect(ready).toEqual(['ready'])
    expect(breaker.snapshot()).toMatchObject({ state: 'half-open', probes: { inFlight: 0 } })
    expect(clock.timers).toBe(0)
  })

  it('has one timer for all that wait, and only while one does', async () => {
    const { breaker, clock } = createBreaker({ recovery: { probes: 100 } })
    const ready: unknown[] = []
    breaker.trip()
    expect(clock.timers).toBe(0)

    for (let i = 0; i < 100; i++) void wait(breaker, ready, i)
    expect(clock.timers).toBe(1)
    await clock.advance(RESET_TIMEOUT)

    expect(ready).toEqual(Array.from({ length: 100 }, (_, i) => i))
    expect(clock.timers).toBe(0)
  })

  it('sets that timer once, however many come to wait', () => {
    const { breaker, clock } = createBreaker()
    const setTimer = vi.spyOn(clock, 'setTimer')
    breaker.trip()

    for (let i = 0; i < 100; i++) void breaker.whenReady()

    expect(setTimer).toHaveBeenCalledOnce()
  })

  it('resolves on time who comes shortly before the open time is over', async () => {
    const { breaker, clock } = createBreaker()
    const ready: unknown[] = []
    breaker.trip()
    await clock.advance(RESET_TIMEOUT - 5)

    void wait(breaker, ready)
    await clock.advance(5)

    expect(ready).toEqual(['ready'])
  })

  it('resolves all at once when the circuit closes', async () => {
    const { breaker } = createBreaker()
    const ready: unknown[] = []
    breaker.trip()
    const all = [1, 2, 3].map((n) => wait(breaker, ready, n))

    breaker.reset()
    await Promise.all(all)

    expect(ready).toEqual([1, 2, 3])
  })

  it('resolves as many as there are probes, in turn, until a probe closes the circuit', async () => {
    const { breaker, clock } = createBreaker({ recovery: { probes: 2, concurrent: 1 } })
    const calls: ReturnType<typeof hang>[] = []
    breaker.trip()
    for (let i = 0; i < 5; i++) waitAndHang(breaker, calls)

    await clock.advance(RESET_TIMEOUT)
    expect(calls).toHaveLength(1)
    await calls[0]?.release()
    await clock.advance(0)
    expect(calls).toHaveLength(2)
    await calls[1]?.release()
    await clock.advance(0)

    expect(calls).toHaveLength(5)
    expect(breaker.snapshot()).toMatchObject({
      state: 'closed',
      counts: { rejected: { 'half-open': 0 } },
    })
  })

  it('lets who was resolved make a call first, also when another comes to wait at that moment', async () => {
    const { breaker } = createBreaker({ recovery: { probes: 3, concurrent: 1 } })
    const calls: ReturnType<typeof hang>[] = []
    breaker.trip()
    breaker.halfOpen()
    const permit = breaker.acquire()
    for (let i = 0; i < 2; i++) waitAndHang(breaker, calls)

    permit.success()
    waitAndHang(breaker, calls)
    await turn()

    expect(calls).toHaveLength(1)
    expect(breaker.snapshot().counts.rejected['half-open']).toBe(0)
  })

  it('goes on to the next who waits where the one before makes no call', async () => {
    const { breaker, clock } = createBreaker()
    const ready: unknown[] = []
    breaker.trip()
    for (const n of [1, 2, 3]) void wait(breaker, ready, n)

    await clock.advance(RESET_TIMEOUT)

    expect(ready).toEqual([1, 2, 3])
    expect(clock.timers).toBe(0)
  })

  it('waits for another open time when the probe fails', async () => {
    const { breaker, clock } = createBreaker()
    const ready: unknown[] = []
    breaker.trip()
    await clock.advance(RESET_TIMEOUT)
    const probe = hang(breaker)
    void wait(breaker, ready)

    await probe.fail()
    await clock.advance(RESET_TIMEOUT - 1)
    expect(ready).toEqual([])
    await clock.advance(1)

    expect(ready).toEqual(['ready'])
  })

  it('resolves when a hung probe has given its slot back', async () => {
    const { breaker, clock } = createBreaker({ recovery: { probes: 1, timeout: 400 } })
    const ready: unknown[] = []
    breaker.trip()
    await clock.advance(RESET_TIMEOUT)
    breaker.acquire()
    void wait(breaker, ready)

    await clock.advance(400)
    expect(ready).toEqual([])
    await clock.advance(RESET_TIMEOUT)

    expect(ready).toEqual(['ready'])
  })

  it('does not look every turn while a probe is late whose own timer decides', async () => {
    const { breaker, clock } = createBreaker({ recovery: { probes: 1, timeout: 400 } })
    breaker.trip()
    breaker.halfOpen()
    hang(breaker, { timeout: 400 })
    // A blocked event loop: time has passed, and no timer has fired.
    clock.set(500)
    const setTimer = vi.spyOn(clock, 'setTimer')

    void breaker.whenReady()
    for (let i = 0; i < 5; i++) await turn()

    expect(setTimer).toHaveBeenCalledOnce()
  })

  it.each<[string, (permit: ReturnType<CircuitBreaker['acquire']>) => void]>([
    ['succeeds', (permit) => permit.success()],
    ['fails', (permit) => permit.failure()],
    ['is cancelled', (permit) => permit.cancel()],
    ['has delivered a part', (permit) => permit.deliver()],
  ])('resolves when one of maxConcurrent calls %s', async (_, end) => {
    const { breaker, clock } = createBreaker({ maxConcurrent: 2 })
    const ready: unknown[] = []
    hang(breaker)
    const permit = breaker.acquire()
    void wait(breaker, ready)
    expect(clock.timers).toBe(0)

    end(permit)
    await clock.advance(0)

    expect(ready).toEqual(['ready'])
  })

  it.each(['run', 'wrapped', 'sync'])('resolves when a call by %s makes room', async (way) => {
    const { breaker, clock } = createBreaker({ maxConcurrent: 1 })
    const ready: unknown[] = []
    let release = (_?: unknown): void => {}
    const action = (): Promise<unknown> => new Promise((resolve) => (release = resolve))
    if (way === 'run') void breaker.run(action)
    else if (way === 'wrapped') void breaker(action)()
    else breaker.sync(() => void wait(breaker, ready))()
    if (way !== 'sync') void wait(breaker, ready)

    release()
    await clock.advance(0)

    expect(ready).toEqual(['ready'])
  })

  it('resolves when there is room by other options', async () => {
    const { breaker, clock } = createBreaker({ maxConcurrent: 1 })
    const ready: unknown[] = []
    hang(breaker)
    void wait(breaker, ready)

    breaker.configure({ maxConcurrent: 2 })
    await clock.advance(0)

    expect(ready).toEqual(['ready'])
  })

  it('follows an open time that other options make shorter, or longer', async () => {
    const { breaker, clock } = createBreaker()
    const ready: unknown[] = []
    breaker.trip()
    void wait(breaker, ready)

    breaker.configure({ resetTimeout: 3 * RESET_TIMEOUT })
    await clock.advance(RESET_TIMEOUT)
    expect(ready).toEqual([])
    breaker.configure({ resetTimeout: 1.5 * RESET_TIMEOUT })
    expect(clock.timers).toBe(1)
    await clock.advance(RESET_TIMEOUT / 2)

    expect(ready).toEqual(['ready'])
  })

  it('starts anew when the circuit is tripped meanwhile', async () => {
    const { breaker, clock } = createBreaker()
    const ready: unknown[] = []
    breaker.trip()
    void wait(breaker, ready)
    await clock.advance(RESET_TIMEOUT - 1)

    breaker.trip()
    await clock.advance(RESET_TIMEOUT - 1)
    expect(ready).toEqual([])
    await clock.advance(1)

    expect(ready).toEqual(['ready'])
  })

  it('waits for the release of a circuit that is forced open, without a timer', async () => {
    const { breaker, clock } = createBreaker()
    const ready: unknown[] = []
    breaker.forceOpen()
    void wait(breaker, ready)
    expect(clock.timers).toBe(0)
    await clock.advance(1e9)
    expect(ready).toEqual([])

    breaker.release()
    await clock.advance(0)

    expect(ready).toEqual(['ready'])
  })

  it('clears its timer when the circuit is forced open meanwhile', () => {
    const { breaker, clock } = createBreaker()
    breaker.trip()
    void breaker.whenReady()
    expect(clock.timers).toBe(1)

    breaker.forceOpen()

    expect(clock.timers).toBe(0)
  })

  it('resolves when an override ends by itself', async () => {
    const { breaker, clock } = createBreaker()
    const ready: unknown[] = []
    breaker.forceOpen({ for: 500 })
    void wait(breaker, ready)

    await clock.advance(500)

    expect(ready).toEqual(['ready'])
  })

  it('waits on below an override while the circuit underneath is open', async () => {
    const { breaker, clock } = createBreaker()
    const ready: unknown[] = []
    breaker.trip()
    breaker.forceOpen()
    void wait(breaker, ready)

    breaker.release()
    await clock.advance(RESET_TIMEOUT - 1)
    expect(ready).toEqual([])
    await clock.advance(1)

    expect(ready).toEqual(['ready'])
  })

  it('is not fooled by a clock that steps back', async () => {
    const { breaker, clock } = createBreaker()
    const ready: unknown[] = []
    breaker.trip()
    void wait(breaker, ready)

    // The timer fires, but the circuit has seen no time pass.
    clock.set(-RESET_TIMEOUT)
    await breaker.run(() => 1).catch(() => {})
    await clock.advance(2 * RESET_TIMEOUT)

    expect(ready).toEqual(['ready'])
    expect(clock.timers).toBe(0)
  })

  it('notices a jump ahead by the next call', async () => {
    const { breaker, clock } = createBreaker()
    const ready: unknown[] = []
    breaker.trip()
    void wait(breaker, ready)

    clock.set(clock.now() + 10 * RESET_TIMEOUT)
    await succeed(breaker)

    expect(ready).toEqual(['ready'])
    await clock.advance(0)
    expect(clock.timers).toBe(0)
  })

  it('takes over what calls are to find, and decides nothing', async () => {
    const { breaker, clock } = createBreaker()
    breaker.trip()
    const waiting = breaker.whenReady()
    await clock.advance(RESET_TIMEOUT)
    await waiting

    expect(breaker.snapshot()).toMatchObject({ generation: 3, counts: { admitted: 0 } })
    await fail(breaker)
    expect(breaker.state).toBe('open')
  })

  it('resolves for the breaker of a registry, and lives on after its eviction', async () => {
    const { clock } = createBreaker()
    const registry = new CircuitRegistry({ defaults: { clock, resetTimeout: RESET_TIMEOUT } })
    const breaker = registry.breaker('a')
    const ready: unknown[] = []
    breaker.trip()
    void wait(breaker, ready)

    registry.delete('a')
    await clock.advance(RESET_TIMEOUT)

    expect(ready).toEqual(['ready'])
  })
})

describe('breaker.whenReady() on fake timers', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it('resolves all when another comes to wait after the timer was lost', async () => {
    const breaker = new CircuitBreaker({ resetTimeout: RESET_TIMEOUT })
    const ready: unknown[] = []
    breaker.trip()
    void wait(breaker, ready, 'before')
    vi.clearAllTimers()

    void wait(breaker, ready, 'after')
    await vi.advanceTimersByTimeAsync(RESET_TIMEOUT)

    expect(ready).toContain('after')
    expect(ready).toContain('before')
  })
})

describe('breaker.whenReady({ signal })', () => {
  it('rejects with the reason of an abort, and leaves neither timer nor listener', async () => {
    const { breaker, clock } = createBreaker()
    const caller = new AbortController()
    breaker.trip()

    const waiting = breaker.whenReady({ signal: caller.signal })
    expect(clock.timers).toBe(1)
    caller.abort('stop')

    expect(await reasonOf(waiting)).toBe('stop')
    expect(clock.timers).toBe(0)
    expect(getEventListeners(caller.signal, 'abort')).toHaveLength(0)
  })

  it('rejects where it was aborted before, though a call would pass', async () => {
    const { breaker } = createBreaker()

    expect(await reasonOf(breaker.whenReady({ signal: AbortSignal.abort('gone') }))).toBe('gone')
  })

  it('lets the others wait on', async () => {
    const { breaker, clock } = createBreaker()
    const caller = new AbortController()
    const ready: unknown[] = []
    breaker.trip()
    const reason = reasonOf(breaker.whenReady({ signal: caller.signal }))
    void wait(breaker, ready)

    caller.abort('stop')
    await clock.advance(RESET_TIMEOUT)

    expect(await reason).toBe('stop')
    expect(ready).toEqual(['ready'])
  })

  it('leaves no listener behind when it resolves', async () => {
    const { breaker } = createBreaker()
    const { signal } = new AbortController()
    breaker.trip()
    const all = Array.from({ length: 100 }, () => breaker.whenReady({ signal }))
    expect(getEventListeners(signal, 'abort')).toHaveLength(1)

    breaker.reset()
    await Promise.all(all)

    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  })

  it.each([
    [null, 'options of whenReady must be an object, got null'],
    [{ signal: {} }, 'signal must be an AbortSignal, got an object'],
    [{ timeout: 5 }, 'unknown option "timeout" (in options of whenReady)'],
  ])('rejects for %j', async (options, message) => {
    const { breaker } = createBreaker()

    expect(String(await reasonOf(breaker.whenReady(options as never)))).toContain(message)
  })
})
