import type { JSX } from 'preact'
import type { LogEntry } from '../src/admin/index.ts'
import { visible } from './format.ts'

export function isByPeople({ kind, by, via }: LogEntry): boolean {
  return kind === 'rejected' || via !== 'code' || by !== null
}

/** Who did what, and why. */
export function Said({ entry }: { entry: LogEntry }): JSX.Element {
  const { kind, by, verified, via, text, reason, status } = entry
  if (kind === 'rejected') {
    return (
      <>
        <b>rejected</b>: {visible(text)}
        {status !== null && ` (${status})`}
      </>
    )
  }
  const who = by ?? (via === 'code' ? null : 'somebody')
  return (
    <>
      {who !== null && <b>{visible(who)}</b>}
      {who !== null && by !== null && !verified && via !== 'code' && (
        <span class="faint"> (not checked)</span>
      )}
      {who !== null && ' '}
      {visible(text)}
      {reason !== null && <> “{visible(reason)}”</>}
    </>
  )
}
