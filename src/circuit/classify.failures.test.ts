import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { createBreaker, reasonOf } from '../../test/helpers/public.ts'

function systemError(message: string): Error {
  return Object.assign(new Error(message), { code: 'ECONNREFUSED' })
}

describe('what is kept of a failure', () => {
  async function kept(error: unknown, redact?: (message: string) => string): Promise<unknown> {
    const { breaker } = createBreaker({ maxFailures: 1, redact })
    await reasonOf(breaker.run(() => Promise.reject(error)))
    return breaker.snapshot().trips[0]?.failures[0]
  }

  it.each<[unknown, object]>([
    [new TypeError('down'), { name: 'TypeError', code: null, message: 'down' }],
    [Object.assign(new Error('reset'), { code: 'ECONNRESET' }), { code: 'ECONNRESET' }],
    [Object.assign(new Error('busy'), { status: 503 }), { code: 503 }],
    [Object.assign(new Error('busy'), { code: 14 }), { code: 14 }],
    [{ status: 'UNAVAILABLE' }, { code: 'UNAVAILABLE' }],
    [{ code: { value: 14 }, status: 500 }, { code: 500 }],
    [{ code: null, status: { value: 500 } }, { code: null }],
    ['text', { name: 'string', message: 'text' }],
    [undefined, { name: 'undefined', message: 'undefined' }],
    [null, { message: 'null' }],
    [Symbol('s'), { name: 'symbol', message: 'Symbol(s)' }],
    [
      { status: 500, statusText: 'Server Error' },
      { name: 'Object', code: 500, message: 'Server Error' },
    ],
    [Object.create(null), { name: 'object', code: null, message: '' }],
    [{ name: 5, constructor: undefined }, { name: 'object' }],
    [new (class Refusal {})(), { name: 'Refusal' }],
    [new DOMException('stopped', 'AbortError'), { name: 'AbortError' }],
    [
      new TypeError('fetch failed', { cause: systemError('connect ECONNREFUSED 127.0.0.1:80') }),
      { code: 'ECONNREFUSED', message: 'fetch failed: connect ECONNREFUSED 127.0.0.1:80' },
    ],
    // axios repeats the message of its cause.
    [
      Object.assign(systemError('connect ECONNREFUSED 127.0.0.1:80'), {
        cause: systemError('connect ECONNREFUSED 127.0.0.1:80'),
      }),
      { message: 'connect ECONNREFUSED 127.0.0.1:80' },
    ],
    [
      new Error('could not load: down', { cause: new Error('down') }),
      { message: 'could not load: down' },
    ],
    [new Error('', { cause: new Error('down') }), { message: 'down' }],
    [new Error('down', { cause: new Error('') }), { message: 'down' }],
    [new Error('down', { cause: 'a string' }), { message: 'down' }],
    [new Error('down', { cause: null }), { name: 'Error', message: 'down' }],
    // A host with several addresses, none of which could be reached.
    [
      new AggregateError([systemError('connect ECONNREFUSED ::1:80')]),
      { name: 'AggregateError', message: 'connect ECONNREFUSED ::1:80' },
    ],
    [
      new TypeError('fetch failed', { cause: new AggregateError([new Error('::1'), 'x']) }),
      { message: 'fetch failed: ::1' },
    ],
    [new AggregateError([]), { message: '' }],
    [new AggregateError([new Error('part')], 'all failed'), { message: 'all failed' }],
  ])('is enough to recognise %o', async (error, expected) => {
    expect(await kept(error)).toMatchObject({ age: 0, ...expected })
  })

  it('has a message of at most 200 characters', async () => {
    expect(await kept(new Error('x'.repeat(5_000)))).toMatchObject({ message: 'x'.repeat(200) })
  })

  it('has a redacted message', async () => {
    const redact = (message: string): string => message.replace(/token=\S+/, 'token=…')

    expect(await kept(new Error('401 token=abc'), redact)).toMatchObject({ message: '401 token=…' })
  })

  it('has a code like a message: redacted, and cut', async () => {
    const error = Object.assign(new Error('down'), { code: 'secret '.repeat(40) })
    const redact = (text: string): string => text.replaceAll('secret', 'hidden')

    expect(await kept(error, redact)).toMatchObject({ code: 'hidden '.repeat(40).slice(0, 200) })
  })

  it('has no message when redacting throws', async () => {
    const redact = (): never => {
      throw new Error('bad pattern')
    }

    expect(await kept(new Error('secret'), redact)).toMatchObject({ message: '' })
  })

  it('survives getters that throw', async () => {
    const error = Object.defineProperty(new Error('down'), 'message', {
      get() {
        throw new Error('not for you')
      },
    })

    expect(await kept(error)).toMatchObject({ name: 'unknown', message: '' })
  })

  it('is the same for an error of another realm', async () => {
    const { breaker } = createBreaker({ maxFailures: 1 })
    const far = runInNewContext('new RangeError("far")')

    await reasonOf(
      breaker.run(() => {
        throw far
      }),
    )

    expect(breaker.explain().trips[0]?.failures).toMatchObject([
      { name: 'RangeError', message: 'far' },
    ])
  })
})
