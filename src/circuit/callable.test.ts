import { describe, expect, it } from 'vitest'
import { createBreaker } from '../../test/helpers/public.ts'
import { CircuitBreaker } from '../circuit-breaker.ts'

describe('a breaker as a function', () => {
  it('is a CircuitBreaker and a Function', () => {
    const { breaker } = createBreaker()

    expect(breaker).toBeInstanceOf(CircuitBreaker)
    expect(breaker).toBeInstanceOf(Function)
    expect(typeof breaker).toBe('function')
  })

  it.each<[string, (breaker: CircuitBreaker, fn: () => Promise<string>) => () => Promise<string>]>([
    [
      'call',
      (breaker, fn) => (breaker.call as (...args: unknown[]) => never).call(breaker, undefined, fn),
    ],
    ['apply', (breaker, fn) => breaker.apply(undefined, [fn] as never) as never],
    ['bind', (breaker, fn) => breaker.bind(undefined)(fn) as never],
    ['Reflect.apply', (breaker, fn) => Reflect.apply(breaker, undefined, [fn])],
  ])('guards by %s', async (_, wrap) => {
    const { breaker } = createBreaker()

    expect(await wrap(breaker, async () => 'answer')()).toBe('answer')
    expect(breaker.snapshot().counts.success).toBe(1)
  })

  it('decorates as the helper of a compiler calls it: dec.call(this, value, context)', async () => {
    const { breaker } = createBreaker()
    const context = { kind: 'method', name: 'find', static: false, private: false, metadata: {} }
    const decorators = [breaker, breaker.sync, breaker.stream] as unknown as ((
      this: unknown,
      ...args: unknown[]
    ) => () => unknown)[]

    const [find, parse, read] = decorators.map((dec) => dec.call({}, () => answers(), context))

    expect(await find?.()).toBeDefined()
    expect([typeof parse?.(), typeof read?.()]).toEqual(['object', 'object'])
    expect(breaker.snapshot().counts.admitted).toBe(3)
  })

  it('has the members of functions under its own name', () => {
    const { breaker } = createBreaker({ name: 'users' })

    expect([breaker.name, Object.keys(breaker)]).toEqual(['users', []])
    expect(String(breaker)).toContain('=>')
  })
})

async function* answers(): AsyncGenerator<string> {
  yield 'answer'
}
