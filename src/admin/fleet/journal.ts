import type { JournalEntry } from '../../fleet/index.ts'
import type { BandPart, Shown } from '../changes.ts'
import type { LogEntry, LogKind } from '../log.ts'
import { span } from '../text.ts'
import { whyText } from './breakers.ts'

const KINDS: Readonly<Record<string, LogKind>> = { trip: 'trip', halfOpen: 'trip', reset: 'reset' }

/** An entry of a fleet's journal as one of a log. */
export function logEntryOf(entry: JournalEntry): LogEntry {
  const { id, at, name, from, to, by, reason, until } = entry
  return {
    ...{ id, at, breaker: name, ...textsOf(entry) },
    ...{ by: by || null, verified: false, via: 'fleet', reason: reason || null },
    ...{ until: until || null, before: from, after: to, status: null, process: '' },
  }
}

function textsOf({
  register,
  to,
  cause,
  by,
  at,
  until,
}: JournalEntry): Pick<LogEntry, 'kind' | 'text'> {
  if (register === 'override') {
    if (to === '') return { kind: 'release', text: by === '' ? 'its time was over' : 'released' }
    const end = until === 0 ? ', no end' : ` for ${span(until - at)}`
    return { kind: 'override', text: to.replace('-', ' ') + end }
  }
  const kind = KINDS[cause] ?? 'transition'
  if (kind === 'reset') return { kind, text: 'reset' }
  if (kind === 'trip') return { kind, text: cause === 'trip' ? 'tripped' : 'made half-open' }
  if (to === 'half-open') return { kind, text: 'half-open: its open time was over' }
  if (to === 'closed') return { kind, text: 'closed: enough probes succeeded' }
  return { kind, text: `opened: ${whyText(cause, '')}` }
}

/** What calls of a breaker have met since then, from its part of the journal, newest first. */
export function bandOf(
  journal: readonly JournalEntry[],
  { name, state }: { readonly name: string; readonly state: Shown },
  from: number,
): BandPart[] {
  const entries = journal.filter((entry) => entry.name === name && entry.at >= from).toReversed()
  const first = (register: JournalEntry['register']): string | undefined =>
    entries.find((entry) => entry.register === register)?.from
  let automatic = first('automatic') ?? (entries.length === 0 ? state : 'closed')
  let override = first('override') ?? ''
  const parts: BandPart[] = [[from, (override || automatic) as Shown]]
  for (const { register, at, to } of entries) {
    if (register === 'override') override = to
    else automatic = to
    const shown = (override || automatic) as Shown
    if (parts.at(-1)?.[1] !== shown) parts.push([at, shown])
  }
  return parts
}
