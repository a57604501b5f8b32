import { describe, expect, it, vi } from 'vitest'
import { CircuitBreaker } from '../index.ts'
import { memoryStore, shared } from './index.ts'

describe('a fleet that is closed', () => {
  it.each([
    [
      'after',
      async (fleet: ReturnType<typeof shared>) => {
        await fleet.close()
        await fleet.ready()
      },
    ],
    [
      'while',
      async (fleet: ReturnType<typeof shared>) => {
        const ready = [fleet.ready(), fleet.ready()]
        await Promise.all([fleet.close(), fleet.close(), ...ready, fleet.ready()])
      },
    ],
  ])(
    'leaves its breakers to themselves, though it is asked whether it is ready %s',
    async (_, close) => {
      const store = memoryStore()
      const fleets = [shared(store), shared(store)] as const
      const [breaker, other] = fleets.map((shared) => new CircuitBreaker({ name: 'users', shared }))
      for (const fleet of fleets) await fleet.ready()
      other?.trip({ fleet: true, for: 1 })
      for (const fleet of [...fleets].reverse()) await fleet.ready()
      expect(breaker?.snapshot().fleet).toMatchObject({ connected: true, state: 'open' })

      await close(fleets[0])

      expect(fleets[0].connected).toBe(false)
      expect(breaker?.snapshot().fleet).toMatchObject({ connected: false, decides: 'local' })
      const call = () => breaker?.run(async () => 'answer').catch(() => 'rejected')
      await expect.poll(call).toBe('answer')
      await fleets[1].close()
    },
  )
})

describe('onConnection', () => {
  it.each([
    [
      'throws',
      () => {
        throw new Error('my logger')
      },
    ],
    ['is rejected', () => Promise.reject(new Error('my logger'))],
  ])('that %s changes nothing but what is printed', async (_, onConnection) => {
    const print = vi.spyOn(console, 'error').mockImplementation(() => {})
    const fleet = shared(memoryStore(), { onConnection })
    const breaker = new CircuitBreaker({ name: 'users', shared: fleet })

    await fleet.ready()

    expect(fleet.connected).toBe(true)
    await expect(breaker.run(async () => 'answer')).resolves.toBe('answer')
    expect(print.mock.calls[0]).toEqual([
      'short-circuit: onConnection threw',
      new Error('my logger'),
    ])
    await fleet.close()
    print.mockRestore()
  })
})

describe('the policy of a fleet', () => {
  it('is that of the options in force, when they are changed', async () => {
    const fleet = shared(memoryStore())
    const breaker = new CircuitBreaker({
      name: 'users',
      shared: fleet,
      resetTimeout: 1_000,
      recovery: { probes: 4 },
    })
    await breaker.run(async () => 'answer')
    await fleet.ready()
    const policy = async () => (await fleet.read(['users'])).breakers[0]?.policy

    const before = await policy()
    breaker.configure({ resetTimeout: 200, recovery: { probes: 1 } })
    await breaker.run(async () => 'answer')
    await fleet.ready()

    expect(before).toContain(' 1000 ')
    expect(await policy()).not.toBe(before)
    expect(await policy()).toContain(' 200 ')
    await fleet.close()
  })
})
