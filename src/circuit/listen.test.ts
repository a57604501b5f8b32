import { afterEach, beforeEach, describe, expect, it, type MockInstance, vi } from 'vitest'
import { createBreaker, reasonOf, turn } from '../../test/helpers/public.ts'

describe('a console that throws', () => {
  let print: MockInstance<typeof console.error>
  beforeEach(() => {
    print = vi.spyOn(console, 'error').mockImplementation(() => raise(new Error('no console')))
  })
  afterEach(() => print.mockRestore())

  it('changes no result when a classifier throws', async () => {
    const { breaker } = createBreaker({ classify: () => raise(new Error('no class')) })
    const down = new Error('down')

    expect(await breaker.run(() => 'answer')).toBe('answer')
    expect(await breaker(async () => 'answer')()).toBe('answer')
    expect(await reasonOf(breaker.run(() => Promise.reject(down)))).toBe(down)
    expect(print).toHaveBeenCalledTimes(3)
    expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts: { success: 2, failure: 1 } })
  })

  it('changes no result when a listener throws', async () => {
    const { breaker } = createBreaker()
    breaker.on('success', () => raise(new Error('bad listener')))

    expect(await breaker.run(() => 'answer')).toBe('answer')
    await turn()
    expect(breaker.snapshot().inFlight).toBe(0)
  })
})

function raise(error: unknown): never {
  throw error
}
