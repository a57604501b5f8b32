import { getEventListeners } from 'node:events'
import { describe, expect, it, vi } from 'vitest'
import { type CallSignal, ownSignal } from './call-signal.ts'
import { abortedByCaller, callerSignal, findSignal, replaceSignal } from './caller-signal.ts'

const { signal } = new AbortController()
const other = new AbortController().signal
class Request {
  readonly signal = signal
}

describe('the signal of a caller', () => {
  it.each<[string, unknown[]]>([
    ['an argument', [signal]],
    ['an option', [{ signal }]],
    ['an option of another name', [{ abortSignal: signal }]],
    ['before other options', [{ signal }, { limit: 5 }, null, 'text']],
    ['the last of several', [other, { signal }]],
    ['that of an instance of a class', [new Request()]],
  ])('is %s', (_, args) => {
    expect(callerSignal(args)).toBe(signal)
    expect(findSignal(args)).toBe(signal)
  })

  it.each<[string, unknown[]]>([
    ['under another name', [{ cancel: signal }]],
    ['in options within options', [{ request: { signal } }]],
    ['in options within options under another name', [{ request: { abortSignal: signal } }]],
    ['before arguments without one', [{ request: { signal } }, { limit: 5 }, 'text', null]],
    ['beside what can not be asked', [{ cancel: signal, none: null, get: () => {} }]],
  ])('may be for a client %s', (_, args) => {
    expect(callerSignal(args)).toBeUndefined()
    expect(findSignal(args)).toBe(signal)
  })

  it.each<[string, unknown[]]>([
    ['no arguments', []],
    ['a function', [Object.assign(() => {}, { signal })]],
    ['a function among options', [{ get: Object.assign(() => {}, { signal }) }]],
    ['an instance of a class among options', [{ request: new Request() }]],
    [
      'an instance of a class that has it under another name',
      [
        new (class {
          cancel = signal
        })(),
      ],
    ],
    ['deeper options', [{ a: { b: { signal } } }]],
    ['what only has such a name', [{ signal: 'red', abortSignal: { aborted: true } }]],
  ])('is not in %s', (_, args) => {
    expect(findSignal(args)).toBeUndefined()
  })

  it('is not where asking throws', () => {
    const throws = new Proxy({}, { get: () => expect.fail(), getPrototypeOf: () => expect.fail() })

    expect(findSignal([throws])).toBeUndefined()
    expect(findSignal([{ signal }, throws])).toBe(signal)
  })
})

describe('the signal of a call takes the place of that of its caller', () => {
  const own = ownSignal(signal, 100) as CallSignal
  const replaced = own.signal

  it('wherever the caller has passed it', () => {
    const args = [signal, { signal, limit: 5 }, { abortSignal: signal, signal }, 'text', null]

    expect(replaceSignal(args, own)).toEqual([
      replaced,
      { signal: replaced, limit: 5 },
      { abortSignal: replaced, signal: replaced },
      'text',
      null,
    ])
    expect(args[1]).toEqual({ signal, limit: 5 })
  })

  it('but not in place of another, nor in what can not be copied', () => {
    const args = [other, { signal: other }, { abortSignal: other }, new Request(), () => {}]
    const same = replaceSignal(args, own)

    for (const [i, arg] of args.entries()) expect(same[i]).toBe(arg)
  })

  it('for a client also under other names and in options within options, no deeper', () => {
    const args = [{ cancel: signal, request: { signal, limit: 5 }, same: { limit: 5 } }]
    const [options] = replaceSignal(args, own, 1) as typeof args

    expect(options).toEqual({
      cancel: replaced,
      request: { signal: replaced, limit: 5 },
      same: { limit: 5 },
    })
    expect(options?.same).toBe(args[0]?.same)
    expect(replaceSignal(args, own)[0]).toBe(args[0])
    const deep = [{ a: { cancel: signal, b: { signal } } }]
    expect(replaceSignal(deep, own, 1)[0]).toBe(deep[0])
  })

  it('if there is one, and the call has a timeout', () => {
    const args = [signal]

    expect(ownSignal(undefined, 100)).toBeUndefined()
    expect(ownSignal(signal, undefined)).toBeUndefined()
    expect(replaceSignal(args, undefined)).toBe(args)
  })
})

it('tells an abort by the caller from a deadline that was missed', () => {
  const missed = new DOMException('too late', 'TimeoutError')

  expect(abortedByCaller(undefined)).toBe(false)
  expect(abortedByCaller(other)).toBe(false)
  for (const reason of [undefined, 'stop', new Error('stop')]) {
    expect(abortedByCaller(AbortSignal.abort(reason))).toBe(true)
  }
  expect(abortedByCaller(AbortSignal.abort(missed))).toBe(false)
  expect(abortedByCaller({ aborted: true, reason: null } as never)).toBe(true)
  const throws = (): never => expect.fail()
  expect(abortedByCaller(Object.defineProperty({}, 'aborted', { get: throws }) as never)).toBe(
    false,
  )
  const aborted = Object.defineProperty({ aborted: true }, 'reason', { get: throws })
  expect(abortedByCaller(aborted as never)).toBe(true)
})

describe('an abort by the caller after the call', () => {
  const following = (result: unknown): number => {
    const caller = new AbortController().signal
    const own = ownSignal(caller, 100) as CallSignal
    own.unfollow()
    own.followFor(result)
    return getEventListeners(caller, 'abort').length
  }

  it('reaches what is read from its result', () => {
    const stream = new ReadableStream()
    for (const result of [
      stream,
      { body: stream },
      { Body: stream },
      { body: null, data: stream },
    ]) {
      expect(following(result)).toBe(1)
    }
  })

  it('reaches nothing where there is nothing to read', () => {
    for (const result of ['text', null, undefined, 5, {}, [], { body: 'text', data: [1] }]) {
      expect(following(result)).toBe(0)
    }
  })

  it('runs no getter of an instance of a class', () => {
    const body = vi.fn()
    class Result {
      get body() {
        return body()
      }
    }

    expect(following(new Result())).toBe(1)
    expect(body).not.toHaveBeenCalled()
  })
})
