import { type Line, span, wrap } from './spans.ts'
import type { Response, Side } from './summary.ts'
import { seconds } from './time.ts'
import type { Totals } from './verdict.ts'

const faultNames = { frozen: 'frozen (SIGSTOP)', killed: 'killed (SIGKILL)' }

/** The run in figures, side by side, and what they come to in one sentence. */
export function drawReport(run: {
  guarded: Side
  bare: Side
  responses: readonly Response[]
  totals: Totals
  /** The one that counts failures in a row. */
  classic: {
    side: Side
    responses: readonly Response[]
    maxFailures: number
    resetTimeout: number
  }
  callTimeout: number
  explanation: string
}): Line[] {
  const { guarded, bare, responses, totals, classic } = run
  const { admitted, settled, expired } = totals.counts
  const count = (name: string, of: (side: Side) => number): Line =>
    row(name, String(of(guarded)), String(of(classic.side)), String(of(bare)))
  const time = (name: string, of: (side: Side) => number): Line =>
    row(name, milliseconds(of(guarded)), milliseconds(of(classic.side)), milliseconds(of(bare)))

  return [
    [span(cells('', 'the breaker', 'a classic one', 'without'), 'bold')],
    count('calls', ({ calls }) => calls),
    count('answered', ({ ok }) => ok),
    count('failed', ({ failed }) => failed),
    row('rejected at once', String(guarded.rejected), String(classic.side.rejected), '–'),
    row(
      '  of these, the upstream was up again',
      String(guarded.rejectedWhileUp),
      String(classic.side.rejectedWhileUp),
      '–',
    ),
    bold(count('sent to an upstream that was down', ({ sentWhileDown }) => sentWhileDown)),
    bold(
      row(
        'waited for calls that failed',
        secondsOf(guarded.wastedMs),
        secondsOf(classic.side.wastedMs),
        secondsOf(bare.wastedMs),
      ),
    ),
    count('most calls waiting at one moment', ({ worstInFlight }) => worstInFlight),
    row(
      'calls waiting on average',
      guarded.meanInFlight.toFixed(1),
      classic.side.meanInFlight.toFixed(1),
      bare.meanInFlight.toFixed(1),
    ),
    time('90 % of all calls ended within', ({ p90 }) => p90),
    time('99 % of all calls ended within', ({ p99 }) => p99),
    row(
      'a rejection took',
      milliseconds(guarded.rejectedP50),
      milliseconds(classic.side.rejectedP50),
      '–',
    ),
    [],
    ...responses.flatMap(({ kind, tripMs, recoveryMs }, index) => {
      const other = classic.responses[index]
      return [
        bold(row(`${faultNames[kind]}: opened after`, maybe(tripMs), maybe(other?.tripMs), '–')),
        row('  closed after its return', maybe(recoveryMs), maybe(other?.recoveryMs), '–'),
      ]
    }),
    note(
      `The breaker has no options but the call timeout, ${seconds(run.callTimeout)} s: it sees calls hang.`,
    ),
    note(
      `The classic one opens with ${classic.maxFailures} failures in a row, which takes until those`,
    ),
    note(`time out, and probes every ${seconds(classic.resetTimeout)} s.`),
    note(
      `The breaker counted ${admitted} admitted = ${settled} settled + ${expired} expired + `,
      `${totals.inFlight} in flight.`,
    ),
    [],
    [span(' breaker.explain() now says:', 'bold')],
    ...wrap(run.explanation, 76).map((text) => [span(`   ${text}`)]),
    [],
    ...wrap(conclusion(guarded, bare), 78).map((text) => [span(` ${text}`, 'bold')]),
  ]
}

/** What the figures come to, in plain words. */
export function conclusion(guarded: Side, bare: Side): string {
  const saved = bare.wastedMs - guarded.wastedMs
  const share = bare.wastedMs > 0 ? Math.round((saved / bare.wastedMs) * 100) : 0
  const less = saved >= 0 ? `${share} % less` : 'more'
  const lost = Math.min(bare.ok - guarded.ok, guarded.rejected)
  const price =
    lost > 0
      ? `The price: ${lost} calls rejected that would have been answered.`
      : 'It cost no answers.'
  const text =
    `With the breaker callers waited ${secondsOf(guarded.wastedMs)} for calls that failed instead of ` +
    `${secondsOf(bare.wastedMs)}, ${less}, and the upstream that was down got ${guarded.sentWhileDown} ` +
    `calls instead of ${bare.sentWhileDown}. ${price}`
  // A number stays on one line with its unit.
  return text.replaceAll(/(\d) (s\b|%)/g, '$1\u00a0$2')
}

function bold(line: Line): Line {
  return line.map(({ text }) => span(text, 'bold'))
}

function note(...text: string[]): Line {
  return [span(`   ${text.join('')}`, 'dim')]
}

function row(...texts: [name: string, breaker: string, classic: string, bare: string]): Line {
  return [span(cells(...texts))]
}

function cells(name: string, breaker: string, classic: string, bare: string): string {
  return ` ${name.padEnd(37)}${breaker.padStart(13)}${classic.padStart(15)}${bare.padStart(12)}`
}

function milliseconds(ms: number): string {
  return ms < 1 ? `${ms.toFixed(2)} ms` : `${Math.round(ms)} ms`
}

function secondsOf(ms: number): string {
  return `${seconds(ms)} s`
}

function maybe(ms: number | undefined): string {
  return ms === undefined ? 'never' : `${seconds(ms, 2)} s`
}
