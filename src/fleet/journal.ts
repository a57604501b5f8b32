import type { FleetChange } from './step.ts'
import type { JournalChange } from './store.ts'

/** A change of a breaker as journals have it. */
export function changeOf(name: string, at: number, change: FleetChange): JournalChange {
  const { register, to } = change
  const { stamp, by, until } = to
  const same = { at, name, register, stamp, by, until }
  if (register === 'override') {
    const { from } = change
    return { ...same, from: from.mode ?? '', to: to.mode ?? '', cause: '', reason: to.reason }
  }
  return { ...same, from: change.from.state, to: to.state, cause: to.reason, reason: to.note }
}
