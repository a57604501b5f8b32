import type { OpossumDefaults } from './opossum.ts'
import { type Line, span, wrap } from './spans.ts'
import { hungAfter, type Response, type Side } from './summary.ts'
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
  opossum: {
    side: Side
    responses: readonly Response[]
    version: string
    defaults: OpossumDefaults
  }
  callTimeout: number
  explanation: string
}): Line[] {
  const { guarded, bare, responses, totals, classic, opossum } = run
  const sides = [guarded, classic.side, opossum.side, bare]
  const { admitted, settled, expired } = totals.counts
  const count = (name: string, of: (side: Side) => number): Line =>
    row(name, ...sides.map((side) => String(of(side))))
  const time = (name: string, of: (side: Side) => number, tell = milliseconds): Line =>
    row(name, ...sides.map((side) => tell(of(side))))
  const breakers = (name: string, of: (side: Side) => string): Line =>
    row(name, of(guarded), of(classic.side), of(opossum.side), '–')

  return [
    [span(cells('', 'breaker', 'classic', 'opossum', 'without'), 'bold')],
    count('calls', ({ calls }) => calls),
    count('answered', ({ ok }) => ok),
    count('failed', ({ failed }) => failed),
    breakers('rejected at once', ({ rejected }) => String(rejected)),
    breakers('  of these, the upstream was up', ({ rejectedWhileUp }) => String(rejectedWhileUp)),
    bold(count('sent to an upstream that was down', ({ sentWhileDown }) => sentWhileDown)),
    bold(time('waited for calls that failed', ({ wastedMs }) => wastedMs, secondsOf)),
    count(`hung over ${seconds(hungAfter, 0)} s`, ({ hung }) => hung),
    bold(time('waited for calls that hung', ({ hungMs }) => hungMs, secondsOf)),
    count('most calls waiting at one moment', ({ worstInFlight }) => worstInFlight),
    time(
      'calls waiting on average',
      ({ meanInFlight }) => meanInFlight,
      (calls) => calls.toFixed(1),
    ),
    time('90 % of all calls ended within', ({ p90 }) => p90),
    time('99 % of all calls ended within', ({ p99 }) => p99),
    breakers('a rejection took', ({ rejected, rejectedP50 }) =>
      rejected > 0 ? milliseconds(rejectedP50) : '–',
    ),
    [],
    ...responses.flatMap(({ kind }, index) => {
      const met = [responses, classic.responses, opossum.responses].map((of) => of[index])
      const opened = met.map((response) => maybe(response?.tripMs))
      const closed = met.map((response) => maybe(response?.recoveryMs))
      return [
        bold(row(`${faultNames[kind]}: opened after`, ...opened, '–')),
        row('  closed after its return', ...closed, '–'),
      ]
    }),
    note(
      `The breaker has no options but the call timeout, ${seconds(run.callTimeout)} s: it sees calls hang.`,
    ),
    note(
      `The classic one opens with ${classic.maxFailures} failures in a row, which takes until those`,
    ),
    note(`time out, and probes every ${seconds(classic.resetTimeout)} s.`),
    ...opossumNotes(opossum.version, opossum.defaults),
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

/** Why it did what it did: it was not told anything else. */
function opossumNotes(version: string, defaults: OpossumDefaults): Line[] {
  const { timeout, errorThresholdPercentage, rollingCountTimeout, resetTimeout } = defaults
  return [
    note(
      `opossum ${version} has no options at all: a call may take ${seconds(timeout, 0)} s; when more than`,
    ),
    note(
      `${errorThresholdPercentage} % of the calls of ${seconds(rollingCountTimeout, 0)} s have failed it opens, `,
      `for ${seconds(resetTimeout, 0)} s.`,
    ),
  ]
}

function row(name: string, ...texts: string[]): Line {
  return [span(cells(name, ...texts))]
}

function cells(name: string, ...texts: string[]): string {
  return ` ${name.padEnd(34)}${texts.map((text) => text.padStart(11)).join('')}`
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
