import { CircuitBreaker } from '../../src/index.ts'

/** Outlives every breaker here, as a server's shutdown signal does. */
const shutdown = new AbortController().signal
/** The like, but each has few listeners: adding one takes the longer the more there are. */
const shutdowns = Array.from({ length: 1_000 }, () => new AbortController().signal)
const collection: CircuitBreaker[] = []

/** Ways for a breaker to have lived until it is dropped. */
export const lives: Record<string, (n: number) => CircuitBreaker | Promise<CircuitBreaker>> = {
  'was only made': () => new CircuitBreaker({ name: 'users', maxFailures: 3, resetTimeout: 1000 }),

  'has wrapped functions of all kinds': async () => {
    const breaker = new CircuitBreaker()
    const items = breaker.stream(async function* () {
      yield breaker.state
    })
    await breaker(async () => breaker.state)()
    breaker.sync(() => breaker.state)()
    for await (const item of items()) if (item === 'open') break
    return breaker
  },

  'has windows full of calls': async () => {
    const window = { calls: 20 }
    const breaker: CircuitBreaker = new CircuitBreaker({
      trip: {
        failureRate: { threshold: 1, minimumCalls: 20, window },
        slowCallRate: { slowerThan: 60_000, threshold: 1, minimumCalls: 20, window },
        evidence: {},
        when: () => breaker.state === 'open',
      },
    })
    for (let i = 0; i < 10; i++) await breaker.run(() => breaker.state)
    await fail(breaker)
    void breaker.run(() => new Promise(() => {}))
    return breaker
  },

  'has listeners that refer to it': async () => {
    const breaker = new CircuitBreaker({ maxFailures: 1 })
    for (const event of ['transition', 'success', 'failure', 'reject', 'override'] as const) {
      breaker.on(event, () => breaker.state)
    }
    await breaker.run(() => 1)
    await fail(breaker)
    await fail(breaker)
    return breaker
  },

  'had a listener whose signal was aborted': () => {
    const breaker = new CircuitBreaker()
    const controller = new AbortController()
    breaker.on('transition', () => breaker.state, { signal: controller.signal })
    controller.abort()
    return breaker
  },

  'has a listener with a signal that lives on': (n) => {
    const breaker = new CircuitBreaker()
    breaker.on('transition', () => breaker.state, { signal: shutdowns[n % shutdowns.length] })
    return breaker
  },

  'had a listener that unsubscribed from a signal that lives on': () => {
    const breaker = new CircuitBreaker()
    breaker.on('transition', () => breaker.state, { signal: shutdown })()
    return breaker
  },

  'has made calls with a signal that lives on': async () => {
    const breaker = new CircuitBreaker({ callTimeout: 60_000 })
    await breaker.run(() => breaker.state, { signal: shutdown })
    await fail(breaker, shutdown)
    await breaker((_: AbortSignal) => breaker.state)(shutdown)
    breaker.acquire({ signal: shutdown }).success()
    return breaker
  },

  'has used its call timeout once': async () => {
    const breaker = new CircuitBreaker({ callTimeout: 60_000 })
    await breaker.run(() => breaker.state)
    return breaker
  },

  'has used a call timeout that no other breaker has': async (n) => {
    const breaker = new CircuitBreaker({ callTimeout: 60_000 + n })
    await breaker(() => breaker.state)()
    breaker.acquire().success()
    return breaker
  },

  'has timed out on an action that never ends': async () => {
    const breaker = new CircuitBreaker({ callTimeout: 1, maxFailures: 1 })
    await breaker.run(() => new Promise(() => {})).catch(() => {})
    return breaker
  },

  'is open, by an error that refers to it': async () => {
    const breaker = new CircuitBreaker({ maxFailures: 2 })
    const error = Object.assign(new Error('down'), { breaker })
    const ask = () => breaker.run(() => Promise.reject(error), { fallback: () => breaker.state })
    for (let i = 0; i < 3; i++) await ask()
    return breaker
  },

  'is half-open, with a probe that never ends': async () => {
    let now = 0
    const setTimer = () => () => {}
    const clock = { now: () => now, wall: () => now, setTimer }
    const breaker = new CircuitBreaker({ maxFailures: 1, resetTimeout: 1000, clock })
    await fail(breaker)
    now = 1000
    void breaker.run(() => new Promise(() => {}))
    return breaker
  },

  'has a permit that is never returned': () => {
    const breaker = new CircuitBreaker()
    breaker.acquire()
    return breaker
  },

  'is overridden for a while': () => {
    const breaker = new CircuitBreaker()
    breaker.forceOpen({ by: 'ops', for: 60_000 })
    return breaker
  },

  'was saved, explained and continued': () => {
    const breaker = new CircuitBreaker({ maxFailures: 1 })
    breaker.trip('by hand')
    breaker.explain()
    breaker.snapshot()
    return new CircuitBreaker({ saved: breaker.save() })
  },
}

/** What the measurement must notice. */
export const kept: (n: number) => CircuitBreaker = () => {
  const breaker = new CircuitBreaker()
  // Little is there before it is needed.
  breaker.reset()
  collection.push(breaker)
  return breaker
}

function fail(breaker: CircuitBreaker, signal?: AbortSignal): Promise<unknown> {
  const down = new Error('down')
  return breaker.run(() => Promise.reject(down), { signal }).catch(() => {})
}
