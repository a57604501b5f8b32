/**
 * An endless, repeatable stream of numbers in [0, 1): the generator sfc32. Streams of different
 * names are independent, so that drawing more from one changes nothing in another.
 */
export function randomStream(seed: number, name: string): () => number {
  const next = scrambler(seed, name)
  let a = next()
  let b = next()
  let c = next()
  let counter = 1
  const random = (): number => {
    const sum = (a + b + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + sum
    return (sum >>> 0) / 2 ** 32
  }
  for (let i = 0; i < 16; i++) random()
  return random
}

/** Words of 32 bits that depend on every bit of the seed and every character of the name. */
function scrambler(seed: number, name: string): () => number {
  let state = 0x9e3779b9
  const mix = (word: number): number => {
    state = Math.imul(state ^ word, 0x85ebca6b)
    state = Math.imul(state ^ (state >>> 15), 0xc2b2ae35)
    state ^= state >>> 13
    return state
  }
  mix(seed | 0)
  mix(Math.floor(seed / 2 ** 32) | 0)
  for (const character of name) mix(character.codePointAt(0) as number)
  return () => mix(0x6d2b79f5)
}

/** From the exponential distribution with mean 1. */
export function exponential(random: () => number): number {
  return -Math.log(1 - random())
}

/** The standard normal value that belongs to two uniform ones (Box and Muller). */
export function normal(first: number, second: number): number {
  return Math.sqrt(-2 * Math.log(1 - first)) * Math.cos(2 * Math.PI * second)
}
