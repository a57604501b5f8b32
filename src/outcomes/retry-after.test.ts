import { describe, expect, it } from 'vitest'
import { retryAfter } from './retry-after.ts'

const of = (headers: Record<string, string>) =>
  retryAfter({ status: 'fulfilled', value: new Response('', { headers }) })

describe('retryAfter', () => {
  it.each([
    [{ 'Retry-After': '0' }, 0],
    [{ 'Retry-After': '30' }, 30_000],
    [{ 'Retry-After': '1.5' }, 1_500],
    [{ 'retry-after-ms': '250' }, 250],
    [{ 'retry-after-ms': '250', 'Retry-After': '30' }, 250],
    [{ 'retry-after-ms': 'soon', 'Retry-After': '30' }, 30_000],
    [{}, undefined],
    [{ 'Retry-After': '' }, undefined],
    [{ 'Retry-After': ' ' }, undefined],
    [{ 'Retry-After': 'soon' }, undefined],
    [{ 'Retry-After': '-5' }, undefined],
    [{ 'retry-after-ms': '-5' }, undefined],
    [{ 'Retry-After': '1e308' }, undefined],
    [{ 'Retry-After': '1e3' }, undefined],
    [{ 'Retry-After': '0x10' }, undefined],
    [{ 'Retry-After': '+5' }, undefined],
    [{ 'Retry-After': 'NaN' }, undefined],
    [{ 'Retry-After': 'Infinity' }, undefined],
    [{ 'Retry-After': '5s' }, undefined],
    [{ 'Retry-After': '1,5' }, 1_000],
    [{ 'Retry-After': '.5' }, undefined],
    [{ 'Retry-After': 'in 2099' }, undefined],
    [{ 'Retry-After': '9'.repeat(400) }, Number.MAX_SAFE_INTEGER],
    [{ 'retry-after-ms': '1e308', 'Retry-After': '3' }, 3_000],
    [{ 'retry-after-ms': 'Infinity' }, undefined],
    [{ 'retry-after-ms': '9'.repeat(400) }, Number.MAX_SAFE_INTEGER],
    [{ 'Retry-After': '5, 10' }, 5_000],
    [{ 'Retry-After': ' 5 ' }, 5_000],
  ])('of %j is %s', (headers, ms) => {
    expect(of(headers as Record<string, string>)).toBe(ms)
  })

  it('takes a date relative to that of the same answer', () => {
    const date = 'Wed, 21 Oct 2015 07:28:00 GMT'

    expect(of({ 'Retry-After': 'Wed, 21 Oct 2015 07:28:40 GMT', Date: date })).toBe(40_000)
    expect(of({ 'Retry-After': date, Date: date })).toBe(0)
    expect(of({ 'Retry-After': 'Wed, 21 Oct 2015 07:27:00 GMT', Date: date })).toBeUndefined()
  })

  it.each([
    ['one of several', 'Wed, 21 Oct 2015 07:28:40 GMT, Wed, 21 Oct 2015 09:00:00 GMT'],
    ['in an older form', 'Wednesday, 21-Oct-15 07:28:40 GMT'],
    ['as other servers write it', '2015-10-21T07:28:40Z'],
  ])('takes a date %s', (_, value) => {
    expect(of({ 'Retry-After': value, Date: 'Wed, 21 Oct 2015 07:28:00 GMT' })).toBe(40_000)
  })

  it('takes a date relative to now where that of the answer is none', () => {
    const inAMinute = new Date(Date.now() + 60_000).toUTCString()

    expect(of({ 'Retry-After': inAMinute, Date: 'today' })).toBeGreaterThan(50_000)
  })

  it.each([Number.NaN, Number.POSITIVE_INFINITY, -5, 1e300, {}, [], [null], true])(
    'is unknown for a header that is %s',
    (value) => {
      const headers = { 'retry-after': value, 'retry-after-ms': value }

      expect(retryAfter({ status: 'fulfilled', value: { headers } })).toBeUndefined()
    },
  )

  it('takes a date relative to now where the answer has none', () => {
    const inAMinute = new Date(Date.now() + 60_000).toUTCString()

    expect(of({ 'Retry-After': inAMinute })).toBeGreaterThan(50_000)
    expect(of({ 'Retry-After': inAMinute })).toBeLessThanOrEqual(60_000)
    expect(of({ 'Retry-After': 'Wed, 21 Oct 2015 07:28:00 GMT' })).toBeUndefined()
  })

  it.each([
    ['an error with a response', { response: { headers: { 'retry-after': '2' } } }],
    ['an error with headers', { headers: new Headers({ 'retry-after': '2' }) }],
    ['headers that are lists', { headers: { 'retry-after': ['2'] } }],
    ['a header that is a number', { headers: { 'retry-after': 2 } }],
  ])('is found in %s', (_, about) => {
    const error = Object.assign(new Error('busy'), about)

    expect(retryAfter({ status: 'rejected', reason: error })).toBe(2_000)
    expect(retryAfter({ status: 'rejected', reason: new Error('outer', { cause: error }) })).toBe(
      2_000,
    )
  })

  it.each([undefined, null, 'text', 5, {}, { headers: null }, { headers: { get: () => {} } }])(
    'is unknown for %j',
    (value) => {
      expect(retryAfter({ status: 'fulfilled', value })).toBeUndefined()
      expect(retryAfter({ status: 'rejected', reason: value })).toBeUndefined()
    },
  )
})
