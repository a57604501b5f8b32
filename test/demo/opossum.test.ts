import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { News } from '../../demo/frame.ts'
import { GuardedByOpossum, isRejectedByOpossum, opossumVersion } from '../../demo/opossum.ts'

const news: News[] = []
const started: GuardedByOpossum[] = []

beforeEach(() => {
  vi.useFakeTimers()
  news.length = 0
})

afterEach(() => {
  for (const guarded of started.splice(0)) guarded.end()
  vi.useRealTimers()
})

function guard(action: () => Promise<number>): GuardedByOpossum {
  const guarded = new GuardedByOpossum(
    action,
    () => performance.now(),
    (item) => news.push(item),
  )
  started.push(guarded)
  return guarded
}

const down = async (): Promise<number> => {
  throw new Error('down')
}
const hangs = () => new Promise<number>(() => {})
const errorOf = (call: Promise<unknown>) => call.then(String, (error: unknown) => error)

describe('GuardedByOpossum', () => {
  it('is the real library, with nothing but its own defaults', () => {
    expect(opossumVersion).toMatch(/^\d+\.\d+\.\d+$/)
    expect(guard(hangs).defaults).toMatchObject({
      timeout: 10_000,
      errorThresholdPercentage: 50,
      rollingCountTimeout: 10_000,
      resetTimeout: 30_000,
    })
  })

  it('lets a call hang for ten seconds, without a signal that would end it', async () => {
    let ended = false
    const call = errorOf(guard(hangs).call()).finally(() => {
      ended = true
    })

    await vi.advanceTimersByTimeAsync(9_999)
    expect(ended).toBe(false)
    await vi.advanceTimersByTimeAsync(1)
    expect(await call).toMatchObject({ code: 'ETIMEDOUT' })
  })

  it('tells what it has rejected from what has failed', async () => {
    const guarded = guard(down)
    const failed = await errorOf(guarded.call())
    const rejected = await errorOf(guarded.call())

    expect(isRejectedByOpossum(failed)).toBe(false)
    expect(isRejectedByOpossum(rejected)).toBe(true)
    expect(isRejectedByOpossum(undefined)).toBe(false)
  })

  it('keeps its changes, says how it stands and when the next probe may start', async () => {
    const guarded = guard(down)
    expect(guarded.standing().state).toBe('closed')

    await errorOf(guarded.call())
    await vi.advanceTimersByTimeAsync(1_000)
    expect(guarded.standing()).toEqual({
      state: 'open',
      standing: 'open for 1.0 s, next probe in 29.0 s',
    })

    await vi.advanceTimersByTimeAsync(29_000)
    expect(guarded.standing().state).toBe('half-open')
    expect(guarded.changes.map(({ state }) => state)).toEqual(['open', 'half-open'])
    expect(news.map(({ who }) => who)).toEqual(['opossum', 'opossum'])
  })
})
