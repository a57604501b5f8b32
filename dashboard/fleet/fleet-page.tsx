import type { ComponentChildren, JSX } from 'preact'
import type { FleetAnswer } from '../../src/admin/index.ts'
import { count, duration, span, visible } from '../format.ts'
import { replaceHash, route } from '../route.ts'
import { session } from '../state.ts'
import { Breakers } from './breakers.tsx'
import { Processes } from './processes.tsx'
import { fleet, problem, useFleet } from './read-fleet.ts'

export function FleetPage(): JSX.Element {
  return session.value?.fleet === false ? <NoFleet /> : <Fleet />
}

function NoFleet(): JSX.Element {
  return (
    <>
      <Head title="No fleet" />
      <div class="list empty">
        <p>
          Breakers that several processes share are shown here: which processes there are, who
          differs, and who has applied what was done by hand.
        </p>
        <pre>{`const fleet = shared(store)
const registry = new CircuitRegistry({ shared: fleet })
admin({ registry, fleet })`}</pre>
      </div>
    </>
  )
}

function Head({ title, children }: { title: string; children?: ComponentChildren }): JSX.Element {
  return (
    <div class="head">
      <div>
        <h1>{title}</h1>
        {children}
      </div>
    </div>
  )
}

function Fleet(): JSX.Element {
  const all = route.value.page === 'fleet' && route.value.show === 'processes'
  useFleet(all)
  const { value } = fleet
  if (value === undefined) {
    return <Head title="Fleet">{problem.value !== '' && <p role="alert">{problem.value}</p>}</Head>
  }
  const { counts, processes, breakers, store, now, process } = value
  const { processes: total, byState } = counts
  const same = byState['up to date'] ?? 0
  const differ = total - same
  return (
    <>
      <Head
        title={`${count(same)} of ${count(total)} ${total === 1 ? 'process is' : 'processes are'} up to date`}
      >
        <p>{sentence(value)}</p>
        {problem.value !== '' && (
          <p class="bad" role="alert">
            {visible(problem.value)} What you see is as it was.
          </p>
        )}
      </Head>
      <div class="fleet-figures">
        <Figure label="Processes" value={count(total)}>
          {counts.services
            .map(([name, n]) => `${visible(name) || 'unnamed'} ${count(n)}`)
            .join(' · ')}
        </Figure>
        <Figure label="Store" value={store.connected ? 'connected' : 'not connected'}>
          {store.took !== null && `answered in ${duration(store.took)}`}
          {store.age !== null && `, ${span(store.age)} ago`}
        </Figure>
        <Figure label="Differ from the fleet" value={count(differ)}>
          {Object.entries(byState)
            .filter(([state]) => state !== 'up to date')
            .map(([state, n]) => `${n} ${state}`)
            .join(' · ')}
        </Figure>
        <Figure label="Overrides" value={count(counts.overrides)}>
          {counts.endless > 0 && `${counts.endless} without an end`}
        </Figure>
      </div>
      <section class="card spaced">
        <h2>Breakers that are held, not closed, or not the same everywhere</h2>
        {breakers.length === 0 ? (
          <p class="nothing muted">All {count(counts.breakers)} are closed in every process.</p>
        ) : (
          <Breakers rows={breakers} total={total} />
        )}
      </section>
      <section class="card">
        <header>
          <h2>Processes</h2>
          <span class="muted">those that differ first</span>
          <fieldset class="choice small">
            <legend class="sr">Show</legend>
            <button
              type="button"
              aria-pressed={!all}
              onClick={() => replaceHash('/fleet', {})}
            >{`Differ ${count(differ)}`}</button>
            <button
              type="button"
              aria-pressed={all}
              onClick={() => replaceHash('/fleet', { show: 'processes' })}
            >{`All ${count(total)}`}</button>
          </fieldset>
        </header>
        {processes.length === 0 ? (
          <p class="nothing muted">None of them differs.</p>
        ) : (
          <Processes rows={processes} now={now} here={process.id} />
        )}
      </section>
      <p class="faint seen">
        Seen through <code>{visible(process.id)}</code>, as the store has it.
      </p>
    </>
  )
}

/** The worst in a sentence. */
function sentence({ processes }: FleetAnswer): string {
  const [first] = processes.filter(({ state }) => state !== 'up to date')
  if (first === undefined)
    return 'They agree in all breakers, and have applied what was done by hand.'
  const about = first.breaker === null ? '' : ` ${visible(first.breaker)}:`
  return `${visible(first.process)} is ${first.state}.${about} ${visible(first.text)}.`
}

function Figure({
  label,
  value,
  children,
}: {
  label: string
  value: string
  children: ComponentChildren
}): JSX.Element {
  return (
    <dl class="card fleet-figure">
      <div>
        <dt>{label}</dt>
        <dd>{value}</dd>
        <dd class="muted">{children}</dd>
      </div>
    </dl>
  )
}
