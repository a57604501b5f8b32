import { describe, expect, it } from 'vitest'
import { createProcesses, EXCHANGE, failTimes, pass } from '../../test/helpers/fleet-processes.ts'
import type { BreakerEvent } from '../index.ts'

const other = {
  trip: { failureRate: { threshold: 0.25, minimumCalls: 20, window: { duration: 10_000 } } },
}

describe('processes whose policies differ', () => {
  it('report that once each, with both policies, and go by their own', async () => {
    const { clock, processes, create } = createProcesses(1)
    const all = [...processes, create('new', other)]
    const errors = all.map(({ breaker }) => {
      const heard: BreakerEvent<'listenerError'>[] = []
      breaker.on('listenerError', (event) => heard.push(event))
      return heard
    })

    for (let i = 0; i < 10; i++) {
      for (const { call } of all) await call()
      await pass(clock, 2_000)
    }

    for (const [i, own] of ['0.5 ', '0.25 '].entries()) {
      expect(errors[i]).toHaveLength(1)
      expect(errors[i]?.[0]).toMatchObject({ breaker: 'users', source: 'shared' })
      expect(String(errors[i]?.[0]?.error)).toContain(`this one has "${own}`)
      expect(String(errors[i]?.[0]?.error)).toContain(i === 0 ? '"0.25 ' : '"0.5 ')
    }
  })

  it('report nothing where they are the same', async () => {
    const { clock, processes } = createProcesses(2)
    const errors: unknown[] = []
    for (const { breaker } of processes) breaker.on('listenerError', (event) => errors.push(event))

    for (const process of processes) await failTimes(process, 3)
    await pass(clock, 5_000 + EXCHANGE)

    expect(errors).toEqual([])
  })
})
