import type { JSX } from 'preact'
import type { RuleStatus, Snapshot } from '../../src/index.ts'
import { clock, count, percent } from '../format.ts'
import { now } from '../state.ts'

const NAMES: Readonly<Record<RuleStatus['rule'], string>> = {
  consecutiveFailures: 'Failures in a row',
  failureCount: 'Failures',
  failureRate: 'Failure rate',
  slowCallRate: 'Slow calls',
  evidence: 'Score',
  when: 'Your rule',
}

/** Where each rule stands; while it is open, where they stood when it tripped. */
export function Evidence({ snapshot }: { snapshot: Snapshot }): JSX.Element | null {
  const trip = snapshot.automatic === 'closed' ? undefined : snapshot.trips.at(-1)
  const statuses = trip?.ruleStatuses ?? snapshot.window
  const shown = statuses.filter(({ threshold }) => Number.isFinite(threshold) && threshold > 0)
  if (shown.length === 0) return null
  return (
    <section class="card o4">
      <header>
        <h2>Evidence</h2>
        <span class="muted">
          {trip === undefined ? 'now' : `when it tripped, ${clock(trip.at, now.value)}`}
        </span>
      </header>
      {shown.map((status) => (
        <Rule key={status.rule} status={status} fired={trip?.finding?.rule === status.rule} />
      ))}
    </section>
  )
}

function Rule({ status, fired }: { status: RuleStatus; fired: boolean }): JSX.Element {
  const { rule, observed, threshold, calls, minimumCalls } = status
  const isShare = rule === 'failureRate' || rule === 'slowCallRate'
  const show = isShare ? percent : (value: number) => count(Math.round(value * 10) / 10)
  // A share has an end; a count has room for what is over its limit.
  const end = isShare ? 1 : Math.max(threshold * 1.12, observed)
  const place = (value: number) => `${Math.min(100, (value / end) * 100)}%`
  const isHit = fired || (observed >= threshold && (calls ?? 0) >= (minimumCalls ?? 0))
  const text = `${show(observed)} of ${show(threshold)}`
  return (
    <div class="rule">
      <div class="rule-head">
        <b>{NAMES[rule] ?? rule}</b>
        <span class={isHit ? 'bad' : ''}>{text}</span>
      </div>
      <div
        class={isHit ? 'gauge hit' : 'gauge'}
        role="meter"
        aria-label={NAMES[rule] ?? rule}
        aria-valuenow={Math.min(observed, end)}
        aria-valuemin={0}
        aria-valuemax={end}
        aria-valuetext={`${text}${isHit ? ', reached' : ''}`}
      >
        <i style={{ width: place(observed) }} />
        <u style={{ left: place(threshold) }} />
      </div>
      <div class="rule-foot">
        {factsOf(status)} {fired && <b class="bad">This one opened it.</b>}
      </div>
    </div>
  )
}

function factsOf({ rule, observed, threshold, calls, hits, minimumCalls }: RuleStatus): string {
  if (calls !== undefined && hits !== undefined) {
    const needed = minimumCalls === undefined ? '' : `, at least ${count(minimumCalls)} needed`
    const verb = rule === 'slowCallRate' ? 'were slow' : 'failed'
    return `${count(hits)} of ${count(calls)} calls ${verb}${needed}.`
  }
  if (observed >= threshold || rule === 'evidence' || rule === 'when') return ''
  const left = Math.ceil(threshold - observed)
  return `${count(left)} more would open it.`
}
