import { expect, it } from 'vitest'

it('is compiled to legacy decorators, which receive the prototype, the name and a descriptor', () => {
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
    [Service.prototype, 'find', expect.objectContaining({ value: Service.prototype.find })],
  ])
})
