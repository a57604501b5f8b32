import type { Footprint } from './footprint.ts'
import { listings } from './listings.ts'
import { type Results, rowName } from './measured.ts'
import type { Memory } from './memory-child.ts'
import type { Figure } from './statistics.ts'
import { COLUMNS, shown } from './tables.ts'

// Where another library takes less for the same kind of work, and why.

interface Kind {
  readonly own: string
  /** Those that decide by the same kind of evidence. */
  readonly peers: readonly string[]
  /** What a call gets for what it takes more. */
  readonly time: string
  /** What a breaker keeps. */
  readonly memory: string
}

export const KINDS: readonly Kind[] = [
  {
    own: 'seed',
    peers: ['cockatiel', 'alfred', 'levee', 'effect'],
    time: 'A late result of an earlier state does not count, a trip is recorded with the failures that led to it, and an override is looked for.',
    memory:
      'A breaker can be called, watched, overridden, configured and explained; it counts all outcomes and keeps its transitions.',
  },
  {
    own: 'count',
    peers: ['cockatiel-count', 'mollitia'],
    time: 'As with the seed options; and a rate is one of several rules that may be in force at once: a trip is recorded with where each of them stood.',
    memory: 'As with the seed options, and the window.',
  },
  {
    own: 'time',
    peers: ['cockatiel-sampling'],
    time: 'As with the count window; and old calls leave the window by the clock, also while there are no calls.',
    memory: 'As with the seed options, and the window.',
  },
  {
    own: 'auto',
    peers: ['cockatiel-sampling'],
    time: 'It follows every call while it runs, since one that hangs counts before it ends, and learns how long calls take; sampling only counts what has ended.',
    memory: 'As with the seed options, and what it has learned of latencies and rates.',
  },
  {
    own: 'full',
    peers: ['opossum', 'opossum-lean'],
    time: 'Every latency goes into a histogram, every call into the last minute by outcome, besides the window; lean computes no percentiles.',
    memory:
      'A histogram of latencies, which takes the same whatever the traffic; others keep every latency, and grow with the calls.',
  },
]

/** Two figures of the same kind of work. */
interface Comparison {
  readonly column: string
  readonly own: string
  readonly peer: string
  readonly ownFigure: Figure
  readonly peerFigure: Figure
  readonly reason: string
}

const MEMORY: readonly { column: string; of: (memory: Memory) => number }[] = [
  { column: 'bytes a call', of: ({ perCall }) => perCall },
  { column: 'bytes a breaker', of: ({ fresh }) => fresh },
  { column: 'bytes a breaker after 100 calls', of: ({ used }) => used },
]

/** Of the library as a whole, whatever it is used for. */
const FOOTPRINT = {
  reason:
    'All rules for opening, the ways back, streams, decorators, and the sentences that explain a trip come with the one class.',
  own: 'short-circuit',
  columns: [
    {
      column: 'bytes, minified and gzipped',
      of: ({ gzipped }: Footprint): Figure => ({ value: gzipped, spread: 0 }),
    },
    { column: 'import, ms', of: ({ importTime }: Footprint): Figure => importTime },
  ],
}

/** All cases in which a peer is ahead in a column of a table. */
export function whoIsAhead(results: Results): Comparison[] {
  return [...kinds(results), ...footprints(results)].filter(
    ({ ownFigure, peerFigure }) => peerFigure.value < ownFigure.value,
  )
}

function kinds({ ratios, memory }: Results): Comparison[] {
  return KINDS.flatMap(({ own, peers, time, memory: kept }) => {
    const label = (name: string): string => listings[name]?.label ?? name
    const compare = (
      column: string,
      reason: string,
      figure: (name: string) => Figure | undefined,
    ) =>
      peers.flatMap((peer): Comparison[] => {
        const [ownFigure, peerFigure] = [figure(own), figure(peer)]
        if (ownFigure === undefined || peerFigure === undefined) return []
        return [{ column, own: label(own), peer: label(peer), ownFigure, peerFigure, reason }]
      })
    return [
      ...COLUMNS.flatMap(({ title, scenario, mode }) =>
        compare(title, time, (name) => ratios[rowName(name, scenario, mode)]),
      ),
      ...MEMORY.flatMap(({ column, of }) =>
        compare(column, kept, (name) => {
          const taken = memory[name]
          return taken && { value: Math.round(of(taken)), spread: 0 }
        }),
      ),
    ]
  })
}

function footprints({ footprints: all }: Results): Comparison[] {
  const ours = all.find(({ label }) => label === FOOTPRINT.own)
  if (ours === undefined) return []
  return FOOTPRINT.columns.flatMap(({ column, of }) =>
    all
      .filter(({ label }) => !label.startsWith(FOOTPRINT.own))
      .map((peer) => ({
        column,
        own: 'the library',
        peer: peer.label,
        ownFigure: of(ours),
        peerFigure: of(peer),
        reason: FOOTPRINT.reason,
      })),
  )
}

/** Grouped by why it is so. */
export function aheadList(results: Results): string {
  const byReason = new Map<string, string[]>()
  for (const { own, reason, column, peer, ownFigure, peerFigure } of whoIsAhead(results)) {
    const why = `**${own}.** ${reason}`
    const one = `${column}: ${peer} ${figure(peerFigure)}, ours ${figure(ownFigure)}`
    byReason.set(why, [...(byReason.get(why) ?? []), one])
  }
  if (byReason.size === 0) return 'None.'
  return [...byReason].map(([why, cases]) => `- ${why} ${cases.join('; ')}.`).join('\n')
}

function figure(of: Figure): string {
  return Number.isInteger(of.value) ? String(of.value) : shown(of)
}
