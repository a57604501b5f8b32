import type { ComponentChildren, JSX } from 'preact'
import type { Row } from '../../src/admin/index.ts'
import type { Snapshot } from '../../src/index.ts'
import { count, rate, span } from '../format.ts'

export function Now({ row, snapshot }: { row: Row; snapshot: Snapshot }): JSX.Element {
  const { probes, counts, waitingSaved, options } = snapshot
  const { maxConcurrent } = options
  const { calls, failed, rejected } = row.rates
  const all = Object.values(counts.rejected).reduce((sum, value) => sum + value, 0)
  return (
    <section class="card o2">
      <h2>Now</h2>
      <dl class="facts">
        <Fact label="Next probe">
          <NextProbe row={row} snapshot={snapshot} />
        </Fact>
        <Fact label="Rejected">
          <span class={rejected > 0 ? 'rejected' : ''}>{rate(rejected)}</span>
          <small>/s</small>
        </Fact>
        <Fact label="Probes to close">
          {probes === null ? (
            <span class="zero">–</span>
          ) : (
            <>
              {Math.min(probes.succeeded, probes.needed)} <small>of {probes.needed}</small>
            </>
          )}
        </Fact>
        {row.fleet !== null && (
          <Fact label="Fleet">
            {row.fleet.state}{' '}
            <small>
              {row.fleet.connected
                ? row.fleet.decides === 'fleet'
                  ? 'decides'
                  : 'this process decides'
                : 'not reached'}
            </small>
          </Fact>
        )}
        <Fact label="In flight">
          {count(snapshot.inFlight)}
          {typeof maxConcurrent === 'number' && <small> of {count(maxConcurrent)}</small>}
        </Fact>
        <Fact label="Calls">
          {rate(calls)}
          <small>/s</small>
        </Fact>
        <Fact label="Failed">
          <span class={failed > 0 ? 'bad' : ''}>{rate(failed)}</span>
          <small>/s</small>
        </Fact>
        <Fact label="Rejected since it started">{count(all)}</Fact>
        {waitingSaved === null ? (
          <Fact label="Failed since it started">{count(counts.failure)}</Fact>
        ) : (
          <Fact label="Waiting saved">{span(waitingSaved)}</Fact>
        )}
      </dl>
    </section>
  )
}

function Fact({ label, children }: { label: string; children: ComponentChildren }): JSX.Element {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  )
}

function NextProbe({ row, snapshot }: { row: Row; snapshot: Snapshot }): JSX.Element {
  const { automatic, override, retryAfter } = row
  if (override?.mode === 'forced-open') {
    return (
      <>
        none <small>while held</small>
      </>
    )
  }
  if (automatic === 'closed') return <span class="zero">–</span>
  if (retryAfter === null) return <small>with the next call</small>
  const openFor = snapshot.trips.at(-1)?.openFor ?? null
  if (openFor === null) return <>{span(retryAfter)}</>
  const share = Math.max(0, Math.min(1, retryAfter / openFor))
  return (
    <>
      {span(retryAfter)} <small>of {span(openFor)}</small>
      <span class="wait" aria-hidden="true">
        <i style={{ width: `${share * 100}%` }} />
      </span>
    </>
  )
}
