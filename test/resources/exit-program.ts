import { CircuitBreaker } from '../../src/index.ts'

// Does what its argument names and ends; prints when that was done and when the process was free to
// go, in milliseconds, and what calls were told meanwhile.

const DAY = 86_400_000
const down = () => Promise.reject(new Error('down'))
const hang = () => new Promise<never>(() => {})
const nothing = () => {}

const told: { code: unknown; at: number }[] = []

function tell(error: unknown): void {
  told.push({ code: (error as { code?: unknown }).code, at: performance.now() })
}

const scenarios: Record<string, () => unknown> = {
  nothing,

  'a referenced timer': () => setTimeout(nothing, 300),

  'an open breaker': async () => {
    const breaker = new CircuitBreaker({ maxFailures: 1, resetTimeout: DAY })
    await breaker.run(down).catch(nothing)
    await breaker.run(down).catch(tell)
  },

  'a half-open breaker': async () => {
    const breaker = new CircuitBreaker({ maxFailures: 1, resetTimeout: 1 })
    await breaker.run(down).catch(nothing)
    while (breaker.state !== 'half-open') await new Promise((resolve) => setTimeout(resolve, 1))
  },

  'a breaker with listeners': async () => {
    const { signal } = new AbortController()
    const breaker = new CircuitBreaker({ maxFailures: 1, resetTimeout: DAY })
    breaker.on('transition', nothing, { signal })
    breaker.on('success', nothing)
    await breaker.run(() => 1, { signal })
    await breaker.run(down).catch(nothing)
  },

  'an override for a day': () => new CircuitBreaker().forceOpen({ for: DAY }),

  'calls that hang without a timeout': () => {
    const breaker = new CircuitBreaker()
    void breaker.run(hang)
    breaker.acquire()
  },

  'calls that ended long before their timeout': async () => {
    const breaker = new CircuitBreaker({ callTimeout: DAY, maxFailures: 10 })
    const controller = new AbortController()
    const aborted = breaker.run(hang, { signal: controller.signal }).catch(nothing)
    controller.abort()
    await Promise.all([aborted, breaker.run(() => 1), breaker.run(down).catch(nothing)])
    await breaker(async () => 1)()
    breaker.acquire().success()
    breaker.acquire({ timeout: DAY / 2 }).cancel()
    const items = breaker.stream(async function* () {
      yield 1
    })
    for await (const item of items()) breaker.acquire().success(item)
  },

  'a call that hangs': () => {
    new CircuitBreaker({ callTimeout: 300 }).run(hang).catch(tell)
  },

  'a wrapped call that hangs': () => {
    new CircuitBreaker({ callTimeout: 300 })(hang)().catch(tell)
  },

  'a probe that hangs': () => {
    const breaker = new CircuitBreaker({ resetTimeout: 1, recovery: { timeout: 300 } })
    breaker.trip()
    while (breaker.state !== 'half-open') {}
    breaker.run(hang).catch(tell)
  },

  'a permit that is never returned': () => {
    const breaker = new CircuitBreaker({ callTimeout: 300 })
    breaker.on('failure', ({ error }) => tell(error))
    breaker.acquire()
  },

  'a stream that hangs': () => {
    const items = new CircuitBreaker({ callTimeout: 300 }).stream(async function* () {
      yield await hang()
    })
    items().next().catch(tell)
  },

  'calls that hang, one shorter than the other': () => {
    const breaker = new CircuitBreaker({ callTimeout: 300 })
    breaker.run(hang, { timeout: 100 }).catch(tell)
    breaker.run(hang).catch(tell)
  },
}

const start = performance.now()
await scenarios[String(process.argv[2])]?.()
const done = performance.now()
process.on('exit', () => {
  const since = (at: number) => at - start
  const result = {
    done: since(done),
    exit: since(performance.now()),
    told: told.map(({ code, at }) => ({ code, at: since(at) })),
  }
  process.stdout.write(JSON.stringify(result))
})
