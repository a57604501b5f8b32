import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { callsToTrip } from '../../bench/policy/markov.ts'
import { CircuitBreaker, type CircuitBreakerOptions, type Permit } from '../../src/index.ts'
import { simulate } from '../../src/testing/index.ts'
import { ManualClock } from '../../src/testing/manual-clock.ts'

/** A breaker with nothing but defaults, in a time of its own. */
class Scene {
  readonly clock = new ManualClock()
  readonly breaker: CircuitBreaker
  /** Ended calls. */
  calls = 0

  constructor(options: CircuitBreakerOptions = {}) {
    this.breaker = new CircuitBreaker({ clock: this.clock, ...options })
  }

  get isOpen(): boolean {
    return this.breaker.state === 'open'
  }

  start(): Permit {
    return this.breaker.acquire()
  }

  async end(how: 'success' | 'failure' | 'cancel', took: number): Promise<void> {
    const permit = this.start()
    await this.clock.advance(took)
    permit[how]()
    this.calls++
  }

  /** Ends one call after another, so long after each other, until it opens. Returns how many. */
  async until(how: 'failure' | 'cancel', took: number, every: number, most = 100): Promise<number> {
    const before = this.calls
    while (!this.isOpen && this.calls - before < most) {
      await this.end(how, took)
      // The open time would be over after a long pause.
      if (!this.isOpen) await this.clock.advance(every - took)
    }
    return this.calls - before
  }

  /** Starts calls that never end, so long after each other, until it opens. Returns when, ms. */
  async hangs(every: number): Promise<number> {
    const from = this.clock.now()
    while (!this.isOpen) {
      this.start()
      await this.clock.advance(every)
    }
    return this.clock.now() - from
  }
}

async function warm(took = 100): Promise<Scene> {
  const scene = new Scene()
  for (let i = 0; i < 10; i++) await scene.end('success', took)
  return scene
}

/** Both are taken from the table; `about` is what "about" must be within. */
function expectAbout(share: number, weight: number, calls: number): void {
  expect(Math.abs(callsToTrip(share, weight) / calls - 1)).toBeLessThan(0.02)
}

const OPENS: Record<string, readonly [opens: string, check: () => Promise<void> | void]> = {
  'all calls fail at once, at least one each 5 s': [
    'with the 11th to 13th in a row, but not within 0.25 s',
    async () => {
      expect(await new Scene().until('failure', 0, 25)).toBe(11)
      expect(await new Scene().until('failure', 0, 1_000)).toBe(11)
      expect(await new Scene().until('failure', 0, 5_000)).toBe(13)
      expect(await new Scene().until('failure', 0, 1, 1_000)).toBe(251)
    },
  ],
  'all calls take 0.8 s or longer and fail, at least one each 15 s': [
    'with the 4th in a row',
    async () => {
      expect(await new Scene().until('failure', 800, 800)).toBe(4)
      expect(await new Scene().until('failure', 800, 15_000)).toBe(4)
    },
  ],
  'no call succeeds, at any pace': [
    'with the 30th failure at the latest, or the 10th that takes 0.8 s or longer',
    async () => {
      for (const every of [13_000, 60_000, 86_400_000]) {
        expect(await new Scene().until('failure', 799, every)).toBe(30)
      }
      expect(await new Scene().until('failure', 800, 60_000)).toBe(10)
    },
  ],
  'calls hang, after 10 successes of 100 ms': [
    'once 4 are out for 0.5 s; it waits for no timeout',
    async () => {
      const ms = await (await warm()).hangs(100)

      // The fourth began 0.3 s after the first.
      expect(ms).toBe(800)
    },
  ],
  'calls hang, and clients with timeouts of their own abort them': [
    'the same, and with the 10th at any pace',
    async () => {
      expect(await (await warm()).until('cancel', 500, 500)).toBe(4)
      expect(await (await warm()).until('cancel', 5_000, 60_000)).toBe(10)
    },
  ],
  'calls hang from the very first on': [
    'once 4 are out for a minute',
    async () => expect(await new Scene().hangs(1_000)).toBe(63_000),
  ],
  '60 % of the calls fail at once': ['once in about 420 calls', () => expectAbout(0.6, 1, 420)],
  '50 % of the calls fail at once': ['once in about 2 800 calls', () => expectAbout(0.5, 1, 2_800)],
  '30 % of the calls fail at once': [
    'once in about 720 000 calls',
    () => expectAbout(0.3, 1, 720_000),
  ],
  '20 % of the calls fail after 0.8 s or longer': [
    'once in about 560 calls',
    () => expectAbout(0.2, 3, 560),
  ],
  '10 % of the calls fail after 0.8 s or longer': [
    'once in about 9 200 calls',
    () => expectAbout(0.1, 3, 9_200),
  ],
}

const DOES_NOT: typeof OPENS = {
  'failures within 0.25 s, as when a deployment cuts every connection at once': [
    'however many they are',
    async () => expect(await new Scene().until('failure', 0, 0, 1_000)).toBe(1_000),
  ],
  'calls take much longer than usual, and succeed': [
    'for long: the first that succeeds closes it again',
    async () => {
      const scene = await warm()
      const permit = scene.start()
      await scene.hangs(100)
      permit.success()
      expect(scene.breaker.state).toBe('closed')
    },
  ],
  'callers abort calls that took no longer than usual': [
    'however many they are',
    async () => expect(await (await warm()).until('cancel', 499, 500, 1_000)).toBe(1_000),
  ],
  'one of 8 parts of the dependency refuses its calls': [
    'use a breaker for each part: no rule can see the parts from outside',
    () => {
      const refuse = [{ for: 10_000 }, { for: 600_000, refuse: true, shards: 1 }]
      const traffic = { clients: 1, callsPerSecond: 20 }
      const { trips } = simulate({ seed: 1, dependency: { script: refuse, shards: 8 }, traffic })
      expect(trips).toEqual([])
    },
  ],
}

const page = readFileSync(join(import.meta.dirname, '../../docs/policy.md'), 'utf8')

/** The rows of the table under a heading, without that. */
function tableOf(heading: string): string[][] {
  const lines = page.slice(page.indexOf(`| what happens | ${heading} |`)).split('\n')
  const end = lines.findIndex((line) => !line.startsWith('|'))
  return lines.slice(2, end).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )
}

describe.each([
  { heading: 'it opens', rows: OPENS },
  { heading: 'it does not open', rows: DOES_NOT },
])('without options, as the page says: $heading', ({ heading, rows }) => {
  it('is shown for every row', () => {
    expect(tableOf(heading)).toEqual(Object.entries(rows).map(([what, [when]]) => [what, when]))
  })

  it.each(Object.entries(rows))('%s', async (_, [, check]) => {
    await check()
  })
})
