import type { JSX } from 'preact'
import type { Trip } from '../../src/index.ts'
import { clock, count, span, visible } from '../format.ts'
import { now } from '../state.ts'

/** Why it opened, newest first; the newest with its last failures. */
export function Trips({
  trips,
  open,
}: {
  trips: readonly Trip[]
  open: boolean
}): JSX.Element | null {
  if (trips.length === 0) return null
  return (
    <section class="card o5">
      <header>
        <h2>Trips</h2>
        <span class="muted">the last {trips.length === 1 ? 'one' : trips.length}</span>
      </header>
      <table class="trips">
        <thead>
          <tr>
            <th scope="col">When</th>
            <th scope="col">Why</th>
            <th scope="col" class="num">
              Lasted
            </th>
            <th scope="col" class="num wide">
              Probes failed
            </th>
            <th scope="col" class="num">
              Rejected
            </th>
          </tr>
        </thead>
        <tbody>
          {trips.toReversed().map((trip, index) => (
            <TripRows key={trip.generation} trip={trip} isNewest={index === 0} open={open} />
          ))}
        </tbody>
      </table>
    </section>
  )
}

function TripRows({
  trip,
  isNewest,
  open,
}: {
  trip: Trip
  isNewest: boolean
  open: boolean
}): JSX.Element {
  const { at, text, lasted, reopened, rejected, failures, counterfactual } = trip
  const hasMore = isNewest && (failures.length > 0 || counterfactual !== null)
  return (
    <>
      <tr class={hasMore ? 'with-more' : ''}>
        <td class="when">{clock(at, now.value)}</td>
        <td>{visible(text)}</td>
        <td class={lasted === null ? 'num bad' : 'num'}>
          {lasted === null ? (open ? 'still open' : '–') : span(lasted)}
        </td>
        <td class="num wide">{count(reopened)}</td>
        <td class="num">
          {count(rejected)}
          <span class="narrow"> rejected</span>
        </td>
      </tr>
      {hasMore && (
        <tr class="more">
          <td colSpan={5}>
            <div class="box">
              {failures.length > 0 && (
                <p>
                  <b>The last failures before it</b>
                </p>
              )}
              <Failures failures={failures} />
              {counterfactual !== null && (
                <p>
                  <b>What would have been:</b> {lowerFirst(visible(counterfactual))}.
                </p>
              )}
            </div>
          </td>
        </tr>
      )}
    </>
  )
}

const MOST = 5

function Failures({ failures }: { failures: Trip['failures'] }): JSX.Element {
  return (
    <ul class="failures">
      {failures.slice(-MOST).map((failure) => (
        <li key={`${failure.age} ${failure.message}`}>
          <span>{(failure.age / 1_000).toFixed(1)} s before</span>
          <code>{visible(String(failure.code ?? failure.name))}</code>
          <code>{visible(failure.message)}</code>
        </li>
      ))}
    </ul>
  )
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}
