import { AsyncLocalStorage } from 'node:async_hooks'
import { describe, expect, it } from 'vitest'
import { CircuitBreaker, type Clock } from '../../src/index.ts'
import { ManualClock } from '../../src/testing/manual-clock.ts'
import { runInChild, runsTypeScript } from '../helpers/child-process.ts'

const tenant = new AsyncLocalStorage<string>()
const TENANTS = ['A', 'B', 'C']

/** What user code saw: who ran, and as whom. */
type Seen = [what: string, as: string | undefined][]

const never = (): Promise<never> => new Promise(() => {})

/** On each tenant's behalf, all at once; then time passes outside of any. */
async function asTenants(
  clock: Clock | undefined,
  call: (id: string) => Promise<unknown>,
): Promise<unknown[]> {
  const calls = TENANTS.map((id) => tenant.run(id, () => call(id).catch(() => {})))
  if (clock instanceof ManualClock) await clock.advance(1_000)
  return Promise.all(calls)
}

describe.each([
  ['the timers of the process', () => undefined],
  ['a manual clock', () => new ManualClock()],
])('a call that times out by %s', (_, createClock) => {
  it('runs its fallback, classifier and listeners in its own async context', async () => {
    const clock = createClock()
    const seen: Seen = []
    const breaker = new CircuitBreaker({
      maxFailures: 100,
      callTimeout: 20,
      clock,
      classify: () => void seen.push(['classify', tenant.getStore()]),
      fallback: (_error, id: string) => {
        seen.push([`fallback of ${id}`, tenant.getStore()])
        return `for ${tenant.getStore()}`
      },
    })
    for (const event of ['timeout', 'failure'] as const) {
      breaker.on(event, () => seen.push([event, tenant.getStore()]))
    }

    const results = await asTenants(
      clock,
      breaker((_id: string) => never()),
    )

    expect(results).toEqual(TENANTS.map((id) => `for ${id}`))
    for (const what of ['classify', 'timeout', 'failure']) {
      expect(seen.filter(([name]) => name === what).map(([, as]) => as)).toEqual(TENANTS)
    }
    for (const id of TENANTS) expect(seen).toContainEqual([`fallback of ${id}`, id])
  })

  it('aborts the signal of its action in its own async context', async () => {
    const clock = createClock()
    const seen: Seen = []
    const breaker = new CircuitBreaker({ maxFailures: 100, callTimeout: 20, clock })

    await asTenants(clock, (id) =>
      breaker.run((signal) => {
        signal.addEventListener('abort', () => seen.push([id, tenant.getStore()]))
        return never()
      }),
    )

    expect(seen).toEqual(TENANTS.map((id) => [id, id]))
  })

  it('settles its permit in its own async context', async () => {
    const clock = createClock()
    const seen: Seen = []
    const breaker = new CircuitBreaker({ maxFailures: 100, callTimeout: 20, clock })
    let done = (): void => {}
    const timedOut = new Promise<void>((resolve) => {
      done = resolve
    })
    breaker.on('timeout', () => {
      seen.push(['timeout', tenant.getStore()])
      if (seen.length === TENANTS.length) done()
    })

    await asTenants(clock, async () => {
      breaker.acquire()
      await timedOut
    })

    expect(seen.map(([, as]) => as)).toEqual(TENANTS)
  })

  it('fails its stream, and ends the source, in its own async context', async () => {
    const clock = createClock()
    const seen: Seen = []
    const breaker = new CircuitBreaker({ maxFailures: 100, callTimeout: 20, clock })
    breaker.on('timeout', () => seen.push(['timeout', tenant.getStore()]))
    const source = (id: string): AsyncIterable<string> => ({
      [Symbol.asyncIterator]: () => ({
        next: never,
        return: async () => {
          seen.push([`return of ${id}`, tenant.getStore()])
          return { done: true, value: undefined }
        },
      }),
    })

    await asTenants(clock, async (id) => {
      for await (const _item of breaker.stream(source)(id));
    })

    for (const id of TENANTS) {
      expect(seen).toContainEqual(['timeout', id])
      expect(seen).toContainEqual([`return of ${id}`, id])
    }
  })

  it('opens the circuit in the async context of the call that did it', async () => {
    const clock = createClock()
    const seen: Seen = []
    const breaker = new CircuitBreaker({ maxFailures: 2, callTimeout: 20, clock })
    breaker.on('transition', ({ to }) => seen.push([to, tenant.getStore()]))

    await asTenants(clock, () => breaker.run(never))

    expect(seen).toEqual([['open', 'B']])
  })
})

describe.runIf(runsTypeScript)('a call that has ended', () => {
  it.each([
    ['was answered', 'async () => 1', '60_000'],
    ['timed out', '() => new Promise(() => {})', '10'],
  ])('keeps no async context alive when it %s while others go on', async (_, work, timeout) => {
    const { stdout, stderr } = await runInChild(
      `
      import { AsyncLocalStorage } from 'node:async_hooks'
      const request = new AsyncLocalStorage()
      const breaker = new short.CircuitBreaker({ maxFailures: 1000, callTimeout: 60_000 })
      const hangs = () => new Promise(() => {})
      const stores = []
      const ended = []
      function begin(i) {
        const store = { i }
        stores.push(new WeakRef(store))
        const call = () => breaker.run(${work}, { timeout: ${timeout} }).catch(() => {})
        ended.push(request.run(store, call))
      }
      // The first of them arms the timer, which goes on for those that hang.
      begin(0)
      breaker.run(hangs).catch(() => {})
      breaker.run(hangs, { timeout: ${timeout} }).catch(() => {})
      for (let i = 1; i < 5; i++) begin(i)
      await Promise.all(ended)
      ended.length = 0
      for (let i = 0; i < 20; i++) {
        await new Promise((resolve) => setTimeout(resolve, 5))
        gc()
      }
      console.log(stores.filter((store) => store.deref() !== undefined).length, breaker.snapshot().inFlight)
      process.exit()
      `,
      '--expose-gc',
    )

    expect(stderr).toBe('')
    expect(stdout).toBe(timeout === '10' ? '0 1' : '0 2')
  })
})
