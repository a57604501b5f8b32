import { Miniflare } from 'miniflare'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bundleModule } from './bundle.ts'

// In Workers a timer belongs to the request that armed it, and ends with it.

const WORKER = `
const breaker = new short.CircuitBreaker({ maxFailures: 1000, callTimeout: 50 })
const waited = new short.CircuitBreaker({ maxFailures: 1, resetTimeout: 150 })
const full = new short.CircuitBreaker({ maxConcurrent: 1 })
const streamed = new short.CircuitBreaker({ maxConcurrent: 3 })
const deadline = () => new Promise((resolve) => setTimeout(() => resolve('nothing in 2 s'), 2000))
const forced = new short.CircuitBreaker()
forced.forceOpen({ for: 60_000 })
const probed = new short.CircuitBreaker({ maxFailures: 1, resetTimeout: 50, callTimeout: 200 })
const limited = new short.CircuitBreaker({ maxConcurrent: 2, callTimeout: 100 })
const attempt = (work) =>
  Promise.race([breaker(work)().catch((error) => error.code ?? String(error)), deadline()])
const answer = (ms) => new Promise((resolve) => setTimeout(() => resolve('answer'), ms))

export default {
  async fetch(request) {
    const { pathname } = new URL(request.url)
    if (pathname === '/trips') return new Response(waited.trip())
    if (pathname === '/leaves') {
      void waited.whenReady()
      return new Response('left')
    }
    if (pathname === '/waits-until-ready') {
      const ready = waited.whenReady().then(() => waited.state)
      return new Response(await Promise.race([ready, deadline()]))
    }
    if (pathname === '/waits-by-number') {
      await full.whenReady()
      return new Response('ready')
    }
    if (pathname === '/takes-its-time') return new Response(await full.run(() => answer(150)))
    if (pathname === '/ignores-a-stream') {
      const stream = streamed.stream(() => new ReadableStream())()
      return new Response(typeof stream)
    }
    if (pathname === '/reads-at-once') {
      const once = new short.CircuitBreaker()
      const stream = await once.stream(async () => new Response('read').body)()
      for (let i = 0; i < 50; i++) await undefined
      return new Response((await new Response(stream).text()) + once.snapshot().counts.admitted)
    }
    if (pathname === '/reads-a-stream') {
      const stream = streamed.stream(() => new Response('read').body)()
      return new Response(await new Response(stream).text().catch((error) => error.code))
    }
    if (pathname === '/is-forced') return Response.json([forced.state, forced.snapshot().stateFor < 60_000])
    if (pathname === '/loses-a-probe') {
      probed.trip()
      await answer(80)
      void probed.run(() => new Promise(() => {})).catch(() => {})
      return new Response(probed.state)
    }
    if (pathname === '/leaves-calls') {
      for (let i = 0; i < 2; i++) void limited.run(() => new Promise(() => {})).catch(() => {})
      return new Response(String(limited.snapshot().inFlight))
    }
    if (pathname === '/is-free') return new Response(await limited.run(() => 'passed').catch((error) => error.code))
    if (pathname === '/probes') return new Response(await probed.run(() => 'passed').catch((error) => error.code))
    if (pathname === '/counts') return Response.json(breaker.snapshot().counts)
    if (pathname === '/answers') return new Response(await attempt(() => answer(0)))
    if (pathname === '/answers-slowly') return new Response(await attempt(() => answer(30)))
    if (pathname === '/streams') {
      const items = async function* () { yield 1; await new Promise(() => {}) }
      let seen = ''
      try {
        for await (const item of breaker.stream(items)()) seen += item
      } catch (error) { seen += error.code }
      return new Response(seen)
    }
    const hang = () => new Promise(() => {})
    if (pathname === '/waits') return new Response(await breaker.run(hang, { timeout: 50_000 }))
    return new Response(await attempt(hang))
  },
}`

const VERSIONS = ['2024-09-23', '2025-06-01', '2026-07-30'].flatMap((compatibilityDate) => [
  { compatibilityDate, compatibilityFlags: [] as string[] },
  { compatibilityDate, compatibilityFlags: ['nodejs_compat'] },
])

let script: string
beforeAll(async () => {
  script = await bundleModule(WORKER)
})

describe.each(VERSIONS)('Workers of $compatibilityDate with $compatibilityFlags', (version) => {
  let worker: Miniflare
  beforeAll(() => {
    worker = new Miniflare({ ...version, modules: true, script })
  })
  afterAll(() => worker.dispose())

  async function get(path: string): Promise<string> {
    const response = await worker.dispatchFetch(`http://worker.example/${path}`)
    return response.text()
  }

  it('end calls by their timeout, request after request', async () => {
    const seen = []
    for (const path of ['answers', 'hangs', 'answers', 'hangs', 'hangs', 'streams', 'hangs']) {
      seen.push(await get(path))
    }

    expect(seen).toEqual([
      'answer',
      'ERR_CALL_TIMEOUT',
      'answer',
      'ERR_CALL_TIMEOUT',
      'ERR_CALL_TIMEOUT',
      '1ERR_CALL_TIMEOUT',
      'ERR_CALL_TIMEOUT',
    ])
  })

  it('end calls by their timeout while other requests come and go', async () => {
    const paths = Array.from(
      { length: 30 },
      (_, n) => ['answers', 'hangs', 'answers-slowly'][n % 3] as string,
    )

    const seen = await Promise.all(paths.map(get))

    expect(seen).toEqual(paths.map((path) => (path === 'hangs' ? 'ERR_CALL_TIMEOUT' : 'answer')))
  })

  it('keep an override of before the first request, when their clock stands still at 0', async () => {
    expect(JSON.parse(await get('is-forced'))).toEqual(['open', true])
  })

  it('probe again when the time of a probe is over whose timer ended with its request', async () => {
    const left = await get('loses-a-probe')
    await new Promise((resolve) => setTimeout(resolve, 400))

    expect(left).toBe('half-open')
    await expect.poll(() => get('probes')).toBe('passed')
  })

  it('have room again for calls when those have timed out whose request left without them', async () => {
    expect(await get('leaves-calls')).toBe('2')
    expect(await get('is-free')).toBe('ERR_CIRCUIT_FULL')
    await expect.poll(() => get('is-free'), { timeout: 5_000, interval: 100 }).toBe('passed')
    const seen = await Promise.all(Array.from({ length: 2 }, () => get('is-free')))

    expect(seen).toEqual(['passed', 'passed'])
  })

  it('tell requests that wait when calls would pass, whatever became of others that waited', async () => {
    await get('trips')
    const left = await get('leaves')
    const seen = await Promise.all([get('waits-until-ready'), get('waits-until-ready')])
    const again = await get('waits-until-ready')
    await get('trips')

    expect(left).toBe('left')
    expect([...seen, again]).toEqual(['half-open', 'half-open', 'half-open'])
    expect(await get('waits-until-ready')).toBe('half-open')
  })

  it('tell them so also when a call of another request has to end first', async () => {
    const call = get('takes-its-time')
    const seen = await Promise.all([get('waits-by-number'), get('waits-by-number')])

    expect([await call, ...seen]).toEqual(['answer', 'ready', 'ready'])
  })

  it('give permits of streams back that requests did not read before they ended', async () => {
    const seen = []
    for (let i = 0; i < 3; i++) seen.push(await get('ignores-a-stream'))
    await new Promise((resolve) => setTimeout(resolve, 1_100))
    seen.push(await get('reads-a-stream'))

    expect(seen).toEqual(['object', 'object', 'object', 'read'])
  })

  it('have no turn between microtasks: a stream that is read at once is one call', async () => {
    expect(await get('reads-at-once')).toBe('read1')
  })

  it('do so also after clients have gone', async () => {
    const url = await worker.ready
    const gone = await Promise.allSettled(
      Array.from({ length: 5 }, () =>
        fetch(new URL('waits', url), { signal: AbortSignal.timeout(40) }),
      ),
    )

    const seen = await Promise.all(['hangs', 'answers', 'hangs'].map(get))

    expect(gone.map(({ status }) => status)).toEqual(Array(5).fill('rejected'))
    expect(seen).toEqual(['ERR_CALL_TIMEOUT', 'answer', 'ERR_CALL_TIMEOUT'])
    expect(await get('hangs')).toBe('ERR_CALL_TIMEOUT')
  })
})
