import { expect, it } from 'vitest'
import { satisfies } from './engines.ts'

it.each([
  ['20.19.0', '>=22', false],
  ['22.0.0', '>=22', true],
  ['20.19.0', '>= 20', true],
  ['4.3.9', '>= 4.4.x', false],
  ['12.1.0', '>=12.*', true],
  ['22.18.0', '>=22.19.0', false],
  ['24.1.0', '>=22.19.0', true],
  ['20.19.0', '^20.19.0 || ^22.12.0 || >=24.0.0', true],
  ['20.18.9', '^20.19.0 || ^22.12.0 || >=24.0.0', false],
  ['23.0.0', '^20.19.0 || ^22.12.0 || >=24.0.0', false],
  ['25.0.0', '^20.19.0 || ^22.12.0 || >=24.0.0', true],
])('Node %s in the range %s: %s', (version, range, expected) => {
  expect(satisfies(version, range)).toBe(expected)
})

it('does not guess what a range means', () => {
  expect(() => satisfies('20.19.0', '~20')).toThrow('cannot read the range ~20')
})
