import { type Measured, rowName } from './measured.ts'
import { cost, factor, measured, memory, type Pair, type Quantity } from './quantities.ts'

// What a call may cost. The page shows for every version of Node whether it is so.

export interface Goal extends Quantity {
  readonly label: string
  readonly sense: 'at most' | 'at least'
  /** By major version of Node; those that are not named have `others`, if anything. */
  readonly limits: Readonly<Record<string, number>>
  readonly digits: number
}

/** The limit in this version of Node; `undefined` where there is none. */
function limitOf({ limits }: Goal, node: string): number | undefined {
  return limits[node.split('.')[0] as string] ?? limits['others']
}

/** Whether it is met; `undefined` where there is nothing to meet or nothing was measured. */
export function isMet(goal: Goal, measured: Measured): boolean | undefined {
  const limit = limitOf(goal, measured.node)
  const figure = goal.of(measured)
  if (limit === undefined || figure === undefined) return undefined
  return goal.sense === 'at most' ? figure <= limit : figure >= limit
}

type Limits = number | Goal['limits']

function atMost(limits: Limits, label: string, quantity: Quantity, digits = 2): Goal {
  return { label, sense: 'at most', limits: byVersion(limits), digits, ...quantity }
}

function atLeast(limits: Limits, label: string, quantity: Quantity): Goal {
  return { label, sense: 'at least', limits: byVersion(limits), digits: 2, ...quantity }
}

function byVersion(limits: Limits): Goal['limits'] {
  return typeof limits === 'number' ? { others: limits } : limits
}

const COCKATIEL = ['cockatiel']
const SAMPLING = ['cockatiel-sampling']
const OPOSSUM = ['opossum']
const OPOSSUM_LEAN = ['opossum-lean']
const ANYBODY = ['cockatiel', 'alfred', 'levee', 'mollitia', 'opossum-lean', 'opossum']
const together = { mode: 'concurrent' } as const

export const GOALS: Readonly<Record<string, readonly Goal[]>> = {
  Success: [
    atMost(0.75, 'seed options', cost('seed', 'success')),
    atMost(0.75, 'count window', cost('count', 'success')),
    atMost(0.6, 'seed options, 1000 at once', cost('seed', 'success', together)),
    atMost(0.6, 'count window, 1000 at once', cost('count', 'success', together)),
    atMost(0.9, 'seed options, 64 functions', cost('seed', 'many')),
    atMost(0.9, 'count window, 64 functions', cost('count', 'many')),
    atMost(
      1.12,
      'seed options, in units of `.then` by hand',
      cost('seed', 'success', { unit: 'hand then' }),
    ),
    atLeast(2.5, 'cockatiel, in units of ours', factor(COCKATIEL, 'seed', 'success')),
    atLeast(2.4, 'the next best, in units of ours', factor(ANYBODY, 'seed', 'success')),
    atLeast(
      3,
      'cockatiel, 1000 at once, in units of ours',
      factor(COCKATIEL, 'seed', 'success', 'concurrent'),
    ),
    atLeast(9, 'opossum, in units of ours', factor(OPOSSUM, 'seed', 'success')),
  ],
  'Time window': [
    atMost(1.1, 'success', cost('time', 'success')),
    atLeast(2, 'cockatiel, sampling, in units of ours', factor(SAMPLING, 'time', 'success')),
    atLeast(3.3, 'opossum, lean, in units of ours', factor(OPOSSUM_LEAN, 'time', 'success')),
  ],
  'Full statistics': [
    atMost(1.6, 'success', cost('full', 'success')),
    atMost(
      1,
      'success, in units of a wrapper by hand that reads the clock twice',
      cost('full', 'success', { unit: 'hand clock' }),
    ),
    atLeast(4, 'opossum, in units of ours', factor(OPOSSUM, 'full', 'success')),
    atLeast(2.2, 'opossum, lean, in units of ours', factor(OPOSSUM_LEAN, 'full', 'success')),
    atMost(
      1,
      'reading them, µs',
      measured(({ own }) => own.snapshot),
    ),
    atMost(
      1_024,
      'bytes more after 100 000 calls than after 1 000',
      measured(({ own }) => own.growth),
      0,
    ),
  ],
  'auto, as without options': [
    atMost(1.6, 'success', cost('auto', 'success')),
    atMost(1.6, 'success, 1000 at once', cost('auto', 'success', together)),
    atLeast(1, 'cockatiel, sampling, in units of ours', factor(SAMPLING, 'auto', 'success')),
    atLeast(
      1,
      'cockatiel, sampling, 1000 at once, in units of ours',
      factor(SAMPLING, 'auto', 'success', 'concurrent'),
    ),
  ],
  Failure: [
    atMost(0.8, 'seed options', cost('seed', 'failure')),
    atLeast(1.65, 'cockatiel, in units of ours', factor(COCKATIEL, 'seed', 'failure')),
    atLeast(1.4, 'the next best, in units of ours', factor(ANYBODY, 'seed', 'failure')),
    atMost(
      1.1,
      'with 100 000 calls in the window, in units of one with 1 000',
      measured(({ scale }) => {
        const [few, many] = [scale['failures']?.[1_000], scale['failures']?.[100_000]]
        return few && many && many.value / few.value
      }),
    ),
  ],
  Open: [
    atMost({ others: 0.3, 26: 0.42 }, 'rejection', cost('seed', 'open')),
    atMost({ others: 0.17, 26: 0.28 }, 'rejection, 1000 at once', cost('seed', 'open', together)),
    atLeast(
      { others: 4.5, 26: 3.2 },
      'the next best, in units of ours',
      factor(ANYBODY, 'seed', 'open'),
    ),
    atLeast(
      { others: 7, 26: 4.3 },
      'the next best, 1000 at once, in units of ours',
      factor(ANYBODY, 'seed', 'open', 'concurrent'),
    ),
    atLeast(9, 'the next best, 25 calls deep, in units of ours', factor(ANYBODY, 'seed', 'deep')),
    atMost(1.15, 'fallback', cost('seed', 'fallback')),
    atLeast(
      { others: 35, 26: 20 },
      'fallback, opossum, in units of ours',
      factor(OPOSSUM, 'seed', 'fallback'),
    ),
    atLeast(
      { others: 60, 26: 40 },
      'fallback, cockatiel, in units of ours',
      factor(COCKATIEL, 'seed', 'fallback'),
    ),
  ],
  Timeout: [
    atMost(1.6, 'armed, never reached', cost('seed', 'timeout')),
    atMost(
      0.33,
      'in units of a timer a call by hand',
      cost('seed', 'timeout', { unit: 'hand timeout' }),
    ),
    atLeast(4, 'opossum, in units of ours', factor(OPOSSUM, 'seed', 'timeout')),
    atMost(
      0,
      'timers a call',
      measured(({ counts }) => counts.timeoutTimers),
      0,
    ),
  ],
  'Synchronous functions': [
    atMost(
      10,
      'success, ns more than the bare call',
      {
        pairs: [['seed', 'sync']],
        of({ ratios, units }) {
          const own = ratios[rowName('seed', 'sync', 'sequential')]
          const bare = ratios[rowName('bare', 'sync', 'sequential')]
          const unit = units['sync sequential']
          return own && bare && unit && (own.value - bare.value) * unit
        },
      },
      1,
    ),
    atMost(
      1.2,
      'failure, in units of a wrapper by hand',
      cost('seed', 'sync-failure', { unit: 'hand sync' }),
    ),
    atMost(
      0.3,
      'rejection, in units of a wrapper by hand',
      cost('seed', 'sync-open', { unit: 'hand sync' }),
    ),
  ],
  'While an AsyncLocalStorage is in use': [
    atMost({ 20: 0.85 }, 'success, seed options', cost('seed', 'context')),
    atMost({ 20: 1.1 }, 'success, full statistics', cost('full', 'context')),
  ],
  'What a call is made of': [
    ...['seed', 'count', 'time'].map((subject) =>
      atMost(
        100,
        `bytes beyond the bare call, ${subject === 'seed' ? 'seed options' : `${subject} window`}`,
        memory(subject, ({ perCall }) => Math.round(perCall)),
        0,
      ),
    ),
    atMost(
      350,
      'bytes beyond the bare call, full statistics',
      memory('full', ({ perCall }) => Math.round(perCall)),
      0,
    ),
    atMost(
      2,
      'microtasks until the caller goes on, success',
      measured(({ counts }) => counts.successTicks),
      0,
    ),
    atMost(
      3,
      'microtasks until the caller goes on, failure',
      measured(({ counts }) => counts.failureTicks),
      0,
    ),
    atMost(
      0,
      'frames in the stack of a failure',
      measured(({ own }) => own.frames),
      0,
    ),
  ],
  'What a breaker takes': [
    atMost(
      250,
      'bytes, never called',
      memory('seed', ({ alone }) => alone && Math.round(alone)),
      0,
    ),
    ...[
      ['seed', 'seed options', 450] as const,
      ['count', 'count window', 550] as const,
      ['time', 'time window', 750] as const,
      ['full', 'full statistics', 2_048] as const,
    ].map(([subject, label, limit]) =>
      atMost(
        limit,
        `bytes, with a function that was called, ${label}`,
        memory(subject, ({ used }) => Math.round(used)),
        0,
      ),
    ),
    atMost(
      0,
      'bytes a key whose calls succeed',
      measured(({ own }) => own.healthyKey),
      0,
    ),
    atMost(
      150,
      'bytes a key whose last call failed',
      measured(({ own }) => own.failedKey),
      0,
    ),
    atMost(
      0,
      'timers at rest',
      memory('seed', ({ timers }) => timers),
      0,
    ),
    atMost(
      0.1,
      '10 000 that are not called, % of a core',
      memory('seed', ({ idle }) => idle * 100),
      1,
    ),
    atMost(
      5,
      'import, ms',
      measured(({ importTime }) => importTime.value),
      1,
    ),
  ],
}

export const ALL_GOALS: readonly Goal[] = Object.values(GOALS).flat()

/** The pairs that goals are made of, each once. */
export const PAIRS: readonly Pair[] = [
  ...new Map(
    ALL_GOALS.flatMap(({ pairs }) => pairs).map((pair) => [pair.join(' '), pair]),
  ).values(),
]
