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
  ])('of %j is %s', (headers, ms) => {
    expect(of(headers as Record<string, string>)).toBe(ms)
  })

  it('takes a date relative to that of the same answer', () => {
    const date = 'Wed, 21 Oct 2015 07:28:00 GMT'

    expect(of({ 'Retry-After': 'Wed, 21 Oct 2015 07:28:40 GMT', Date: date })).toBe(40_000)
    expect(of({ 'Retry-After': date, Date: date })).toBe(0)
    expect(of({ 'Retry-After': 'Wed, 21 Oct 2015 07:27:00 GMT', Date: date })).toBeUndefined()
  })

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
