import { expect, it } from 'vitest'

it('is compiled to standard decorators, which receive the function and a context', () => {
  const seen: unknown[][] = []
  const record = (...args: unknown[]): void => {
    seen.push(args)
  }

  class Service {
    @record find(): string {
      return 'found'
    }
  }

  expect(seen).toEqual([
    [Service.prototype.find, expect.objectContaining({ kind: 'method', name: 'find' })],
  ])
})
