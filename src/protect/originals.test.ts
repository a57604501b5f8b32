import { beforeEach, describe, expect, it, vi } from 'vitest'
import { Originals } from './originals.ts'

let originals: Originals
const proxy = { name: 'proxy' }
const original = { name: 'original' }
beforeEach(() => {
  originals = new Originals()
  originals.set(proxy, original)
})

describe('what a client receives for an argument', () => {
  it('is its own object, also in an array or among options', () => {
    expect(originals.of(proxy)).toBe(original)
    expect(originals.of([1, proxy, null])).toEqual([1, original, null])
    expect(originals.of({ session: proxy, limit: 5 })).toEqual({ session: original, limit: 5 })
    expect(originals.has(proxy)).toBe(true)
    expect(originals.get(proxy)).toBe(original)
  })

  it('is the argument itself where there is nothing to replace', () => {
    const others: unknown[] = [
      1,
      'text',
      null,
      undefined,
      original,
      [1, original],
      { session: original },
      { nested: { session: proxy } },
      new Map([[proxy, proxy]]),
      Object.assign(Object.create({}), { session: proxy }),
    ]
    for (const value of others) expect(originals.of(value)).toBe(value)
    expect(originals.has(original)).toBe(false)
    expect(originals.get(original)).toBeUndefined()
  })

  it('is found without running a getter, which the copy has as a value', () => {
    const get = vi.fn(() => proxy)
    const options = Object.defineProperty({ limit: 5 }, 'session', { get, enumerable: true })
    expect(originals.of(options)).toBe(options)

    expect(get).not.toHaveBeenCalled()
  })

  it('leaves what the caller has as it was', () => {
    const [list, options] = [[proxy], { session: proxy }]
    originals.of(list)
    originals.of(options)

    expect(list[0]).toBe(proxy)
    expect(options.session).toBe(proxy)
  })
})

describe('a part among the arguments of a call', () => {
  it('is told of, wherever it is among them', () => {
    const part = { pass: () => undefined }
    const promise = {}
    originals.set(promise, original, part)
    const passed = vi.fn()
    originals.of(promise, passed)
    originals.of([promise, proxy], passed)
    originals.of({ where: promise, session: proxy }, passed)
    originals.of('text', passed)

    expect(passed.mock.calls).toEqual([[part], [part], [part]])
    expect(originals.of(promise)).toBe(original)
  })
})
