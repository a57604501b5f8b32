import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { HistoryAnswer } from '../../src/admin/index.ts'
import { breakerPath, get } from '../api.ts'
import { Histories } from './histories.ts'

const histories = new Histories((name) =>
  get<HistoryAnswer>(breakerPath(name, '/history', { window: '15m' })),
)

const HEIGHT = 22
/** Two steps are one bar. */
const STEPS = 2

/** The calls of the last minutes: succeeded, failed, rejected. */
export function CallBars({ name }: { name: string }): JSX.Element {
  const [history, show] = useState(() => histories.of(name))
  useEffect(() => histories.follow(name, show), [name])
  if (history === undefined) return <div class="bars" />
  const bars = barsOf(history)
  const most = Math.max(0.1, ...bars.map(([ok, failed, rejected]) => ok + failed + rejected))
  const paths = ['', '', '']
  for (const [index, bar] of bars.entries()) {
    let top = HEIGHT
    for (const [kind, value] of bar.entries()) {
      const height = value === 0 ? 0 : Math.max(0.8, (value / most) * HEIGHT)
      if (height > 0)
        paths[kind] += `M${index} ${(top - height).toFixed(1)}h.86v${height.toFixed(1)}h-.86z`
      top -= height
    }
  }
  return (
    <svg
      class="bars"
      viewBox={`0 0 ${bars.length} ${HEIGHT}`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      <path class="ok" d={paths[0]} />
      <path class="failed" d={paths[1]} />
      <path class="rejected" d={paths[2]} />
    </svg>
  )
}

function barsOf({ ok, failed, rejected }: HistoryAnswer): [number, number, number][] {
  const bars: [number, number, number][] = []
  for (let start = 0; start < ok.length; start += STEPS) {
    const sum = (values: readonly (number | null)[]) =>
      values.slice(start, start + STEPS).reduce<number>((total, value) => total + (value ?? 0), 0)
    bars.push([sum(ok), sum(failed), sum(rejected)])
  }
  return bars
}
