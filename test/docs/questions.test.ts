import { describe, expect, it } from 'vitest'
import { read } from './examples.ts'

const ANSWERS = Array.from(
  read('docs/questions.md').matchAll(/^\*\*(.+?)\*\*(.+?)\n\n/gms),
  ([, question = '', answer = '']) => [question, answer] as const,
)

describe('the page of questions', () => {
  it('has at least twenty', () => {
    expect(ANSWERS.length).toBeGreaterThanOrEqual(20)
  })

  it.each(ANSWERS)('answers with a link: %s', (question, answer) => {
    expect(question).toMatch(/\?$/)
    expect(answer).toMatch(/\n\[[^\]]+\]\([^)]+\)[^\n]*$/)
  })
})
