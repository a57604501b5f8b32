import { describe, expect, it } from 'vitest'
import { type BreakerEvent, CircuitBreaker } from '../index.ts'
import { ManualClock } from '../testing/manual-clock.ts'

/** A breaker with every default, whose life can be told twice in the same way. */
class Life {
  readonly clock = new ManualClock()
  readonly events: (string | BreakerEvent)[] = []
  readonly seen: object[] = []
  readonly breaker: CircuitBreaker
  readonly #reads: boolean

  constructor(reads: boolean) {
    this.#reads = reads
    this.breaker = new CircuitBreaker({ clock: this.clock, random: () => 0.5 })
    this.breaker.on('transition', (event) => this.events.push(event))
  }

  /** Looks at everything there is to see, as a page that is open all the time does. */
  read(): void {
    if (!this.#reads) return
    const { breaker } = this
    const before = JSON.stringify(breaker.save())
    this.seen.push(breaker.snapshot(), breaker.explain())
    expect(breaker.state).toBe(breaker.snapshot().state)
    expect(JSON.stringify(breaker.save())).toBe(before)
  }

  async pass(ms: number): Promise<void> {
    for (let i = 0; i < 10; i++) {
      this.read()
      await this.clock.advance(ms / 10)
    }
    this.read()
  }

  async call(ms: number, failed = false): Promise<void> {
    const permit = this.breaker.tryAcquire()
    await this.pass(ms)
    if (failed) permit?.failure(new Error('down'))
    else permit?.success('answer')
    this.read()
  }

  hang(calls: number): void {
    for (let i = 0; i < calls; i++) this.breaker.tryAcquire()
    this.read()
  }
}

type Story = (life: Life) => Promise<void>

/** What is usual: calls take 10 ms. */
const learn: Story = async (life) => {
  for (let i = 0; i < 30; i++) await life.call(10)
}

/** Calls hang and more come, until those that are overdue would open the circuit. */
const overdue: Story = async (life) => {
  await learn(life)
  for (let i = 0; i < 8; i++) {
    life.hang(2)
    await life.pass(100)
  }
  await life.pass(1_000)
}

const stories: [string, Story][] = [
  ['calls that become overdue', overdue],
  [
    'failures, then calls that become overdue',
    async (life) => {
      await learn(life)
      for (let i = 0; i < 5; i++) await life.call(10, true)
      life.hang(2)
      await life.pass(2_000)
    },
  ],
  [
    'a slow start whose probe becomes overdue',
    async (life) => {
      await learn(life)
      life.breaker.trip()
      await life.pass(1_000)
      life.hang(1)
      await life.pass(5_000)
    },
  ],
  [
    'a slow start of which one probe hangs',
    async (life) => {
      await learn(life)
      life.breaker.trip()
      await life.pass(1_000)
      for (let i = 0; i < 3; i++) await life.call(10)
      life.hang(2)
      await life.pass(3_000)
      for (let i = 0; i < 8; i++) await life.call(10)
    },
  ],
  [
    'a slow start whose probes are given up',
    async (life) => {
      life.breaker.trip()
      await life.pass(2_000)
      life.hang(2)
      await life.pass(90_000)
    },
  ],
  [
    'an override that ends while something is due',
    async (life) => {
      await learn(life)
      life.hang(6)
      life.breaker.forceOpen({ for: 3_000 })
      await life.pass(6_000)
    },
  ],
]

describe('reading a breaker all the time', () => {
  it.each(stories)('changes nothing in the course of %s', async (_, story) => {
    const [read, unread] = [new Life(true), new Life(false)]
    await story(read)
    await story(unread)

    expect(JSON.stringify(read.breaker.save())).toBe(JSON.stringify(unread.breaker.save()))
    expect(read.events).toEqual(unread.events)
  })

  it.each(stories)('shows what the next call finds in the course of %s', async (_, story) => {
    const life = new Life(true)
    await story(life)
    const before = life.breaker.snapshot()

    const permit = life.breaker.tryAcquire()

    expect(
      life.events.map((value) => (value as BreakerEvent<'transition'>).to).at(-1) ?? 'closed',
    ).toBe(before.automatic)
    expect(life.breaker.snapshot()).toMatchObject({
      state: before.state,
      generation: before.generation,
      trips: before.trips.map(({ at, reason, reopened }) => ({ at, reason, reopened })),
    })
    expect(permit === undefined).toBe(before.retryAfter !== null)
  })

  it('does not publish what it shows', async () => {
    const life = new Life(true)
    await overdue(life)

    expect(life.breaker.state).not.toBe('closed')
    expect(life.breaker.explain().text).toContain('overdue calls')
    expect(life.events).toEqual([])
  })
})
