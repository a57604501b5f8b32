import { signal } from '@preact/signals'
import type { JSX } from 'preact'
import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { HistoryAnswer } from '../../src/admin/index.ts'
import { Band } from '../band.tsx'
import { clock, duration, rate } from '../format.ts'
import { now } from '../state.ts'
import { history, span as shownSpan } from './detail.ts'
import { HistoryTable } from './history-table.tsx'
import { Calls, InFlight, Key, Latency, LEFT, Times, type Values } from './plots.tsx'

const cursor = signal<number | undefined>(undefined)

export function Charts({ options }: { options: Readonly<Record<string, unknown>> }): JSX.Element {
  const { value } = history
  const element = useRef<HTMLDivElement>(null)
  const [width, setWidth] = useState(700)
  useLayoutEffect(() => {
    const { current } = element
    if (current === null) return
    const observer = new ResizeObserver(([entry]) => {
      if (entry !== undefined) setWidth(Math.max(200, Math.round(entry.contentRect.width)))
    })
    observer.observe(current)
    return () => observer.disconnect()
  }, [])
  return (
    <section class="card o3">
      <header>
        <h2>{shownSpan.value === '15m' ? 'Last 15 minutes' : 'Last 6 hours'}</h2>
        <At history={value} />
        <fieldset class="choice small">
          <legend class="sr">How far back</legend>
          {(['15m', '6h'] as const).map((key) => (
            <button
              key={key}
              type="button"
              aria-pressed={shownSpan.value === key}
              onClick={() => {
                shownSpan.value = key
              }}
            >
              {key === '15m' ? '15 min' : '6 h'}
            </button>
          ))}
        </fieldset>
      </header>
      <div
        class="charts"
        ref={element}
        onPointerMove={(event) => moveCursor(event, value)}
        onPointerLeave={() => {
          cursor.value = undefined
        }}
      >
        {value === undefined ? (
          <div class="no-history" />
        ) : value.kept ? (
          <All history={value} options={options} width={width} />
        ) : (
          <p class="nothing">The memory for this was needed for other breakers.</p>
        )}
      </div>
    </section>
  )
}

const PADDING = 16

function moveCursor(
  event: PointerEvent & { currentTarget: HTMLElement },
  value: HistoryAnswer | undefined,
): void {
  if (value === undefined) return
  const { left, width } = event.currentTarget.getBoundingClientRect()
  const plot = width - 2 * PADDING - LEFT
  const share = (event.clientX - left - PADDING - LEFT) / plot
  const index = Math.floor(share * value.ok.length)
  cursor.value = index >= 0 && index < value.ok.length ? index : undefined
}

/** When the cursor is, and the numbers there. */
function At({ history: value }: { history: HistoryAnswer | undefined }): JSX.Element {
  const index = cursor.value
  if (value === undefined || index === undefined) return <span class="at" />
  const at = value.until - (value.ok.length - index) * value.step
  const seconds = value.step / 1_000
  const per = (values: Values) => {
    const calls = values[index]
    return calls === null || calls === undefined ? '–' : `${rate(calls / seconds)}/s`
  }
  const p99 = value.p99[index]
  return (
    <span class="at">
      {clock(at, now.value)} · {per(value.ok)} ok, {per(value.failed)} failed, {per(value.rejected)}{' '}
      rejected{typeof p99 === 'number' && `, p99 ${duration(p99)}`}
    </span>
  )
}

function All({
  history: value,
  options,
  width,
}: {
  history: HistoryAnswer
  options: Readonly<Record<string, unknown>>
  width: number
}): JSX.Element {
  const { step, until, ok, band } = value
  const from = until - step * ok.length
  const { callTimeout, maxConcurrent } = options
  const hasLatency = value.p99.some((one) => one !== null)
  const isNarrow = width < 480
  return (
    <>
      <div class="chart">
        <div class="keys-line">
          <b>State</b>
          <Key kind="band-c">closed</Key>
          <Key kind="band-h">half-open</Key>
          <Key kind="band-o">open</Key>
          <Key kind="band-x">by hand</Key>
        </div>
        <div class="band-row">
          <Band parts={band} from={from} until={until} />
        </div>
      </div>
      <Calls history={value} width={width} />
      {hasLatency || options['statistics'] === true ? (
        <Latency history={value} width={width} timeout={callTimeout} />
      ) : (
        <p class="nothing chart">
          No latency: <code>{'admin({ statistics: true })'}</code>, or the option{' '}
          <code>statistics</code> of a breaker, measures it. It costs each call about 0.1 µs.
        </p>
      )}
      <InFlight history={value} width={width} most={maxConcurrent} />
      <Times from={from} until={until} width={width} parts={isNarrow ? 3 : 6} />
      <details class="as-table">
        <summary>As a table</summary>
        <HistoryTable history={value} />
      </details>
      <Cursor history={value} width={width} />
    </>
  )
}

function Cursor({
  history: value,
  width,
}: {
  history: HistoryAnswer
  width: number
}): JSX.Element | null {
  const index = cursor.value
  if (index === undefined) return null
  const left = PADDING + LEFT + ((index + 0.5) / value.ok.length) * (width - LEFT)
  return <div class="cursor" style={{ left: `${left}px` }} />
}
