import { describe, expect, it, vi } from 'vitest'
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

  it('is a legacy one where the name is a symbol', async () => {
    const guarded = loose({}, Symbol('find'), { value: async () => 'answer' })

    expect(await (guarded as { value: Loose }).value()).toBe('answer')
  })

  it('guards what a standard field begins with', async () => {
    const { breaker } = createBreaker()
    const decorate = breaker as unknown as Loose

    const initialize = decorate(undefined, { kind: 'field', name: 'find' }) as Loose
    const find = initialize(async () => 'answer') as Loose

    expect(await find()).toBe('answer')
    expect(breaker.snapshot().counts.success).toBe(1)
  })

  it('guards once what a standard accessor holds, from its start and later', async () => {
    const { breaker } = createBreaker()
    const decorate = breaker as unknown as Loose
    const set = vi.fn()
    const self = {}

    const accessor = decorate({ get: () => {}, set }, { kind: 'accessor', name: 'find' })
    const { init, set: write } = accessor as { init: Loose; set: Loose }
    const first = init(async () => 'first') as Loose
    write.call(self, async () => 'second')
    write.call(self, first)
    const second = set.mock.calls[0]?.[0] as Loose

    expect([await first(), await second()]).toEqual(['first', 'second'])
    expect(breaker.snapshot().counts.success).toBe(2)
    expect(set.mock.contexts).toEqual([self, self])
    expect(set.mock.calls[1]?.[0]).toBe(first)
  })

  it.each([
    ['field', 5, 'got field "find" holding 5'],
    ['field', undefined, 'got field "find" holding undefined'],
    ['accessor', 'text', 'got accessor "find" holding "text"'],
  ])('throws a TypeError for a %s that holds %j', (kind, held, message) => {
    const decorated = loose({ set: () => {} }, { kind, name: 'find' })
    const init = (kind === 'field' ? decorated : (decorated as { init: Loose }).init) as Loose

    expect(() => init(held)).toThrow(TypeError)
    expect(() => init(held)).toThrow(message)
  })

  it.each([
    [[() => 1, 2, []], 'breaker takes one function, got 3 arguments'],
    [[() => 1, {}], 'breaker takes one function, got 2 arguments'],
    [[() => 1, undefined], 'breaker takes one function, got 2 arguments'],
    [[], 'breaker needs a function, got undefined'],
    [[createBreaker().breaker], 'got a breaker'],
    [[class Users {}.prototype, 'find', 0], 'got Users.find, which is no method'],
    [[class Users {}, 'find', {}], 'got Users.find, which is no method'],
    [[class Users {}, { kind: 'class', name: 'Users' }], 'got a class "Users"'],
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
