import type { ReadonlySignal } from '@preact/signals'
import type { ComponentChildren, JSX } from 'preact'
import type { Row } from '../../src/admin/index.ts'
import { MenuButton } from '../actions/menu.tsx'
import { Band } from '../band.tsx'
import { count, duration, percent, rate, span, visible } from '../format.ts'
import { breakerHash } from '../route.ts'
import { badgeOf, shownFor, stateBadge, toneOf } from '../state-badge.tsx'
import { CallBars } from './call-bars.tsx'
import { sizeOf } from './order.ts'
import { type Snapshot, useSnapshot } from './snapshots.ts'

const WINDOW = 15 * 60_000
/** What is a pixel or so of the band, ms. */
const STEP = 5_000

export function BreakerRow({ name, number }: { name: string; number: number }): JSX.Element {
  const snapshot = useSnapshot(name)
  const { row } = snapshot.value
  const tone = row.class === 0 && row.override !== null ? 'open' : toneOf(badgeOf(row))
  return (
    <div
      data-name={name}
      role="row"
      aria-rowindex={number + 1}
      class={`row item ${sizeOf(row)}${row.class < 2 ? ` ${tone}` : ''}`}
    >
      <Cells snapshot={snapshot} />
    </div>
  )
}

/** Apart from the row, so that one that only moves is not rendered anew. */
function Cells({ snapshot }: { snapshot: ReadonlySignal<Snapshot> }): JSX.Element {
  const { row, at } = snapshot.value
  // In steps, so that not all bands are painted anew each second.
  const bandEnd = Math.ceil(at / STEP) * STEP
  const badge = badgeOf(row)
  const isTall = row.class < 2
  const { calls, rejected } = row.rates
  // Functions, not components: of these there would be hundreds, for which a frame has no time.
  return (
    <>
      <div role="cell" class="c-state">
        {stateBadge(badge, isTall)}
        {isTall && <div class="sub">for {span(shownFor(row))}</div>}
      </div>
      <div role="rowheader" class="c-name">
        {nameOf(row, pillsOf(row))}
        {textsOf(row, at)}
      </div>
      <div role="cell" class="c-band">
        <Band parts={row.band} from={bandEnd - WINDOW} until={bandEnd} />
        {row.class === 0 && <CallBars name={row.name} />}
      </div>
      {badge === 'disabled'
        ? cell('calls', '–', 'c-calls zero')
        : cell('calls', perSecond(calls), calls === 0 ? 'c-calls zero' : 'c-calls')}
      {failedCell(row)}
      {rejected === 0
        ? cell('rejected', '0', 'zero')
        : cell('rejected', <span class="rejected">{perSecond(rejected)}</span>)}
      {row.p99 === null ? cell('p99', '–', 'zero') : cell('p99', duration(row.p99))}
      {cell('in flight', count(row.inFlight), row.inFlight === 0 ? 'c-flight zero' : 'c-flight')}
      <div role="cell" class="c-act">
        <MenuButton row={row} />
      </div>
    </>
  )
}

function nameOf({ name }: Row, beside: ComponentChildren): JSX.Element {
  return (
    <div class="name">
      <a href={breakerHash(name)} title={name}>
        {visible(name)}
      </a>
      {beside}
    </div>
  )
}

function pillsOf({ override, automatic }: Row): ComponentChildren {
  if (override === null) return null
  return (
    <>
      {automatic !== 'closed' && <span class="pill bad">{automatic} underneath</span>}
      {override.until === null && <span class="pill warn">no end</span>}
    </>
  )
}

function textsOf(row: Row, at: number): ComponentChildren {
  const { override, why, next, trips15m } = row
  if (override !== null) {
    const left = override.until === null ? 'no end' : `${span(override.until - at)} more`
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
      <div class="why">{row.class === 3 ? why : factOf(why)}</div>
      {next !== '' && (
        <div class="sub">{row.class === 0 || trips15m > 1 ? sentence(next) : next}</div>
      )}
    </>
  )
}

/** The fact is what is before the bracket or the colon. */
function factOf(text: string): JSX.Element {
  const shown = visible(text)
  const end = shown.search(/ \(|: |, at or/)
  const length = end === -1 ? shown.length : end
  return (
    <>
      <b>{shown.slice(0, length)}</b>
      {shown.slice(length)}
    </>
  )
}

function sentence(text: string): string {
  return visible(text.charAt(0).toUpperCase() + text.slice(1))
}

function cell(label: string, children: ComponentChildren, name = ''): JSX.Element {
  return (
    <div role="cell" class={`num ${name}`} data-label={label}>
      {children}
    </div>
  )
}

function perSecond(value: number): ComponentChildren {
  if (value === 0) return '0'
  return (
    <>
      {rate(value)}
      <small>/s</small>
    </>
  )
}

function failedCell({ failedShare: share, rates }: Row): JSX.Element {
  if (share === null || share === 0) return cell('failed', share === null ? '–' : '0 %', 'zero')
  const tone = share >= 0.25 && rates.failed > 0 ? 'bad' : share >= 0.05 ? 'warn' : ''
  return cell('failed', <span class={tone}>{percent(share)}</span>)
}
