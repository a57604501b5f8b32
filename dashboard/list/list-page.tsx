import type { JSX } from 'preact'
import { mode } from '../connection.ts'
import { count, minutes } from '../format.ts'
import { replaceHash, route } from '../route.ts'
import { counts, now, session } from '../state.ts'
import { ListHead } from './list-head.tsx'
import { ListTable } from './list-table.tsx'
import { misplaced, sortNow } from './order.ts'

export function ListPage(): JSX.Element {
  if (counts.value === undefined) return <Loading />
  if (counts.value.total === 0) return <Empty />
  return (
    <>
      <ListHead />
      <Filters />
      <ListTable />
      <Foot />
    </>
  )
}

function Loading(): JSX.Element {
  return (
    <div class="head">
      <h1 class="loading">{mode.value === 'lost' ? 'Not connected' : 'Reading the breakers…'}</h1>
    </div>
  )
}

function Empty(): JSX.Element {
  return (
    <>
      <div class="head">
        <h1>No breakers yet</h1>
      </div>
      <div class="list empty">
        <p>
          A breaker appears here when your code first asks for it. This page can’t create one, so
          that a typing error never does.
        </p>
        <pre>{`import { circuits } from 'short-circuit'

const users = circuits.breaker('users')
await users.run(() => fetch('https://users.example/'))`}</pre>
      </div>
    </>
  )
}

const QUICK = [
  ['all', 'All'],
  ['trouble', 'Trouble'],
  ['hand', 'By hand'],
  ['half-open', 'Half-open'],
] as const

function Filters(): JSX.Element | null {
  const { value } = route
  if (value.page !== 'list') return null
  const { query, show } = value
  const all = counts.value
  const sizes: Record<string, number> = {
    all: all?.total ?? 0,
    trouble: all?.byClass[0] ?? 0,
    hand: all?.byHand ?? 0,
    'half-open': all?.byState['half-open'] ?? 0,
  }
  return (
    <div class="bar">
      <div class="search">
        <svg width="14" height="14" viewBox="0 0 14 14" aria-hidden="true">
          <circle cx="6" cy="6" r="4.4" />
          <path d="m9.4 9.4 3.4 3.4" />
        </svg>
        <input
          id="filter"
          type="search"
          placeholder="Filter by name, reason, who"
          aria-label="Filter breakers"
          value={query}
          onInput={({ currentTarget }) => replaceHash('/', { q: currentTarget.value, show })}
        />
        <kbd aria-hidden="true">/</kbd>
      </div>
      <fieldset class="choice">
        <legend class="sr">Show</legend>
        {QUICK.map(([key, label]) => (
          <button
            key={key}
            type="button"
            aria-pressed={show === key}
            onClick={() => replaceHash('/', { q: query, show: key })}
          >
            {label} {count(sizes[key] ?? 0)}
          </button>
        ))}
      </fieldset>
      <Hint />
    </div>
  )
}

function Hint(): JSX.Element {
  if (misplaced.value === 0) {
    return <span class="hint">Sorted by trouble · the order holds still while you point at it</span>
  }
  return (
    <button type="button" class="button quiet small hint" onClick={sortNow}>
      {misplaced.value} changed · sort now
    </button>
  )
}

function Foot(): JSX.Element {
  const since = session.value?.historySince
  return (
    <div class="foot">
      {since !== undefined && now.value - since < 6 * 3_600_000 && (
        <span>History since {minutes(since)}, when the process began to keep it.</span>
      )}
      <span class="keys-hint">
        <kbd>j</kbd> <kbd>k</kbd> move · <kbd>enter</kbd> open · <kbd>/</kbd> filter · <kbd>?</kbd>{' '}
        all keys
      </span>
    </div>
  )
}
