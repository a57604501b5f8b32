import type { StateName } from '../src/index.ts'
import {
  answerBand,
  answerLook,
  faultBand,
  horizontalBar,
  inFlightBand,
  stateBand,
  stateLook,
} from './bands.ts'
import { type Change, callColumns, type Scale, stateColumns } from './columns.ts'
import type { Fault } from './faults.ts'
import { cut, type Line, type Span, type Style, span, wrap } from './spans.ts'
import { lastSecond, wastedMs } from './summary.ts'
import { seconds } from './time.ts'
import type { Call } from './traffic.ts'

/** Something that happened, in words. */
export interface News {
  at: number
  who: string
  text: string
  style?: Style
}

/** All that the live picture shows. */
export interface View {
  now: number
  lengthMs: number
  perSecond: number
  faults: readonly Fault[]
  guarded: readonly Call[]
  bare: readonly Call[]
  changes: readonly Change[]
  state: StateName
  /** The state in words, with its times. */
  standing: string
  /** One that counts failures in a row, for comparison. */
  classic: {
    maxFailures: number
    calls: readonly Call[]
    changes: readonly Change[]
    state: StateName
    standing: string
  }
  /** Why it is in this state, in the breaker's own words. */
  explanation: string
  news: readonly News[]
}

export const gutter = 12
const finestColumnMs = 200
const roomForExplanation = 36
const longestExplanation = 340

/**
 * The picture as lines no longer than `width`, at most `height` of them. Without that limit it is
 * the last one, and the breaker explains itself in the summary below it.
 */
export function drawFrame(view: View, width: number, height: number): Line[] {
  const columns = Math.min(width - gutter - 1, view.lengthMs / finestColumnMs)
  const scale = { lengthMs: view.lengthMs, width: Math.max(20, columns), now: view.now }
  const guarded = callColumns(view.guarded, scale)
  const bare = callColumns(view.bare, scale)
  // Room above the steady rate, for answers that come in a burst.
  const mostAnswers = (1.3 * view.perSecond * view.lengthMs) / 1_000 / scale.width
  const mostInFlight = Math.max(10, ...[...guarded, ...bare].map(({ inFlight }) => inFlight))

  const lines: Line[] = [
    title(
      `${view.perSecond} calls a second, with and without a breaker`,
      view,
      gutter + scale.width,
    ),
    row('upstreams', faultBand(view.faults, scale)),
    [],
    [span(' WITH THE BREAKER  ', 'bold'), span(view.standing, stateLook[view.state].style)],
    figures(view.guarded, view.now),
    row('state', stateBand(stateColumns(view.changes, scale))),
    row('answers', answerBand(guarded, mostAnswers)),
    row('in flight', inFlightBand(guarded, mostInFlight)),
    [
      span(` WITH A CLASSIC ONE (${view.classic.maxFailures} failures in a row)  `, 'bold'),
      span(view.classic.standing, stateLook[view.classic.state].style),
    ],
    row('state', stateBand(stateColumns(view.classic.changes, scale))),
    [],
    [span(' WITHOUT', 'bold')],
    figures(view.bare, view.now),
    row('answers', answerBand(bare, mostAnswers)),
    row('in flight', inFlightBand(bare, mostInFlight)),
    [],
    ...waste(view, scale),
    legend(),
    [],
    ...(height >= roomForExplanation && height < Infinity
      ? [...explain(view.explanation, width), []]
      : []),
  ]
  const room = Math.max(0, height - lines.length)
  const told = room > 0 ? view.news.slice(-room).map(newsLine) : []
  return [...lines, ...told].slice(0, height).map((line) => cut(line, width))
}

export function title(
  text: string,
  { now, lengthMs }: Pick<View, 'now' | 'lengthMs'>,
  width: number,
): Line {
  const left = ` short-circuit: ${text}`
  const right = `${seconds(Math.min(now, lengthMs))} s of ${seconds(lengthMs, 0)} s`
  const space = ' '.repeat(Math.max(2, width - left.length - right.length))
  return [span(left, 'bold'), span(space + right)]
}

export function row(label: string, band: Line): Line {
  return [span(` ${label}`.padEnd(gutter), 'dim'), ...band]
}

export function figures(calls: readonly Call[], now: number): Line {
  const { started, ok, failed, rejected, inFlight } = lastSecond(calls, now)
  const figure = (value: number, what: string, style: Style): Span[] => [
    span(String(value).padStart(4), value > 0 ? style : 'dim'),
    span(` ${what} `, 'dim'),
  ]
  return [
    span(' last second', 'dim'),
    ...figure(started, 'calls:', 'bold'),
    ...figure(ok, 'ok', 'green'),
    ...figure(failed, 'failed', 'red'),
    ...figure(rejected, 'rejected', 'cyan'),
    span('  now', 'dim'),
    ...figure(inFlight, 'in flight', 'yellow'),
  ]
}

function waste(view: View, scale: Scale): Line[] {
  const guarded = wastedMs(view.guarded)
  const classic = wastedMs(view.classic.calls)
  const bare = wastedMs(view.bare)
  const bar = (label: string, value: number, style: Style): Line => [
    span(label.padEnd(34), 'dim'),
    span(`${seconds(value)} s `.padStart(9)),
    span(horizontalBar(value, Math.max(guarded, bare, 200_000), scale.width - 32), style),
  ]
  return [
    bar(' waited in vain   with the breaker', guarded, 'green'),
    bar('                  with a classic one', classic, 'green'),
    bar('                  without', bare, 'red'),
  ]
}

function legend(): Line {
  const { ok, failed, rejected } = answerLook
  return [
    span(' '),
    stateLook.closed,
    span(' closed  ', 'dim'),
    stateLook.open,
    span(' open  ', 'dim'),
    stateLook['half-open'],
    span(' half-open     ', 'dim'),
    ok,
    span(' ok  ', 'dim'),
    failed,
    span(' failed  ', 'dim'),
    rejected,
    span(' rejected at once', 'dim'),
  ]
}

function explain(text: string, width: number): Line[] {
  const room = width - gutter - 1
  // Always as many lines, so that nothing below jumps as the story gets longer.
  const lines = wrap(text, room)
  return Array.from({ length: Math.ceil(longestExplanation / room) }, (_, index) =>
    row(index === 0 ? 'explain()' : '', [span(lines[index] ?? '')]),
  )
}

export function newsLine({ at, who, text, style }: News): Line {
  return [
    span(`${seconds(at)} s  `.padStart(9), 'dim'),
    span(who.padEnd(11), 'dim'),
    span(text, style),
  ]
}
