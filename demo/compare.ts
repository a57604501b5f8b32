import { writeFileSync } from 'node:fs'
import { CircuitBreaker } from '../src/index.ts'
import { type Fault, lengthMs, playFaults } from './faults.ts'
import { drawFrame, type News, type View } from './frame.ts'
import { observe, standingOf } from './guarded.ts'
import { GuardedByOpossum, isRejectedByOpossum, opossumVersion } from './opossum.ts'
import { tellSecond, writeLines } from './plain.ts'
import { type Recording, recorded, recordScreen, rest } from './recording.ts'
import { drawReport } from './report.ts'
import { type Display, print, showOnScreen } from './screen.ts'
import { span } from './spans.ts'
import { responses, summarize } from './summary.ts'
import { drawRecording } from './svg.ts'
import { startClock } from './time.ts'
import { ask, type Call, failedIf500, sendTraffic } from './traffic.ts'
import { UpstreamProcess } from './upstream-process.ts'
import { shortcomings } from './verdict.ts'

const maxFailures = 5
const perSecond = 40
const callTimeout = 1_000
const resetTimeout = 1_000

const description =
  'A terminal: four equal servers are frozen and killed, and four lanes show what callers meet with ' +
  'short-circuit, with one that counts failures in a row, with opossum and its defaults, and with none.'

/**
 * Calls equal upstreams with the default breaker, with a classic one, with opossum's and with none,
 * while the same happens to all of them, and returns the exit code.
 *
 * @param file - where to write what the screen shows, as a picture that plays
 */
export async function compare(file?: string): Promise<number> {
  const common = { callTimeout, classify: failedIf500 }
  const breaker = new CircuitBreaker({ ...common, name: 'upstream' })
  const classic = new CircuitBreaker({ ...common, name: 'classic', maxFailures, resetTimeout })

  // Each its own, hurt in the same way at the same moments: the crowd that waits at the one without
  // a breaker must not slow down the others.
  const upstreams = await Promise.all([
    UpstreamProcess.start(),
    UpstreamProcess.start(),
    UpstreamProcess.start(),
    UpstreamProcess.start(),
  ])
  const [forBreaker, forClassic, forOpossum, forBare] = upstreams
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
  // It sets the time limit itself, and there is no signal that it would pass.
  const opossum = new GuardedByOpossum(() => ask(forOpossum.url), now, tell)

  // It takes longer where the machine is busy: then the picture is drawn anew for each second more.
  const length = () => Math.max(lengthMs, Math.floor(now() / 1_000) * 1_000)
  const view = (): View => ({
    now: now(),
    lengthMs: length(),
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
    opossum: {
      version: opossumVersion,
      calls: opossum.calls,
      changes: opossum.changes,
      ...opossum.standing(),
    },
    explanation: breaker.explain().text,
    news,
  })
  const picture = (width: number, height: number) => drawFrame(view(), width, height)
  const displays: Display[] = [
    process.stdout.isTTY && process.env['TERM'] !== 'dumb'
      ? showOnScreen(process.stdout, picture)
      : writeLines(process.stdout, view, tellSecond),
  ]
  const recording: Recording = { ...recorded, frames: [] }
  if (file !== undefined) {
    const { width, height } = recorded
    displays.push(recordScreen(recording, now, () => picture(width, height)))
  }

  let over = false
  const traffic = { perSecond, isOver: () => over, now }
  const haveRecovered = () => breaker.state === 'closed' && classic.state === 'closed'
  await Promise.all([
    playFaults(
      upstreams,
      faults,
      now,
      (text) => tell({ at: now(), who: 'upstreams', text, style: 'bold' }),
      haveRecovered,
    ).finally(() => {
      over = true
    }),
    sendTraffic(askGuarded, { ...traffic, calls: guarded.calls }),
    sendTraffic(askClassic, { ...traffic, calls: compared.calls }),
    sendTraffic(opossum.call, {
      ...traffic,
      calls: opossum.calls,
      isRejection: isRejectedByOpossum,
    }),
    sendTraffic(askBare, { ...traffic, calls: bare }),
  ])
  for (const display of displays) display.stop()
  opossum.end()

  const took = length()
  const bareSide = summarize(bare, faults, took)
  const run = { bare: bareSide, faults, callTimeout }
  const main = {
    guarded: summarize(guarded.calls, faults, took),
    responses: responses(faults, guarded.changes),
    totals: breaker.snapshot(),
  }
  const beside = {
    guarded: summarize(compared.calls, faults, took),
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
    opossum: {
      side: summarize(opossum.calls, faults, took),
      responses: responses(faults, opossum.changes),
      version: opossumVersion,
      defaults: opossum.defaults,
    },
    callTimeout,
    explanation: breaker.explain().text,
  })
  const colours = process.stdout.isTTY && process.stdout.hasColors()
  const summary = [...report, [], ...verdict]
  print(process.stdout, [[], ...summary], colours)
  if (file !== undefined) {
    rest(recording, summary.slice(-recorded.height), 12_000)
    writeFileSync(file, drawRecording(recording, description))
  }
  return missed.length === 0 ? 0 : 1
}
