import type { JSX } from 'preact'
import type { LogEntry } from '../../src/admin/index.ts'
import { clock } from '../format.ts'
import { isByPeople, Said } from '../log-entry.tsx'
import { now } from '../state.ts'

const MOST = 12

/** What people did to it, attempts that were rejected among them. */
export function ByHand({ entries }: { entries: readonly LogEntry[] }): JSX.Element {
  const shown = entries.filter(isByPeople).slice(0, MOST)
  return (
    <section class="card o6">
      <header>
        <h2>By hand</h2>
        <span class="muted">audit log</span>
      </header>
      {shown.length === 0 ? (
        <p class="nothing">Nobody has moved it since this process started.</p>
      ) : (
        <ol class="entries">
          {shown.map((entry) => (
            <li key={entry.id}>
              <time dateTime={new Date(entry.at).toISOString()}>{clock(entry.at, now.value)}</time>
              <span>
                <Said entry={entry} />
              </span>
            </li>
          ))}
        </ol>
      )}
    </section>
  )
}
