import { type Piece, piecesOf, SHAPES } from './pieces.ts'
import type { Recording } from './recording.ts'
import type { Style } from './spans.ts'

// The picture has no script and no font of its own, so that it plays where only images are shown.

const cell = { width: 8, height: 17 }
const baseline = 12.5
const margin = { x: 10, top: 12, bottom: 10 }

/** The looks in use, with their colours on a light and on a dark page. */
const LOOKS: Readonly<Record<string, { light: string; dark: string }>> = {
  green: { light: '#1a7f37', dark: '#3fb950' },
  red: { light: '#cf222e', dark: '#f85149' },
  yellow: { light: '#9a6700', dark: '#d29922' },
  cyan: { light: '#1b7c83', dark: '#39c5cf' },
  magenta: { light: '#8250df', dark: '#bc8cff' },
  blueBright: { light: '#0969da', dark: '#79c0ff' },
  whiteBright: { light: '#ffffff', dark: '#ffffff' },
  bgRed: { light: '#cf222e', dark: '#da3633' },
  dim: { light: '#59636e', dark: '#9198a1' },
}
const paper = { light: '#ffffff', dark: '#0d1117' }
const ink = { light: '#1f2328', dark: '#e6edf3' }
const frame = { light: '#d1d9e0', dark: '#3d444d' }

/** Draws a recording as an animated SVG that goes round, and stands still at its end where motion is not wanted. */
export function drawRecording(recording: Recording, description: string): string {
  const { width, everyMs, frames } = recording
  const rows = Math.max(...frames.map((lines) => lines.length))
  const groups = new Map<string, Piece[]>()
  for (const piece of piecesOf(recording)) {
    const time = `${piece.from} ${piece.until}`
    const group = groups.get(time)
    if (group) group.push(piece)
    else groups.set(time, [piece])
  }
  const size = {
    width: width * cell.width + 2 * margin.x,
    height: rows * cell.height + margin.top + margin.bottom,
  }
  const lengths = new Set<number>()
  const drawn = Array.from(groups.values(), (pieces) => {
    const { from, until } = pieces[0] as Piece
    const shapes = drawPieces(pieces)
    if (until - from === frames.length) return shapes
    lengths.add(until - from)
    // Negative, so that each is somewhere in its round from the beginning on.
    const delay = ((from - frames.length) * everyMs) / 1_000
    const last = until === frames.length ? ' z' : ''
    return `<g class="t${until - from}${last}" style="animation-delay:${delay}s">${shapes}</g>`
  })
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${size.height}" width="${size.width}" height="${size.height}" role="img" aria-label="${escaped(description)}">`,
    `<style>${styles(lengths, frames.length, (frames.length * everyMs) / 1_000)}</style>`,
    `<rect class="paper" x=".5" y=".5" width="${size.width - 1}" height="${size.height - 1}" rx="6"/>`,
    `<g transform="translate(${margin.x} ${margin.top})">`,
    ...drawn,
    '</g>',
    '</svg>',
  ].join('\n')}\n`
}

function styles(lengths: Iterable<number>, total: number, seconds: number): string {
  const looks = Object.keys(LOOKS)
  const colours = (page: 'light' | 'dark') =>
    [
      `svg{color:${ink[page]}}`,
      `.paper{fill:${paper[page]};stroke:${frame[page]}}`,
      ...looks.map((name) => `.${name}{color:${LOOKS[name]?.[page]}}`),
    ].join('')
  const shown = (length: number) => Number(((length / total) * 100).toFixed(3))
  return [
    'text{font:13px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:currentColor}',
    'path{fill:currentColor;shape-rendering:crispEdges}.line{fill:none;shape-rendering:auto;stroke:currentColor;stroke-width:1.4}',
    '.light{opacity:.3}.dark{opacity:.7}.bold text,text.bold{font-weight:700}',
    colours('light'),
    `@media (prefers-color-scheme:dark){${colours('dark')}}`,
    `[style]{visibility:hidden;animation-duration:${seconds}s;animation-timing-function:step-end;animation-iteration-count:infinite}`,
    '.z{visibility:visible}',
    ...Array.from(
      lengths,
      (length) =>
        `.t${length}{animation-name:t${length}}@keyframes t${length}{0%{visibility:visible}${shown(length)}%,to{visibility:hidden}}`,
    ),
    '@media (prefers-reduced-motion:reduce){[style]{animation:none}}',
  ].join('\n')
}

/** Pieces of one time, drawn with as few elements as there are looks and phrases. */
function drawPieces(pieces: readonly Piece[]): string {
  const shapes = pieces.filter(({ text }) => SHAPES.includes(text))
  const words = pieces.filter(({ text }) => !SHAPES.includes(text))
  return [...drawShapes(shapes), ...phrases(words).map(drawText)].join('')
}

/** Words of one look that follow each other on a line, as one text. */
function phrases(words: readonly Piece[]): Piece[] {
  const found: Piece[] = []
  for (const word of words) {
    const last = found.at(-1)
    const end = last ? last.column + last.text.length : -1
    const gap = word.column - end
    if (last && last.row === word.row && gap >= 0 && gap <= 1 && same(last.style, word.style)) {
      last.text += ' '.repeat(gap) + word.text
    } else found.push({ ...word })
  }
  return found
}

function drawText({ row, column, text, style }: Piece): string {
  const x = column * cell.width
  const y = row * cell.height + baseline
  // As wide as its cells, whichever font is there.
  const length = ` textLength="${text.length * cell.width}"`
  return `<text${classOf(style)} x="${x}" y="${y}"${length}>${escaped(text)}</text>`
}

/** A shape as the path of its outline, and which kind of path it is. */
interface Shape {
  kind: string
  path: string
}

function drawShapes(shapes: readonly Piece[]): string[] {
  const paths = new Map<string, string>()
  const add = (opening: string, path: string) =>
    paths.set(opening, (paths.get(opening) ?? '') + path)
  for (const run of runs(shapes)) {
    const background = [run.style ?? []].flat().find((name) => name.startsWith('bg'))
    if (background !== undefined) add(`<path class="${background}"`, rectangle(run, 0, 1))
    const { kind, path } = shapeOf(run)
    add(`<path${classOf(run.style, kind)}`, path)
  }
  return Array.from(paths, ([opening, path]) => `${opening} d="${path}"/>`)
}

/** Equal characters side by side, as one piece. */
function runs(shapes: readonly Piece[]): Piece[] {
  const found: Piece[] = []
  for (const shape of shapes) {
    const last = found.at(-1)
    const follows = last?.row === shape.row && last.column + last.text.length === shape.column
    if (last && follows && last.text.startsWith(shape.text) && same(last.style, shape.style)) {
      last.text += shape.text
    } else found.push({ ...shape })
  }
  return found
}

function shapeOf(run: Piece): Shape {
  const character = run.text.charAt(0)
  const length = run.text.length
  const height = '▁▂▃▄▅▆▇█'.indexOf(character) + 1
  if (height > 0) return { kind: '', path: rectangle(run, 1 - height / 8, 1) }
  if (character === '░') return { kind: 'light', path: rectangle(run, 0, 1) }
  if (character === '▓') return { kind: 'dark', path: rectangle(run, 0, 1) }
  if (character === '─') return { kind: '', path: rectangle(run, 0.46, 0.54) }
  const each = (path: (x: number, y: number) => string) =>
    Array.from({ length }, (_, index) =>
      path((run.column + index) * cell.width, run.row * cell.height),
    ).join('')
  const width = '▏▎▍▌▋▊▉'.indexOf(character) + 1
  if (width > 0)
    return { kind: '', path: each((x, y) => `M${x} ${y}h${width}v${cell.height}h-${width}z`) }
  if (character === '·') return { kind: '', path: each((x, y) => `M${x + 3} ${y + 8}h2v2h-2z`) }
  return { kind: 'line', path: each((x, y) => `M${x + 2} ${y + 6}l4 5m0-5l-4 5`) }
}

/** All of the cells of a run from one height to another, by shares of a cell. */
function rectangle({ row, column, text }: Piece, top: number, bottom: number): string {
  const y = round((row + top) * cell.height)
  const height = round((bottom - top) * cell.height)
  const width = text.length * cell.width
  return `M${column * cell.width} ${y}h${width}v${height}h-${width}z`
}

function round(value: number): number {
  return Number(value.toFixed(2))
}

/** The background is a shape of its own. */
function classOf(style: Style | undefined, ...more: string[]): string {
  const names = [style ?? [], ...more]
    .flat()
    .filter((name) => name !== '' && !name.startsWith('bg'))
  return names.length > 0 ? ` class="${names.join(' ')}"` : ''
}

function same(one: Style | undefined, other: Style | undefined): boolean {
  return String(one) === String(other)
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}
