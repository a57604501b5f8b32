import type { JSX } from 'preact'
import { useEffect } from 'preact/hooks'
import { MenuButton, OperationButton } from '../actions/menu.tsx'
import { count, span, visible } from '../format.ts'
import { breakerHash } from '../route.ts'
import { rowOf } from '../rows.ts'
import { canWrite } from '../state.ts'
import { badgeOf, StateBadge, shownFor } from '../state-badge.tsx'
import { ByHand } from './by-hand.tsx'
import { Charts } from './charts.tsx'
import { detail, problem, watch } from './detail.ts'
import { Evidence } from './evidence.tsx'
import { Explanation } from './explanation.tsx'
import { Now } from './now.tsx'
import { Options } from './options.tsx'
import { OverrideBar } from './override-bar.tsx'
import { Trips } from './trips.tsx'

export function BreakerPage({ name }: { name: string }): JSX.Element {
  useEffect(() => watch(name), [name])
  if (problem.value !== undefined) return <Unknown name={name} />
  const row = rowOf(name)
  const known = detail.value?.row.name === name ? detail.value : undefined
  return (
    <div class="breaker">
      <nav class="crumb" aria-label="Where this is">
        <a href="#/">Breakers</a>
        <span aria-hidden="true">›</span>
        <span>{visible(name)}</span>
      </nav>
      <div class="title">
        <h1>{visible(name)}</h1>
        {row !== undefined && (
          <>
            <StateBadge badge={badgeOf(row)} filled />
            <span class="muted">
              for <b>{span(shownFor(row))}</b> · generation {count(row.generation)}
            </span>
            {canWrite.value && (
              <div class="actions">
                {row.override === null ? (
                  <OperationButton row={row} operation="force-open" class="danger" />
                ) : (
                  <OperationButton row={row} operation="release" class="primary" />
                )}
                <OperationButton row={row} operation="reset" />
                <MenuButton row={row} label="More" />
              </div>
            )}
          </>
        )}
      </div>
      {row?.override && <OverrideBar row={row} override={row.override} />}
      {known !== undefined && row !== undefined && (
        <div class="grid">
          <div class="stack">
            <Explanation detail={known} row={row} />
            <Charts options={known.snapshot.options} />
            <Trips trips={known.snapshot.trips} open={row.automatic !== 'closed'} />
          </div>
          <div class="stack">
            <Now row={row} snapshot={known.snapshot} />
            <Evidence snapshot={known.snapshot} />
            <ByHand entries={known.log} />
            <Options row={row} options={known.snapshot.options} />
          </div>
        </div>
      )}
    </div>
  )
}

function Unknown({ name }: { name: string }): JSX.Element {
  const near = problem.value?.body.nearest ?? []
  return (
    <div class="list empty lone">
      <h1>No breaker is named “{visible(name)}”</h1>
      <p>
        {near.length > 0 && (
          <>
            Did you mean{' '}
            {near.map((other, index) => (
              <span key={other}>
                {index > 0 && ' or '}
                <a class="link" href={breakerHash(other)}>
                  {visible(other)}
                </a>
              </span>
            ))}
            ?
          </>
        )}{' '}
        It appears here when your code first asks for it.
      </p>
      <a class="button" href="#/">
        All breakers
      </a>
    </div>
  )
}
