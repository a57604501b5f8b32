import { describe, expect, it } from 'vitest'
import { cut, merge, paint, span, wrap } from '../../demo/spans.ts'

describe('cut', () => {
  const line = [span('abc', 'red'), span('def')]

  it('leaves a line alone that fits', () => {
    expect(cut(line, 6)).toBe(line)
  })

  it('ends a longer line with an ellipsis at the width, whatever its colours', () => {
    expect(paint(cut(line, 5), false)).toBe('abcd…')
    expect(paint(cut(line, 3), true)).toBe('\x1b[31mab\x1b[39m…')
  })
})

describe('paint', () => {
  it('writes no control codes without colours', () => {
    expect(paint([span('a', 'red'), span('b', ['bold', 'bgRed'])], false)).toBe('ab')
  })
})

describe('merge', () => {
  it('joins neighbours of one style and changes none of its input', () => {
    const line = [span('a', 'red'), span('b', 'red'), span('c')]

    expect(merge(line)).toEqual([span('ab', 'red'), span('c')])
    expect(line[0]).toEqual(span('a', 'red'))
  })
})

describe('wrap', () => {
  it('breaks between words, never between a number and its unit', () => {
    expect(wrap('it took 12\u00a0s longer', 10)).toEqual(['it took', '12 s', 'longer'])
  })
})
