import { CircuitBreaker } from '../src/index.ts'
import type { Change } from './columns.ts'
import { type Fault, lengthMs, playFaults } from './faults.ts'
import type { News, View } from './frame.ts'
import { writeLines } from './plain.ts'
import { drawReport } from './report.ts'
import { print, showOnScreen } from './screen.ts'
import { span } from './spans.ts'
import { responses, summarize } from './summary.ts'
import { seconds, startClock } from './time.ts'
import { ask, type Call, sendTraffic } from './traffic.ts'
import { endUpstreams, UpstreamProcess } from './upstream-process.ts'
import { shortcomings } from './verdict.ts'
import { tellChange } from './words.ts'

const maxFailures = 5
const perSecond = 40
const callTimeout = 1_000
const resetTimeout = 1_000

const breaker = new CircuitBreaker({
  name: 'upstream',
  maxFailures,
  resetTimeout,
  callTimeout,
  classify: (call) =>
    call.status === 'fulfilled' && Number(call.value) >= 500 ? 'failure' : undefined,
})

// However this ends, the upstreams end with it. Only an unannounced exit, as after a
// crash, has no time to see them go.
process.once('exit', () => void endUpstreams())
const leave = async (code: number): Promise<void> => {
  await endUpstreams()
  process.exit(code)
}
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const) {
  process.once(signal, () => void leave(code))
}
// `npm run demo | head` closes the pipe; there is no reader any more.
process.stdout.once('error', () => void leave(1))

if (process.platform === 'win32') {
  console.error('The demo freezes processes with SIGSTOP, which Windows does not have.')
  process.exit(1)
}

// Two equal upstreams, hurt in the same way at the same moments: the crowd that waits at the one
// without a breaker must not slow down the other.
const [guardedUpstream, bareUpstream] = await Promise.all([
  UpstreamProcess.start(),
  UpstreamProcess.start(),
])
const askGuarded = () => breaker.run((signal) => ask(guardedUpstream.url, signal))
const askBare = () => ask(bareUpstream.url, AbortSignal.timeout(callTimeout))
await Promise.all([ask(guardedUpstream.url, AbortSignal.timeout(5_000)), askBare()])

const now = startClock()
const guarded: Call[] = []
const bare: Call[] = []
const faults: Fault[] = []
const changes: Change[] = []
const news: News[] = []

const looks = { closed: 'green', open: 'red', 'half-open': 'yellow' } as const
breaker.on('transition', ({ to }) => {
  const at = now()
  changes.push({ at, state: to })
  const text = tellChange(to, breaker.explain().trips.at(-1))
  news.push({ at, who: 'breaker', text, style: looks[to] })
})

let rejectsHeard = 0
breaker.on('reject', () => {
  rejectsHeard += 1
})

const view = (): View => {
  const { state, stateFor, retryAfter } = breaker.snapshot()
  const next = state === 'open' && retryAfter ? `, next probe in ${seconds(retryAfter)} s` : ''
  return {
    now: now(),
    lengthMs,
    perSecond,
    faults,
    guarded,
    bare,
    changes,
    news,
    state,
    explanation: breaker.explain().text,
    standing: `${state} for ${seconds(stateFor)} s${next}`,
  }
}

const display =
  process.stdout.isTTY && process.env['TERM'] !== 'dumb'
    ? showOnScreen(process.stdout, view)
    : writeLines(process.stdout, view)

await Promise.all([
  playFaults([guardedUpstream, bareUpstream], faults, now, (text) => {
    news.push({ at: now(), who: 'upstreams', text, style: 'bold' })
  }),
  sendTraffic(askGuarded, { calls: guarded, perSecond, until: lengthMs, now }),
  sendTraffic(askBare, { calls: bare, perSecond, until: lengthMs, now }),
])
display.stop()

const run = {
  guarded: summarize(guarded, faults, lengthMs),
  bare: summarize(bare, faults, lengthMs),
  responses: responses(faults, changes),
  totals: breaker.snapshot(),
  explanation: breaker.explain().text,
  faults,
  changes,
  rejectsHeard,
  maxFailures,
  callTimeout,
  resetTimeout,
}
const missed = shortcomings(run)
const verdict =
  missed.length === 0
    ? [[span(' The breaker did its job.', 'green')]]
    : missed.map((reason) => [span(` The breaker did not do its job: ${reason}.`, 'red')])
const colours = process.stdout.isTTY && process.stdout.hasColors()
print(process.stdout, [[], ...drawReport(run), [], ...verdict], colours)
await leave(missed.length === 0 ? 0 : 1)
