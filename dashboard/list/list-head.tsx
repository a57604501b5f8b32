import type { JSX } from 'preact'
import type { Row } from '../../src/admin/index.ts'
import { count, rate, span, visible } from '../format.ts'
import { breakerHash } from '../route.ts'
import { sorted, troubled } from '../rows.ts'
import { counts } from '../state.ts'
import { badgeOf, isByHand, shownFor } from '../state-badge.tsx'

/** How it is, in a sentence and four numbers. */
export function ListHead(): JSX.Element {
  const { total = 0, byClass, byHand = 0, rejected = 0, failed = 0, calls = 0 } = counts.value ?? {}
  const needing = byClass?.[0] ?? 0
  const isCalm = needing === 0
  return (
    <div class="head">
      <div>
        <h1>{isCalm ? calmTitle() : troubledTitle(needing, total)}</h1>
        <p>
          <Sentence />
        </p>
      </div>
      <dl class={isCalm ? 'figures calm' : 'figures'}>
        <Figure label="Rejected" value={rejected} unit="/s" tone="rejected" />
        <Figure label="Failed" value={failed} unit="/s" tone="bad" />
        <Figure label="Calls" value={calls} unit="/s" />
        <Figure label="By hand" value={byHand} />
      </dl>
    </div>
  )
}

function troubledTitle(needing: number, total: number): string {
  const all = `${count(total)} ${total === 1 ? 'breaker' : 'breakers'}`
  return `${count(needing)} of ${all} ${needing === 1 ? 'needs' : 'need'} you`
}

function calmTitle(): string {
  const { total = 0, byState, byHand = 0 } = counts.value ?? {}
  if (byHand > 0 || byState?.closed !== total) return 'No breaker needs you'
  return total === 1 ? 'The breaker is closed' : `All ${count(total)} breakers are closed`
}

function Figure({
  label,
  value,
  unit,
  tone = '',
}: {
  label: string
  value: number
  unit?: string
  tone?: string
}): JSX.Element {
  return (
    <div>
      <dt>{label}</dt>
      <dd class={value === 0 ? '' : tone}>
        {unit === undefined ? count(value) : rate(value)}
        {unit && <small>{unit}</small>}
      </dd>
    </div>
  )
}

/** Of at most three breakers, what is wrong with them. */
function Sentence(): JSX.Element {
  const all = troubled.value
  const some = all.slice(0, 3)
  if (some.length === 0) {
    const recent = sorted.value.some((row) => row.trips15m > 0)
    return (
      <>
        {recent
          ? 'Some opened in the last 15 minutes, and have closed again.'
          : 'None has opened in the last 15 minutes.'}
      </>
    )
  }
  return (
    <>
      {some.map((row, index) => (
        <span key={row.name}>
          {index > 0 && (index === some.length - 1 ? (index > 1 ? ', and ' : ' and ') : ', ')}
          <a class="mono" href={breakerHash(row.name)}>
            {visible(row.name)}
          </a>{' '}
          {phrase(row)}
        </span>
      ))}
      {all.length > some.length && `, and ${all.length - some.length} more`}.
    </>
  )
}

function phrase(row: Row): string {
  const badge = badgeOf(row)
  if (badge === 'forced-open') return 'is forced open'
  if (isByHand(badge)) return 'is let through by hand although it fails'
  if (row.state === 'half-open') return 'is coming back'
  if (row.state === 'open') {
    const ms = shownFor(row)
    return ms < 1_000 ? 'has just opened' : `has rejected calls for ${span(ms)}`
  }
  return row.trips15m > 0 ? 'has just closed' : 'is full'
}
