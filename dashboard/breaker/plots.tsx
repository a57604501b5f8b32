import type { ComponentChildren, JSX } from 'preact'
import type { HistoryAnswer } from '../../src/admin/index.ts'
import { count, duration, minutes, rate } from '../format.ts'
import { areaPath, barPath, dotPath, linePath, niceMax } from './chart-paths.ts'

export type Values = readonly (number | null)[]

/** Room for the numbers at the left. */
export const LEFT = 52

export function Key({
  kind,
  children,
}: {
  kind: string
  children: ComponentChildren
}): JSX.Element {
  return (
    <span class={`key ${kind}`}>
      <i aria-hidden="true" />
      {children}
    </span>
  )
}

/** A frame with three lines and their numbers. */
function Frame({
  height,
  width,
  most,
  show,
  sentence,
  children,
}: {
  height: number
  width: number
  most: number
  show: (value: number) => string
  sentence: string
  children: ComponentChildren
}): JSX.Element {
  return (
    <svg class="plot" width={width} height={height + 12} role="img" aria-label={sentence}>
      {[0, 0.5, 1].map((share) => {
        const y = 6 + height * (1 - share)
        return (
          <g key={share}>
            <path class="grid-line" d={`M${LEFT} ${y}H${width}`} />
            <text x={LEFT - 6} y={y + 3.5} text-anchor="end">
              {show(most * share)}
            </text>
          </g>
        )
      })}
      <g transform={`translate(${LEFT} 6)`}>{children}</g>
    </svg>
  )
}

export function Calls({
  history: value,
  width,
}: {
  history: HistoryAnswer
  width: number
}): JSX.Element {
  const seconds = value.step / 1_000
  const per = (values: Values) => values.map((one) => (one === null ? null : one / seconds))
  const [ok, failed, rejected] = [per(value.ok), per(value.failed), per(value.rejected)]
  const sums = ok.map((one, index) => (one ?? 0) + (failed[index] ?? 0) + (rejected[index] ?? 0))
  const most = niceMax(Math.max(...sums))
  const area = { width: width - LEFT, height: 112, most }
  const latest = sums.findLast((_, index) => ok[index] !== null) ?? 0
  return (
    <div class="chart">
      <div class="keys-line">
        <b>Calls per second</b>
        <Key kind="ok">succeeded</Key>
        <Key kind="failed">failed</Key>
        <Key kind="rejected">rejected</Key>
      </div>
      <Frame
        {...area}
        width={width}
        show={rate}
        sentence={`Calls per second: ${rate(latest)} now, at most ${rate(Math.max(...sums))}`}
      >
        <defs>
          <pattern
            id="hatch"
            width="4"
            height="4"
            patternUnits="userSpaceOnUse"
            patternTransform="rotate(45)"
          >
            <rect class="hatch-ground" width="4" height="4" />
            <rect class="hatch-line" width="1.7" height="4" />
          </pattern>
        </defs>
        <path class="ok" d={barPath(ok, [], area)} />
        <path class="failed" d={barPath(failed, [ok], area)} />
        <path fill="url(#hatch)" d={barPath(rejected, [ok, failed], area)} />
      </Frame>
    </div>
  )
}

export function Latency({
  history: { p50, p90, p99 },
  width,
  timeout,
}: {
  history: HistoryAnswer
  width: number
  timeout: unknown
}): JSX.Element {
  const highest = Math.max(1, ...p99.map((value) => value ?? 0))
  const limit = typeof timeout === 'number' && timeout <= highest * 4 ? timeout : undefined
  const most = niceMax(Math.max(highest, limit ?? 0))
  const area = { width: width - LEFT, height: 84, most }
  const y = limit === undefined ? 0 : 84 * (1 - limit / most)
  const latest = p99.findLast((value) => value !== null)
  const show = (value: number) => (value === 0 ? '0' : shortDuration(value))
  return (
    <div class="chart">
      <div class="keys-line">
        <b>Latency</b>
        <Key kind="line p99">p99</Key>
        <Key kind="line p90">p90</Key>
        <Key kind="line p50">p50</Key>
      </div>
      <Frame
        {...area}
        width={width}
        show={show}
        sentence={
          typeof latest === 'number' ? `Latency: p99 is ${duration(latest)}` : 'Latency: no calls'
        }
      >
        {limit !== undefined && (
          <>
            <path class="limit" d={`M0 ${y}H${area.width}`} />
            <text class="limit-text" x={area.width} y={y < 12 ? y + 13 : y - 4} text-anchor="end">
              callTimeout {shortDuration(limit)}
            </text>
          </>
        )}
        {(
          [
            ['p50', p50],
            ['p90', p90],
            ['p99', p99],
          ] as const
        ).map(([kind, values]) => (
          <g key={kind} class={kind}>
            <path class="stroke" d={linePath(values, area)} />
            <path class="dots" d={dotPath(values, area)} />
          </g>
        ))}
      </Frame>
    </div>
  )
}

function shortDuration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms * 10) / 10}\u00a0ms`
  return `${Math.round(ms / 100) / 10}\u00a0s`
}

export function InFlight({
  history: { inFlight },
  width,
  most: limit,
}: {
  history: HistoryAnswer
  width: number
  most: unknown
}): JSX.Element {
  const highest = Math.max(1, ...inFlight.map((value) => value ?? 0))
  const area = { width: width - LEFT, height: 42, most: Math.max(2, niceMax(highest)) }
  return (
    <div class="chart">
      <div class="keys-line">
        <b>In flight</b>
        {typeof limit === 'number' && <span>at most {count(limit)}</span>}
      </div>
      <Frame {...area} width={width} show={count} sentence={`In flight: at most ${highest}`}>
        <path class="flight-area" d={areaPath(inFlight, area)} />
        <path class="flight stroke" d={linePath(inFlight, area)} />
      </Frame>
    </div>
  )
}

export function Times({
  from,
  until,
  width,
  parts,
}: {
  from: number
  until: number
  width: number
  parts: number
}): JSX.Element {
  return (
    <svg class="plot" width={width} height="16" aria-hidden="true">
      {Array.from({ length: parts }, (_, index) => {
        const share = (index + 0.5) / parts
        return (
          <text key={share} x={LEFT + share * (width - LEFT)} y="11" text-anchor="middle">
            {minutes(from + share * (until - from))}
          </text>
        )
      })}
      <text class="strong" x={width} y="11" text-anchor="end">
        now
      </text>
    </svg>
  )
}
