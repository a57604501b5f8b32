import { setTimeout as sleep } from 'node:timers/promises'
import type { Load } from './load.ts'
import { shuffled } from './random.ts'
import type { RedisTraffic } from './redis-loads.ts'
import type { Victim } from './victim.ts'

/** Hurts a server for so many ms; the server is well again when it resolves. */
type Fault = (ms: number) => Promise<void>

export function httpFaults(victim: Victim): Record<string, Fault> {
  return {
    ...processFaults(victim),
    slow: async (ms) => {
      victim.tell({ delay: 700 })
      await sleep(ms)
      victim.tell({})
    },
    failing: async (ms) => {
      victim.tell({ status: 503 })
      await sleep(ms)
      victim.tell({})
    },
    'cut off': async (ms) => {
      victim.tell({ cut: true })
      await sleep(ms)
      victim.tell({})
    },
  }
}

export function redisFaults(victim: Victim, redis: RedisTraffic): Record<string, Fault> {
  return {
    ...processFaults(victim),
    paused: async (ms) => {
      await redis.command('CLIENT', 'PAUSE', Math.ceil(ms), 'ALL')
      await sleep(ms)
    },
    slow: async (ms) => {
      for (let left = ms; left > 0; left -= 300) {
        await redis.command('CLIENT', 'PAUSE', 250, 'ALL')
        await sleep(300)
      }
    },
    'without its clients': async (ms) => {
      for (let left = ms; left > 0; left -= 100) {
        await redis.command('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
        await sleep(100)
      }
    },
  }
}

function processFaults(victim: Victim): Record<string, Fault> {
  return {
    frozen: async (ms) => {
      victim.freeze()
      await sleep(ms)
      victim.thaw()
    },
    killed: async (ms) => {
      await victim.kill()
      await sleep(ms)
      await victim.restart()
    },
    restarted: async () => {
      await victim.kill()
      await victim.restart()
    },
  }
}

export interface Lane {
  readonly loads: readonly Load[]
  readonly faults: Record<string, Fault>
  /** `performance.now()` from which on no new round of faults begins. */
  readonly until: number
  /** A breaker that is not closed so many ms after a fault has not recovered. */
  readonly recovery: number
  readonly random: () => number
}

/** One server's faults, one after the other: every kind at least once. */
export class Schedule {
  /** What is wrong just now; empty for nothing. */
  current = ''
  /** Faults so far, by kind. */
  readonly done: Record<string, number> = {}
  /** The longest that all breakers took to close after a fault, ms. */
  slowest = 0
  readonly problems: string[] = []

  async run({ loads, faults, until, recovery, random }: Lane): Promise<void> {
    for (let first = true; first || performance.now() < until; first = false) {
      for (const [kind, fault] of shuffled(Object.entries(faults), random)) {
        if (!first && performance.now() >= until) return
        this.current = kind
        await fault(900 + 1_100 * random())
        this.current = ''
        this.done[kind] = (this.done[kind] ?? 0) + 1
        await this.#recover(loads, kind, recovery)
        await sleep(200 + 300 * random())
      }
    }
  }

  async #recover(loads: readonly Load[], kind: string, bound: number): Promise<void> {
    const begin = performance.now()
    for (const { name, breaker } of loads) {
      while (breaker.state !== 'closed') {
        const took = performance.now() - begin
        if (took > bound) {
          const what = JSON.stringify(breaker.snapshot())
          this.problems.push(`${name} has not closed ${took} ms after "${kind}": ${what}`)
          break
        }
        await sleep(20)
      }
    }
    this.slowest = Math.max(this.slowest, performance.now() - begin)
  }
}
