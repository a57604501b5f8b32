import type { WriteStream } from 'node:tty'
import { type Line, paint } from './spans.ts'

const hideCursor = '\x1b[?25l'
const showCursor = '\x1b[?25h'
const eraseLine = '\x1b[K'
const eraseBelow = '\x1b[J'
const clearAll = '\x1b[2J\x1b[H'
const up = (lines: number) => (lines > 0 ? `\x1b[${lines}A` : '')

export interface Display {
  stop(): void
}

/**
 * Draws a picture of at most so many columns and rows ten times a second over itself, in the ordinary
 * screen, so that the last one stays readable above the summary.
 */
export function showOnScreen(
  stream: WriteStream,
  picture: (width: number, height: number) => Line[],
): Display {
  const colours = stream.hasColors()
  let drawn = 0
  // One row less than there is: a full screen would scroll, and the way back up would be wrong.
  const draw = (height = (stream.rows || 24) - 1) => {
    const lines = picture(stream.columns || 80, height)
    const text = lines.map((line) => `${paint(line, colours)}${eraseLine}\n`).join('')
    stream.write(up(drawn) + text + eraseBelow)
    drawn = lines.length
  }
  const redraw = () => {
    // A narrower terminal has folded the old lines; over an unknown number of rows.
    stream.write(clearAll)
    drawn = 0
    draw()
  }
  const restore = () => stream.write(showCursor)

  stream.write(hideCursor)
  process.once('exit', restore)
  stream.on('resize', redraw)
  const timer = setInterval(() => draw(), 100)
  draw()
  return {
    stop() {
      clearInterval(timer)
      stream.off('resize', redraw)
      // The last picture may scroll: it tells every event.
      draw(Infinity)
      restore()
      process.off('exit', restore)
    },
  }
}

export function print(stream: NodeJS.WriteStream, lines: readonly Line[], colours: boolean): void {
  stream.write(lines.map((line) => `${paint(line, colours)}\n`).join(''))
}
