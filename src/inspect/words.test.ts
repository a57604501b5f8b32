import { describe, expect, it } from 'vitest'
import { ago, count, failureText, percent, sentence, span } from './words.ts'

describe('count', () => {
  it.each([
    [0, '0 calls'],
    [1, '1 call'],
    [1.5, '1.5 calls'],
    [2, '2 calls'],
  ])('puts the noun of %d in the right number: %s', (n, text) => {
    expect(count(n, 'call')).toBe(text)
  })
})

describe('ago', () => {
  it.each([
    [0, 'just now'],
    [0.9, 'just now'],
    [1, '1 ms ago'],
    [2_000, '2 s ago'],
  ])('says of %d ms: %s', (ms, text) => {
    expect(ago(ms)).toBe(text)
  })
})

describe('span', () => {
  const [SECOND, MINUTE, HOUR, DAY] = [1_000, 60_000, 3_600_000, 86_400_000] as const

  it.each([
    [-5, '0 ms'],
    [0.2, '1 ms'],
    [999, '999 ms'],
    [999.5, '1 s'],
    [SECOND, '1 s'],
    [59_940, '59.9 s'],
    [59_960, '1 min'],
    [MINUTE, '1 min'],
    [90_000, '1.5 min'],
    [59.94 * MINUTE, '59.9 min'],
    [59.96 * MINUTE, '1 h'],
    [HOUR, '1 h'],
    [1.5 * HOUR, '1.5 h'],
    [23.94 * HOUR, '23.9 h'],
    [23.96 * HOUR, '1 day'],
    [DAY, '1 day'],
    [1.5 * DAY, '1.5 days'],
    [120 * HOUR, '5 days'],
  ])('says of %d ms: %s', (ms, text) => {
    expect(span(ms)).toBe(text)
  })

  it('never counts to what the next unit begins with', () => {
    for (let ms = 0.3; ms < 3 * DAY; ms *= 1.0007) {
      expect(span(ms)).not.toMatch(/^(1000 ms|60 s|60 min|24 h)$/)
    }
  })
})

describe('percent', () => {
  it.each([
    [0.5, '50 %'],
    [1 / 3, '33.3 %'],
    [1, '100 %'],
  ])('says of %d: %s', (share, text) => {
    expect(percent(share)).toBe(text)
  })
})

describe('sentence', () => {
  it.each([
    ['It failed', 'It failed.'],
    ['It failed with: down.', 'It failed with: down.'],
    ['It failed with: why?', 'It failed with: why?'],
  ])('ends %s once', (text, ended) => {
    expect(sentence(text)).toBe(ended)
  })
})

describe('failureText', () => {
  it.each([
    ['Error', null, 'down', 'Error: down'],
    ['Error', null, '', 'Error'],
    ['Error', 'E_DOWN', 'no answer', 'Error (E_DOWN): no answer'],
    ['Error', 503, 'busy', 'Error (503): busy'],
    // Node, also through axios
    [
      'Error',
      'ECONNREFUSED',
      'connect ECONNREFUSED 127.0.0.1:80',
      'Error: connect ECONNREFUSED 127.0.0.1:80',
    ],
    ['Error', 'ENOENT', 'ENOENT: no such file', 'Error: ENOENT: no such file'],
    ['Error', 'ECONNRESET', 'socket hang up', 'Error (ECONNRESET): socket hang up'],
    ['AggregateError', 'ECONNREFUSED', '', 'AggregateError (ECONNREFUSED)'],
    // axios
    [
      'AxiosError',
      'ERR_BAD_RESPONSE',
      'Request failed with status code 500',
      'AxiosError (ERR_BAD_RESPONSE): Request failed with status code 500',
    ],
    [
      'AxiosError',
      'ERR_NETWORK',
      'AxiosError: Network Error',
      'AxiosError: Network Error (ERR_NETWORK)',
    ],
    // undici and fetch
    [
      'HeadersTimeoutError',
      'UND_ERR_HEADERS_TIMEOUT',
      'Headers Timeout Error',
      'Headers Timeout Error (UND_ERR_HEADERS_TIMEOUT)',
    ],
    [
      'TypeError',
      'ECONNREFUSED',
      'fetch failed: connect ECONNREFUSED ::1:80',
      'TypeError: fetch failed: connect ECONNREFUSED ::1:80',
    ],
    [
      'TimeoutError',
      23,
      'The operation was aborted due to timeout',
      'TimeoutError: The operation was aborted due to timeout',
    ],
    // gRPC, and a number that only looks like the code
    ['Error', 14, '14 UNAVAILABLE: no connection', 'Error: 14 UNAVAILABLE: no connection'],
    ['Error', 5, 'no answer in 50 ms', 'Error (5): no answer in 50 ms'],
    ['Error', 'EBUSY', 'EBUSY', 'Error: EBUSY'],
    ['EBUSY', 'EBUSY', '', 'EBUSY'],
    ['string', null, 'two\n  lines ', 'string: two lines'],
  ])('tells %s, %s, %j once each', (name, code, message, text) => {
    expect(failureText({ name, code, message })).toBe(text)
  })
})
