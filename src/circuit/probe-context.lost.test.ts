import { EventEmitter } from 'node:events'
import { afterEach, beforeEach, describe, expect, it, type MockInstance, vi } from 'vitest'
import { createBreaker, hang, RESET_TIMEOUT, reasonOf, turn } from '../../test/helpers/public.ts'
import type { CircuitBreakerOptions } from '../index.ts'

type Job = () => unknown

/** Runs jobs one after the other, in a loop that was started before all of them. */
function createQueue(): (job: Job) => Promise<unknown> {
  const jobs: (() => void)[] = []
  let wake = (): void => {}
  const work = async (): Promise<never> => {
    for (;;) {
      while (jobs.length > 0) jobs.shift()?.()
      await new Promise<void>((resolve) => (wake = resolve))
    }
  }
  void work()
  return (job) =>
    new Promise((resolve, reject) => {
      jobs.push(() => void Promise.resolve().then(job).then(resolve, reject))
      wake()
    })
}

/** An emitter whose events are emitted by something that began before. */
function createPump(): (job: Job) => Promise<unknown> {
  const emitter = new EventEmitter()
  const enqueue = createQueue()
  return (job) => {
    const result = new Promise((resolve, reject) => {
      emitter.once('job', () => void Promise.resolve().then(job).then(resolve, reject))
    })
    void enqueue(() => void emitter.emit('job'))
    return result
  }
}

/** A promise that everybody waits for, as a token that is fetched once. */
function createShared(): (job: Job) => Promise<unknown> {
  const enqueue = createQueue()
  let shared: Promise<unknown> | undefined
  return (job) => (shared ??= enqueue(job).finally(() => (shared = undefined)))
}

const ways: [string, () => (job: Job) => Promise<unknown>][] = [
  ['a queue that was there before', createQueue],
  ['an emitter', createPump],
  ['a promise that it shares', createShared],
]

const settings: [string, CircuitBreakerOptions][] = [
  ['one probe', {}],
  ['several probes', { recovery: { probes: 3, successes: 2, concurrent: 1 } }],
  ['a slow start', { recovery: { slowStart: {} } }],
]

let print: MockInstance<typeof console.error>
beforeEach(() => {
  print = vi.spyOn(console, 'error').mockImplementation(() => {})
})
afterEach(() => vi.restoreAllMocks())

describe.each(ways)('a probe that calls its own breaker by way of %s', (_, create) => {
  it.each(settings)('leaves a way back, and tells once what is wrong: %s', async (_, options) => {
    const { breaker, clock } = createBreaker({ ...options, name: 'users' })
    const enqueue = create()
    await turn()
    breaker.trip()
    await clock.advance(RESET_TIMEOUT)

    const outer = breaker(() => enqueue(breaker(async () => 'answer')))
    const rejections: unknown[] = []
    for (let i = 0; i < 1_000 && breaker.state !== 'closed'; i++) {
      const error = await outer().catch((reason: unknown) => reason)
      if (error !== 'answer') rejections.push((error as { code: unknown }).code)
      await clock.advance(RESET_TIMEOUT)
    }

    expect(breaker.state).toBe('closed')
    expect(rejections).toContain('ERR_CIRCUIT_OPEN')
    expect(await outer()).toBe('answer')
    expect(print.mock.calls).toEqual([
      [expect.stringContaining('circuit "users": a nested call threw'), expect.any(Error)],
    ])
  })
})

it('a rejection of the same breaker that had come before a probe began says nothing for its target', async () => {
  const { breaker, clock } = createBreaker()
  breaker.trip()
  await clock.advance(RESET_TIMEOUT)
  const first = hang(breaker)
  const rejection = await reasonOf(breaker.run(() => 1))
  await first.fail()
  await clock.advance(RESET_TIMEOUT)

  expect(await reasonOf(breaker.run(() => Promise.reject(rejection)))).toBe(rejection)

  expect(breaker.snapshot()).toMatchObject({
    state: 'half-open',
    counts: { cancelled: 1, neutral: 0 },
  })
  expect(print).not.toHaveBeenCalled()
})
