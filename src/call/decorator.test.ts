import { describe, expect, it } from 'vitest'
import { createBreaker } from '../../test/helpers/public.ts'

type Loose = (...args: unknown[]) => unknown

/** What a decorator gets when tools call it; see the tests of both dialects for real ones. */
describe('a decorator told by its arguments', () => {
  const { breaker } = createBreaker()
  const loose = breaker as unknown as Loose

  it('is a plain call with one argument', async () => {
    const guarded = loose(async () => 'answer') as () => Promise<string>

    expect(await guarded()).toBe('answer')
  })

  it('is a standard one with a context that has a kind', async () => {
    const guarded = loose(async () => 'answer', { kind: 'method', name: 'find' }) as Loose

    expect(await guarded()).toBe('answer')
  })

  it('is a legacy one with a name and a descriptor, whose attributes it keeps', async () => {
    const descriptor = { value: async () => 'answer', writable: false, enumerable: true }

    const guarded = loose({}, 'find', descriptor) as PropertyDescriptor & { value: Loose }

    expect(guarded).toMatchObject({ writable: false, enumerable: true })
    expect(guarded.value).not.toBe(descriptor.value)
    expect(await guarded.value()).toBe('answer')
  })

  it.each([
    [[() => 1, 2, []], 'breaker takes one function, got 3 arguments'],
    [[() => 1, {}], 'breaker takes one function, got 2 arguments'],
    [[() => 1, undefined], 'breaker takes one function, got 2 arguments'],
    [[], 'breaker needs a function, got undefined'],
    [[class Users {}.prototype, 'find', 0], 'got Users.find, which is no method'],
    [[class Users {}, undefined, 0], 'breaker takes one function, got 3 arguments'],
    [[{}, 'find'], 'got Object.find, which is no method'],
    [[Object.create(null), 'find', {}], 'got undefined.find, which is no method'],
    [[undefined, { kind: 'getter', name: 'find' }], 'got the getter "find"'],
    [[undefined, { kind: 'unheard-of', name: Symbol('s') }], 'got the unheard-of "Symbol(s)"'],
  ])('throws a TypeError for anything else: %#', (args, message) => {
    const decorate = (): unknown => loose(...args)

    expect(decorate).toThrow(TypeError)
    expect(decorate).toThrow(message)
  })
})
