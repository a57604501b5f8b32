import { describe, expect, it } from 'vitest'
import { decode, encode } from './compact.ts'

describe('a number in a byte', () => {
  it('is exact up to 31', () => {
    for (let n = 0; n < 32; n++) expect(decode(encode(n))).toBe(n)
  })

  it('is within 3.2 % up to 524,287, and larger for a larger number', () => {
    let before = 0
    for (let n = 32; n <= 524_287; n += 1 + (n >> 9)) {
      const code = encode(n)
      expect(code).toBeGreaterThanOrEqual(before)
      expect(Math.abs(decode(code) - n) / n).toBeLessThan(0.032)
      before = code
    }
    expect(before).toBe(255)
  })

  it.each([
    [-1, 0],
    [0.4, 0],
    [0.5, 1],
    [1e9, 255],
    [Infinity, 255],
  ])('is for %d the code %i', (value, code) => {
    expect(encode(value)).toBe(code)
  })
})
