import type { StateName } from '../src/index.ts'
import { type Column, columnOf, columnsPast, type Scale } from './columns.ts'
import type { Fault } from './faults.ts'
import { type Line, merge, type Span, span } from './spans.ts'
import type { Result } from './traffic.ts'

// Every band says what it says by its characters; colours only repeat it.

const heights = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█']

export const stateLook: Record<StateName, Required<Span>> = {
  closed: { text: '▂', style: 'green' },
  'half-open': { text: '▅', style: 'yellow' },
  open: { text: '█', style: 'red' },
}

export const answerLook: Record<Result, Required<Span>> = {
  ok: { text: '▇', style: 'green' },
  failed: { text: '×', style: ['whiteBright', 'bgRed'] },
  rejected: { text: '·', style: 'cyan' },
}

const faultLook: Record<Fault['kind'], Required<Span>> = {
  frozen: { text: '░', style: 'blueBright' },
  killed: { text: '▓', style: 'magenta' },
}

export function stateBand(states: readonly StateName[]): Line {
  return merge(states.map((state) => stateLook[state]))
}

/** What became of the calls that ended in each column; blank while callers only wait. */
export function answerBand(columns: readonly Column[], most: number): Line {
  return merge(columns.map((column) => answer(column, most)))
}

function answer({ ok, failed, rejected }: Column, most: number): Span {
  if (failed > 0 && failed >= ok && failed >= rejected) return answerLook.failed
  // A lone failure among rejections is a probe: marked, but not as loudly.
  if (failed > ok) return span(answerLook.failed.text, 'red')
  if (rejected > ok) return answerLook.rejected
  return span(bar(ok, most), answerLook.ok.style)
}

/** Calls waiting for an answer, as heights; `most` fills the line. */
export function inFlightBand(columns: readonly Column[], most: number): Line {
  return merge(columns.map(({ inFlight }) => span(bar(inFlight, most), 'yellow')))
}

function bar(value: number, most: number): string {
  // Less than a tenth is what rejections add up to: nothing.
  if (value < 0.1) return ' '
  return heights[Math.max(1, Math.min(8, Math.round((value / most) * 8)))] ?? ' '
}

/** The upstreams' life: a line while they are up, and each fault with its name where it fits. */
export function faultBand(faults: readonly Fault[], scale: Scale): Line {
  const band: Span[] = []
  const end = columnsPast(scale)
  let at = 0
  const draw = (name: string, look: Span, until: number) => {
    const width = Math.min(until, end) - at
    if (width <= 0) return
    band.push({ ...look, text: centred(name, look.text, width) })
    at += width
  }
  for (const fault of faults) {
    draw('up', { text: '─', style: 'green' }, columnOf(fault.from, scale))
    const until = fault.until === undefined ? end : columnOf(fault.until, scale)
    draw(fault.kind, faultLook[fault.kind], until)
  }
  draw('up', { text: '─', style: 'green' }, end)
  return band
}

function centred(name: string, fill: string, width: number): string {
  const label = name.length + 4 <= width ? ` ${name} ` : ''
  const left = Math.floor((width - label.length) / 2)
  return fill.repeat(left) + label + fill.repeat(width - label.length - left)
}

/** A horizontal bar of at most `width` characters, in eighths. */
export function horizontalBar(value: number, most: number, width: number): string {
  const eighths = most > 0 ? Math.round((value / most) * Math.max(0, width) * 8) : 0
  const rest = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'][eighths % 8] ?? ''
  return '█'.repeat(Math.floor(eighths / 8)) + rest
}
