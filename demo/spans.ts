import { styleText } from 'node:util'

export type Style = Parameters<typeof styleText>[0]

/** A piece of a line: text without control codes, and how it is to look. */
export interface Span {
  text: string
  style?: Style
}

/** A line not yet painted, so that it can be measured and cut by what is seen of it. */
export type Line = readonly Span[]

export function span(text: string, style?: Style): Span {
  return style === undefined ? { text } : { text, style }
}

/** Shortens a line to `width` characters, the last of them `…` when something was lost. */
export function cut(line: Line, width: number): Line {
  const length = line.reduce((sum, { text }) => sum + text.length, 0)
  if (length <= width) return line

  const kept: Span[] = []
  let room = width - 1
  for (const piece of line) {
    if (room <= 0) break
    kept.push({ ...piece, text: piece.text.slice(0, room) })
    room -= piece.text.length
  }
  return [...kept, span('…')]
}

export function paint(line: Line, colours: boolean): string {
  const text = ({ text, style }: Span) =>
    colours && style !== undefined ? styleText(style, text, { validateStream: false }) : text
  return line.map(text).join('')
}

/** Joins neighbours that look the same; a band of seventy columns needs a handful of codes. */
export function merge(line: Line): Line {
  const merged: Span[] = []
  for (const piece of line) {
    const last = merged.at(-1)
    if (last && String(last.style) === String(piece.style)) last.text += piece.text
    else merged.push({ ...piece })
  }
  return merged
}

/** Breaks text between words; a no-break space does not part what it joins. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = ''
    }
    line += (line === '' ? '' : ' ') + word
  }
  if (line !== '') lines.push(line)
  return lines.map((text) => text.replaceAll('\u00a0', ' '))
}
