import { CircuitBreaker } from '../src/index.ts'
import { type Fault, lengthMs, playFaults } from './faults.ts'
import { drawFrame, type News, type View } from './frame.ts'
import { observe, standingOf } from './guarded.ts'
import { tellSecond, writeLines } from './plain.ts'
import { drawReport } from './report.ts'
import { print, showOnScreen } from './screen.ts'
import { span } from './spans.ts'
import { responses, summarize } from './summary.ts'
import { startClock } from './time.ts'
import { ask, type Call, failedIf500, sendTraffic } from './traffic.ts'
import { UpstreamProcess } from './upstream-process.ts'
import { shortcomings } from './verdict.ts'

const maxFailures = 5
const perSecond = 40
const callTimeout = 1_000
const resetTimeout = 1_000

/**
 * Calls equal upstreams with the default breaker, with a classic one and with none, while the same
 * happens to all of them, and returns the exit code.
 */
export async function compare(): Promise<number> {
  const common = { callTimeout, classify: failedIf500 }
  const breaker = new CircuitBreaker({ ...common, name: 'upstream' })
  const classic = new CircuitBreaker({ ...common, name: 'classic', maxFailures, resetTimeout })

  // Each its own, hurt in the same way at the same moments: the crowd that waits at the one without
  // a breaker must not slow down the others.
  const upstreams = await Promise.all([
    UpstreamProcess.start(),
    UpstreamProcess.start(),
    UpstreamProcess.start(),
  ])
  const [forBreaker, forClassic, forBare] = upstreams
  const askGuarded = () => breaker.run((signal) => ask(forBreaker.url, signal))
  const askClassic = () => classic.run((signal) => ask(forClassic.url, signal))
  const askBare = () => ask(forBare.url, AbortSignal.timeout(callTimeout))
  await Promise.all(upstreams.map(({ url }) => ask(url, AbortSignal.timeout(5_000))))

  const now = startClock()
  const bare: Call[] = []
  const faults: Fault[] = []
  const news: News[] = []
  const tell = (item: News) => void news.push(item)
  const guarded = observe(breaker, 'breaker', now, tell)
  const compared = observe(classic, 'classic', now, tell)

  const view = (): View => ({
    now: now(),
    lengthMs,
    perSecond,
    faults,
    guarded: guarded.calls,
    bare,
    changes: guarded.changes,
    ...standingOf(breaker.snapshot()),
    classic: {
      maxFailures,
      calls: compared.calls,
      changes: compared.changes,
      ...standingOf(classic.snapshot()),
    },
    explanation: breaker.explain().text,
    news,
  })
  const display =
    process.stdout.isTTY && process.env['TERM'] !== 'dumb'
      ? showOnScreen(process.stdout, (width, height) => drawFrame(view(), width, height))
      : writeLines(process.stdout, view, tellSecond)

  const traffic = { perSecond, until: lengthMs, now }
  await Promise.all([
    playFaults(upstreams, faults, now, (text) => {
      tell({ at: now(), who: 'upstreams', text, style: 'bold' })
    }),
    sendTraffic(askGuarded, { ...traffic, calls: guarded.calls }),
    sendTraffic(askClassic, { ...traffic, calls: compared.calls }),
    sendTraffic(askBare, { ...traffic, calls: bare }),
  ])
  display.stop()

  const bareSide = summarize(bare, faults, lengthMs)
  const run = { bare: bareSide, faults, callTimeout }
  const main = {
    guarded: summarize(guarded.calls, faults, lengthMs),
    responses: responses(faults, guarded.changes),
    totals: breaker.snapshot(),
  }
  const beside = {
    guarded: summarize(compared.calls, faults, lengthMs),
    responses: responses(faults, compared.changes),
    totals: classic.snapshot(),
  }
  const missed = [
    ...shortcomings({ ...run, ...main, ...guarded }),
    ...shortcomings({ ...run, ...beside, ...compared }).map(
      (reason) => `the classic one: ${reason}`,
    ),
  ]
  const verdict =
    missed.length === 0
      ? [[span(' The breaker did its job.', 'green')]]
      : missed.map((reason) => [span(` The breaker did not do its job: ${reason}.`, 'red')])
  const report = drawReport({
    ...main,
    bare: bareSide,
    classic: { side: beside.guarded, responses: beside.responses, maxFailures, resetTimeout },
    callTimeout,
    explanation: breaker.explain().text,
  })
  const colours = process.stdout.isTTY && process.stdout.hasColors()
  print(process.stdout, [[], ...report, [], ...verdict], colours)
  return missed.length === 0 ? 0 : 1
}
