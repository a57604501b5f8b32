import type { CircuitBreaker, Snapshot, StateName } from '../src/index.ts'
import type { Change } from './columns.ts'
import type { News } from './frame.ts'
import { type Now, seconds } from './time.ts'
import type { Call } from './traffic.ts'
import { tellChange } from './words.ts'

/** The colour of each state in what is told. */
export const looks = { closed: 'green', open: 'red', 'half-open': 'yellow' } as const

/** What is known of a breaker and of the calls through it. */
export interface Guarded {
  calls: Call[]
  changes: Change[]
  rejectsHeard: number
}

/** The state in which it is now, and that in words. */
export interface Standing {
  state: StateName
  standing: string
}

/** Keeps the changes of a breaker, and tells them. */
export function observe(
  breaker: CircuitBreaker,
  who: News['who'],
  now: Now,
  tell: (news: News) => void,
): Guarded {
  const guarded: Guarded = { calls: [], changes: [], rejectsHeard: 0 }
  breaker.on('transition', ({ to }) => {
    const at = now()
    guarded.changes.push({ at, state: to })
    tell({ at, who, text: tellChange(to, breaker.explain().trips.at(-1)), style: looks[to] })
  })
  breaker.on('reject', () => {
    guarded.rejectsHeard += 1
  })
  return guarded
}

export function standingOf({
  state,
  stateFor,
  retryAfter,
}: Pick<Snapshot, 'state' | 'stateFor' | 'retryAfter'>): Standing {
  const next = state === 'open' && retryAfter ? `, next probe in ${seconds(retryAfter)} s` : ''
  return { state, standing: `${state} for ${seconds(stateFor)} s${next}` }
}
