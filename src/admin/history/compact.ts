/**
 * A number in a byte, as a float with four bits of mantissa: exact to 31, within 3.1 % up to 524,287, and
 * that for whatever is more.
 */
export function encode(value: number): number {
  const whole = Math.min(Math.round(value), LARGEST)
  if (whole < 32) return Math.max(0, whole)
  const shift = 27 - Math.clz32(whole)
  const mantissa = Math.round(whole / 2 ** shift)
  const code = shift * 16 + mantissa
  return Math.min(code, 255)
}

const LARGEST = 524_287

export function decode(code: number): number {
  return code < 32 ? code : ((code & 15) + 16) * 2 ** ((code >> 4) - 1)
}
