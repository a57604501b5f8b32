import { type News, newsLine, type View } from './frame.ts'
import type { Display } from './screen.ts'
import { paint } from './spans.ts'
import { lastSecond } from './summary.ts'
import { seconds } from './time.ts'
import type { Call } from './traffic.ts'

/** For a pipe or a file: a line for each event and one for each second, without control codes. */
export function writeLines<V extends { now: number; news: readonly News[] }>(
  stream: NodeJS.WriteStream,
  view: () => V,
  tell: (view: V, at: number) => string,
): Display {
  let told = 0
  let nextSecond = 1_000
  const write = (at = view().now) => {
    const current = view()
    for (const item of current.news.slice(told)) {
      stream.write(`${paint(newsLine(item), false)}\n`)
    }
    told = current.news.length
    if (at < nextSecond) return
    nextSecond += 1_000
    stream.write(`${`${seconds(at)} s  `.padStart(9)}${tell(current, at)}\n`)
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

export function tellSecond({ guarded, opossum, bare, state }: View, at: number): string {
  const sides = [
    `with: ${tally(guarded, at)}`,
    `opossum: ${tally(opossum.calls, at)}`,
    `without: ${tally(bare, at)}`,
  ]
  return state.padEnd(11) + sides.join(' | ')
}

export function tally(calls: readonly Call[], now: number): string {
  const { ok, failed, rejected, inFlight } = lastSecond(calls, now)
  const count = (value: number, what: string) => `${String(value).padStart(3)} ${what}`
  return [
    count(ok, 'ok'),
    count(failed, 'failed'),
    count(rejected, 'rejected'),
    count(inFlight, 'in flight'),
  ].join(' ')
}
