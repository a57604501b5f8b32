import { newsLine, type View } from './frame.ts'
import type { Display } from './screen.ts'
import { paint } from './spans.ts'
import { lastSecond } from './summary.ts'
import { seconds } from './time.ts'
import type { Call } from './traffic.ts'

/** For a pipe or a file: a line for each event and one for each second, without control codes. */
export function writeLines(stream: NodeJS.WriteStream, view: () => View): Display {
  let told = 0
  let nextSecond = 1_000
  const write = (at = view().now) => {
    const { news, guarded, bare, state } = view()
    for (const item of news.slice(told)) stream.write(`${paint(newsLine(item), false)}\n`)
    told = news.length
    if (at < nextSecond) return
    nextSecond += 1_000
    const time = `${seconds(at)} s  `.padStart(9)
    const sides = `with: ${tally(guarded, at)} | without: ${tally(bare, at)}`
    stream.write(`${time}${state.padEnd(11)}${sides}\n`)
  }
  const timer = setInterval(() => write(), 20)
  return {
    stop() {
      clearInterval(timer)
      // Timers may fire a little early; the last second is told all the same.
      write(Math.max(view().now, nextSecond))
    },
  }
}

function tally(calls: readonly Call[], now: number): string {
  const { ok, failed, rejected, inFlight } = lastSecond(calls, now)
  const count = (value: number, what: string) => `${String(value).padStart(3)} ${what}`
  return [
    count(ok, 'ok'),
    count(failed, 'failed'),
    count(rejected, 'rejected'),
    count(inFlight, 'in flight'),
  ].join(' ')
}
