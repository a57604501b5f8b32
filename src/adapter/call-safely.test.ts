import { expect, it, vi } from 'vitest'
import { callSafely } from './call-safely.ts'

it.each([
  [
    'throws',
    () => {
      throw new Error('broken')
    },
  ],
  ['returns a promise that is rejected', () => Promise.reject(new Error('broken'))],
])('reports what a function of the user %s', async (_, call) => {
  const report = vi.fn()

  callSafely(call, report)
  await Promise.resolve()
  await Promise.resolve()

  expect(report.mock.calls).toEqual([[new Error('broken')]])
})

it('reports nothing of one that goes well', async () => {
  const report = vi.fn()

  callSafely(async () => 'done', report)
  await Promise.resolve()

  expect(report).not.toHaveBeenCalled()
})
