import { describe, expect, it, vi } from 'vitest'
import { createProcesses, OPEN, open, pass, reasonOf } from '../../test/helpers/fleet-processes.ts'
import { CircuitOpenError } from '../index.ts'

describe('a call that an open fleet rejects', () => {
  it.each([
    ['a wrapped function', 'call'],
    ['run', 'run'],
  ] as const)('reads the clock once, as without a fleet: by %s', async (_, shape) => {
    const { clock, processes } = createProcesses(2)
    await open(clock, processes)
    const [process] = processes
    const calls = { call: process?.call, run: () => process?.breaker.run(() => 1) }
    const readings = vi.spyOn(clock, 'now')

    const result = calls[shape]?.()
    const before = readings.mock.calls.length
    readings.mockRestore()

    expect(await reasonOf(result as Promise<unknown>)).toBeInstanceOf(CircuitOpenError)
    expect(before).toBe(1)
  })

  it('asks for the lease of a probe with the very call that finds the open time over', async () => {
    const { clock, processes } = createProcesses(1)
    await open(clock, processes)

    await pass(clock, OPEN - 1)
    expect(await reasonOf(processes[0]?.call() as Promise<unknown>)).toBeInstanceOf(
      CircuitOpenError,
    )
    await pass(clock, 1)
    const probe = reasonOf(processes[0]?.call() as Promise<unknown>)
    await pass(clock, 1_000)

    expect(await probe).toBe('passed')
  })

  it('passes the error and nothing else to the fallback of run, for which the lease was asked for', async () => {
    const { clock, processes } = createProcesses(1)
    const fallback = vi.fn((..._args: unknown[]) => 'instead')
    await open(clock, processes)
    await pass(clock, OPEN)

    const probe = processes[0]?.breaker.run(() => Promise.reject(new Error('down')), { fallback })
    await pass(clock, 1_000)

    expect(await probe).toBe('instead')
    expect(fallback.mock.calls).toEqual([[new Error('down')]])
  })
})
