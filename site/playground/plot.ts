import type { StateName } from 'short-circuit'

export type Kind = 'success' | 'failure' | 'rejected'

export interface Dot {
  readonly at: number
  /** How long the call took, ms. */
  readonly took: number
  readonly kind: Kind
}

export interface Change {
  readonly at: number
  readonly state: StateName
}

/** How much of the past is drawn, ms. */
export const SPAN = 30_000

const HEIGHT = 190
const FOOT = 20
const TICKS = [10, 100, 1_000]

/** Draws calls over the states in which they were made; the right edge is `now`. */
export function plot(
  canvas: HTMLCanvasElement,
  now: number,
  dots: readonly Dot[],
  changes: readonly Change[],
): void {
  const context = canvas.getContext('2d')
  if (context === null) return
  const width = canvas.clientWidth
  const scale = devicePixelRatio
  canvas.width = width * scale
  canvas.height = HEIGHT * scale
  context.scale(scale, scale)
  const style = getComputedStyle(canvas)
  const colour = (name: string) => style.getPropertyValue(`--play-${name}`)
  const x = (at: number) => width * (1 - (now - at) / SPAN)
  // Logarithmic, from 3 ms to 10 s.
  const y = (took: number) =>
    (HEIGHT - FOOT) * (1 - Math.log(Math.max(took, 3) / 3) / Math.log(10_000 / 3))

  for (const [index, { at, state }] of changes.entries()) {
    const end = changes[index + 1]?.at ?? now
    if (state === 'closed') continue
    context.fillStyle = colour(`${state}-soft`)
    context.fillRect(x(at), 0, x(end) - x(at), HEIGHT - FOOT)
    context.fillStyle = colour(state)
    context.fillRect(x(at), HEIGHT - FOOT - 3, x(end) - x(at), 3)
  }
  context.font = `11px ${style.fontFamily}`
  context.fillStyle = colour('label')
  for (const tick of TICKS) {
    context.globalAlpha = 0.35
    context.fillRect(0, y(tick), width, 0.5)
    context.globalAlpha = 1
    context.fillText(tick < 1_000 ? `${tick} ms` : `${tick / 1_000} s`, 4, y(tick) - 4)
  }
  context.fillText('30 s ago', 4, HEIGHT - 5)
  context.textAlign = 'right'
  context.fillText('now', width - 4, HEIGHT - 5)
  for (const { at, took, kind } of dots) {
    context.fillStyle = colour(kind)
    context.beginPath()
    // Rejected calls take no time: they are at the foot.
    context.arc(x(at), kind === 'rejected' ? HEIGHT - FOOT - 8 : y(took), 3, 0, 7)
    context.fill()
  }
}
