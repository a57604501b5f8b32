import type { Recording } from './recording.ts'
import type { Line, Span, Style } from './spans.ts'

/** Something that stands still on the screen for some frames: a word, or one character of a band. */
export interface Piece {
  row: number
  column: number
  text: string
  style: Style | undefined
  /** The first frame that shows it. */
  from: number
  /** The first frame after that which does not. */
  until: number
}

/** Characters that are drawn as shapes: every font has other widths and heights for them. */
export const SHAPES = '▁▂▃▄▅▆▇█▏▎▍▌▋▊▉░▓─·×'

const shapes = new RegExp(`[${SHAPES}]|[^${SHAPES}\\s]+`, 'g')

/** Cuts the frames into pieces, none of which changes while it is shown. */
export function piecesOf({ frames }: Pick<Recording, 'frames'>): Piece[] {
  const pieces: Piece[] = []
  let shown = new Map<string, Piece>()
  frames.forEach((lines, frame) => {
    const still = new Map<string, Piece>()
    for (const piece of lines.flatMap((line, row) => cutLine(line, row, frame))) {
      const key = [piece.row, piece.column, piece.style, piece.text].join(' ')
      const known = shown.get(key)
      if (known) known.until = frame + 1
      else pieces.push(piece)
      still.set(key, known ?? piece)
    }
    shown = still
  })
  return pieces
}

function cutLine(line: Line, row: number, frame: number): Piece[] {
  let start = 0
  return line.flatMap(({ text, style }: Span) => {
    const column = start
    start += text.length
    return Array.from(text.matchAll(shapes), ({ 0: word, index }) => ({
      row,
      column: column + index,
      text: word,
      style,
      from: frame,
      until: frame + 1,
    }))
  })
}
