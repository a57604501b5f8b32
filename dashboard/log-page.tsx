import { signal } from '@preact/signals'
import type { JSX } from 'preact'
import type { LogEntry } from '../src/admin/index.ts'
import { get } from './api.ts'
import { clock, visible } from './format.ts'
import { isByPeople, Said } from './log-entry.tsx'
import { breakerHash, replaceHash, route } from './route.ts'
import { addEntries, log, now } from './state.ts'
import { type Badge, StateBadge } from './state-badge.tsx'

const SHOWN = [
  ['all', 'All', () => true],
  ['people', 'People', isByPeople],
  ['breakers', 'Breakers', (entry: LogEntry) => entry.kind === 'transition'],
  ['rejected', 'Rejected', (entry: LogEntry) => entry.kind === 'rejected'],
] as const

const BADGES: readonly string[] = [
  'closed',
  'open',
  'half-open',
  'forced-open',
  'forced-closed',
  'disabled',
]
const PAGE = 200
const isComplete = signal(false)

export function LogPage(): JSX.Element {
  const { value } = route
  const show = value.page === 'log' ? value.show : 'all'
  const fits = SHOWN.find(([key]) => key === show)?.[2] ?? (() => true)
  const entries = log.value.filter(fits)
  return (
    <>
      <div class="head">
        <div>
          <h1>Log</h1>
          <p>
            What breakers and people did, newest first. The last 1,000 entries are kept here;{' '}
            <code>onAudit</code> keeps them elsewhere.
          </p>
        </div>
      </div>
      <div class="bar">
        <fieldset class="choice">
          <legend class="sr">Show</legend>
          {SHOWN.map(([key, label]) => (
            <button
              key={key}
              type="button"
              aria-pressed={show === key}
              onClick={() => replaceHash('/log', { show: key })}
            >
              {label}
            </button>
          ))}
        </fieldset>
      </div>
      {entries.length === 0 ? (
        <div class="list empty">
          <p>Nothing yet.</p>
        </div>
      ) : (
        <ol class="list log">
          {entries.map((entry) => (
            <li key={entry.id}>
              <time dateTime={new Date(entry.at).toISOString()}>{clock(entry.at, now.value)}</time>
              <span class="log-state">
                <After entry={entry} />
              </span>
              <span class="log-name">
                {entry.breaker !== '' && (
                  <a href={breakerHash(entry.breaker)}>{visible(entry.breaker)}</a>
                )}
              </span>
              <span class="log-text">
                <Said entry={entry} />
              </span>
            </li>
          ))}
        </ol>
      )}
      {log.value.length >= PAGE && !isComplete.value && (
        <button type="button" class="button" onClick={() => void readOlder()}>
          Older
        </button>
      )}
    </>
  )
}

function After({ entry }: { entry: LogEntry }): JSX.Element {
  if (BADGES.includes(entry.after)) return <StateBadge badge={entry.after as Badge} />
  return <span class="muted">{entry.kind}</span>
}

async function readOlder(): Promise<void> {
  const before = log.value.at(-1)?.id ?? ''
  const query = new URLSearchParams({ limit: String(PAGE), before })
  const { entries } = await get<{ entries: readonly LogEntry[] }>(`log?${query}`)
  addEntries(entries)
  isComplete.value = entries.length < PAGE
}
