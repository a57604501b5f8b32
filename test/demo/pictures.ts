import { expect, it } from 'vitest'
import { type Line, paint } from '../../demo/spans.ts'

/** More news than a screen has room for. */
export function manyNews<Who extends string>(
  who: Who,
): { readonly at: number; readonly who: Who; readonly text: string }[] {
  return Array.from({ length: 30 }, (_, index) => ({
    at: index * 100,
    who,
    text: `event ${index}, told in a sentence that is longer than eighty columns leave room for`,
  }))
}

/** The lines of a picture, without colours. */
export function plainLines(lines: readonly Line[]): string[] {
  return lines.map((line) => paint(line, false))
}

export function itStaysWithinTheScreen(draw: (width: number, height: number) => string[]): void {
  it.each([
    [140, 44],
    [80, 23],
    [40, 10],
    [20, 1],
  ])('stays within %i columns and %i rows', (width, height) => {
    const lines = draw(width, height)

    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(width)
    expect(lines.length).toBeLessThanOrEqual(height)
  })
}
