import { once } from 'node:events'
import { Redis } from 'ioredis'
import { protect } from '../../src/index.ts'
import type { LoadPlan } from './load.ts'

function connect(port: number): Redis {
  const redis = new Redis(port, '127.0.0.1', {
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    connectTimeout: 1_000,
    retryStrategy: () => 100,
  })
  return redis.on('error', () => {})
}

/** Real commands of two clients to one Redis, through breakers of every kind. */
export class RedisTraffic {
  readonly #port: number
  readonly #wrapped: Redis
  readonly #protected: Redis

  constructor(port: number) {
    this.#port = port
    this.#wrapped = connect(port)
    this.#protected = connect(port)
  }

  close(): void {
    this.#wrapped.disconnect()
    this.#protected.disconnect()
  }

  /** One command on a connection of its own. */
  async command(name: string, ...args: (string | number)[]): Promise<void> {
    const redis = connect(this.#port)
    try {
      await once(redis, 'ready')
      await redis.call(name, ...args)
    } finally {
      redis.disconnect()
    }
  }

  readonly plans = (random: () => number): LoadPlan[] => {
    const redis = this.#wrapped
    const key = () => `key ${Math.floor(random() * 100)}`
    return [
      {
        name: 'redis operated',
        target: 'redis',
        options: {},
        every: 15,
        calling: (breaker) => {
          const get = breaker((name: string) => redis.get(name))
          return () => get(key())
        },
        operated: true,
      },
      {
        name: 'redis seed',
        target: 'redis',
        options: { maxFailures: 3, resetTimeout: 300 },
        every: 15,
        calling: (breaker) => {
          const get = breaker((name: string) => redis.get(name))
          const set = breaker((name: string, value: string) => redis.set(name, value))
          return () => (random() < 0.5 ? get(key()) : set(key(), 'value'))
        },
      },
      {
        name: 'redis defaults',
        target: 'redis',
        options: { callTimeout: 300, statistics: true },
        every: 15,
        calling: (breaker) => {
          const incr = breaker((name: string) => redis.incr(name))
          return () => incr(`number ${Math.floor(random() * 100)}`)
        },
      },
      {
        name: 'redis rate',
        target: 'redis',
        options: {
          trip: { failureRate: { threshold: 0.5, minimumCalls: 20, window: { calls: 40 } } },
          resetTimeout: { initial: 100, max: 800, factor: 2, jitter: 0.25 },
          callTimeout: 200,
        },
        every: 15,
        calling: (breaker) => {
          const exists = breaker((name: string) => redis.exists(name))
          return () => exists(key())
        },
      },
      {
        name: 'redis protected',
        target: 'redis',
        options: { maxFailures: 3, resetTimeout: 300, callTimeout: 300 },
        every: 20,
        calling: (breaker) => {
          const client = protect(this.#protected, breaker, { methods: ['get', 'set', 'mget'] })
          return () => {
            const choice = random()
            if (choice < 0.4) return client.get(key())
            return choice < 0.8 ? client.set(key(), 'value') : client.mget(key(), key())
          }
        },
      },
    ]
  }
}
