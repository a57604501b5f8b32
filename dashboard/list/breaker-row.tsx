import { computed } from '@preact/signals'
import type { ComponentChildren, JSX } from 'preact'
import type { Row } from '../../src/admin/index.ts'
import { MenuButton } from '../actions/menu.tsx'
import { Band } from '../band.tsx'
import { duration, percent, rate, span, visible } from '../format.ts'
import { breakerHash } from '../route.ts'
import { now } from '../state.ts'
import { badgeOf, isIdle, StateBadge, shownFor, toneOf } from '../state-badge.tsx'
import { CallBars } from './call-bars.tsx'
import type { Measure } from './virtual-list.tsx'

const WINDOW = 15 * 60_000
/** What is a pixel or so of the band, ms. */
const STEP = 5_000

/** Bands move in steps, so that not all of them are painted anew each second. */
const bandEnd = computed(() => Math.ceil(now.value / STEP) * STEP)

export function BreakerRow({
  row,
  number,
  measure,
  index,
  height,
}: {
  row: Row
  number: number
  measure: Measure
  index: number
  /** Of the place that is kept for the row, px, while there is no time to show more than its name. */
  height: number | undefined
}): JSX.Element {
  const badge = badgeOf(row)
  const isTall = row.class < 2
  const tone = row.class === 0 && row.override !== null ? 'open' : toneOf(badge)
  const size = sizeOf(row)
  const { calls, failed, rejected } = row.rates
  const place = {
    ref: measure,
    'data-index': index,
    'data-name': row.name,
    role: 'row',
    'aria-rowindex': number + 1,
    class: `row item ${size}${isTall ? ` ${tone}` : ''}`,
    style: height === undefined ? {} : { height: `${height}px` },
  } as const
  if (height !== undefined) {
    return (
      <div {...place}>
        <div role="cell" class="c-state" />
        <div role="rowheader" class="c-name">
          <Name name={row.name} />
        </div>
      </div>
    )
  }
  return (
    <div {...place}>
      <div role="cell" class="c-state">
        <StateBadge badge={badge} filled={isTall} />
        {isTall && <div class="sub">for {span(shownFor(row))}</div>}
      </div>
      <div role="rowheader" class="c-name">
        <Name name={row.name}>
          <Pills row={row} />
        </Name>
        <Texts row={row} />
      </div>
      <div role="cell" class="c-band">
        <Band parts={row.band} from={bandEnd.value - WINDOW} until={bandEnd.value} />
        {row.class === 0 && <CallBars name={row.name} />}
      </div>
      <Cell label="calls" class="c-calls">
        {badge === 'disabled' ? (
          <Zero text="–" />
        ) : calls === 0 ? (
          <Zero />
        ) : (
          <PerSecond value={calls} />
        )}
      </Cell>
      <Cell label="failed">
        <FailedShare share={row.failedShare} failed={failed} />
      </Cell>
      <Cell label="rejected">
        {rejected === 0 ? (
          <Zero />
        ) : (
          <span class="rejected">
            <PerSecond value={rejected} />
          </span>
        )}
      </Cell>
      <Cell label="p99">{row.p99 === null ? <Zero text="–" /> : duration(row.p99)}</Cell>
      <Cell label="in flight" class="c-flight">
        {row.inFlight === 0 ? <Zero /> : row.inFlight}
      </Cell>
      <div role="cell" class="c-act">
        <MenuButton row={row} />
      </div>
    </div>
  )
}

/** How high a row is: its class in the style sheet. */
function sizeOf(row: Row): 'tall' | 'middle' | 'short' {
  if (row.class < 2) return 'tall'
  return row.why === '' || isIdle(row) ? 'short' : 'middle'
}

function Name({ name, children }: { name: string; children?: ComponentChildren }): JSX.Element {
  return (
    <div class="name">
      <a href={breakerHash(name)} title={name}>
        {visible(name)}
      </a>
      {children}
    </div>
  )
}

function Pills({ row }: { row: Row }): JSX.Element | null {
  const { override, automatic } = row
  if (override === null) return null
  return (
    <>
      {automatic !== 'closed' && <span class="pill bad">{automatic} underneath</span>}
      {override.until === null && <span class="pill warn">no end</span>}
    </>
  )
}

function Texts({ row }: { row: Row }): JSX.Element | null {
  const { override, why, next, trips15m } = row
  if (override !== null) {
    const left = override.until === null ? 'no end' : `${span(override.until - now.value)} more`
    return (
      <>
        <div class="why">
          <b>{override.by === null ? 'by hand' : visible(override.by)}</b>, {left}
          {override.reason !== null && <>: “{visible(override.reason)}”</>}
        </div>
        {row.class < 2 && row.automatic === 'closed' && <div class="sub">Underneath: closed</div>}
      </>
    )
  }
  if (why === '') return null
  return (
    <>
      <div class="why">{row.class === 3 ? why : <Fact text={why} />}</div>
      {next !== '' && (
        <div class="sub">{row.class === 0 || trips15m > 1 ? sentence(next) : next}</div>
      )}
    </>
  )
}

/** The fact is what is before the bracket or the colon. */
function Fact({ text }: { text: string }): JSX.Element {
  const shown = visible(text)
  const end = shown.search(/ \(|: |, at or/)
  if (end === -1) return <b>{shown}</b>
  return (
    <>
      <b>{shown.slice(0, end)}</b>
      {shown.slice(end)}
    </>
  )
}

function sentence(text: string): string {
  return visible(text.charAt(0).toUpperCase() + text.slice(1))
}

function Cell({
  label,
  class: name = '',
  children,
}: {
  label: string
  class?: string
  children: ComponentChildren
}): JSX.Element {
  return (
    <div role="cell" class={`num ${name}`} data-label={label}>
      {children}
    </div>
  )
}

function Zero({ text = '0' }: { text?: string }): JSX.Element {
  return <span class="zero">{text}</span>
}

function PerSecond({ value }: { value: number }): JSX.Element {
  return (
    <>
      {rate(value)}
      <small>/s</small>
    </>
  )
}

function FailedShare({ share, failed }: { share: number | null; failed: number }): JSX.Element {
  if (share === null) return <Zero text="–" />
  if (share === 0) return <Zero text="0 %" />
  const tone = share >= 0.25 && failed > 0 ? 'bad' : share >= 0.05 ? 'warn' : ''
  return <span class={tone}>{percent(share)}</span>
}
