import type { Listing } from './subject.ts'
import { cockatiel } from './subjects/cockatiel.ts'
import { effect } from './subjects/effect.ts'
import { opossum } from './subjects/opossum.ts'
import { alfred, levee, mollitia } from './subjects/others.ts'
import { keyed, listened, plain, registered } from './subjects/own.ts'

const peer = ['success', 'many', 'failure', 'open', 'deep', 'timeout'] as const
const sync = ['sync', 'sync-failure', 'sync-open'] as const

/** Everything that is measured. */
export const listings: Readonly<Record<string, Listing>> = {
  seed: {
    label: 'seed options',
    package: undefined,
    configuration: '{ maxFailures, resetTimeout }',
    scenarios: [...peer, 'fallback', 'context', ...sync, 'stream'],
    load: () => plain('seed'),
  },
  count: {
    label: 'count window',
    package: undefined,
    configuration: '{ trip: { failureRate: { window: { calls: 100 } } } }',
    scenarios: ['success', 'many', 'failure'],
    load: () => plain('count'),
  },
  time: {
    label: 'time window',
    package: undefined,
    configuration: '{ trip: { failureRate: { window: { duration: 10_000 } } } }',
    scenarios: ['success', 'many', 'failure'],
    load: () => plain('time'),
  },
  auto: {
    label: 'auto',
    package: undefined,
    configuration: 'no options: evidence, with overdue calls',
    scenarios: [...peer, 'fallback', ...sync, 'stream'],
    load: () => plain('auto'),
  },
  full: {
    label: 'full statistics',
    package: undefined,
    configuration: 'time window, and `statistics: true`',
    scenarios: [...peer, 'context'],
    load: () => plain('full'),
  },
  listeners: {
    label: 'listeners',
    package: undefined,
    configuration: 'seed options, and a listener each for `success`, `failure`, `reject`',
    scenarios: ['success', 'failure', 'open'],
    load: listened,
  },
  registry: {
    label: 'registry',
    package: undefined,
    configuration: 'seed options, from `registry.breaker(name)`',
    scenarios: ['success'],
    load: registered,
  },
  keyed: {
    label: 'keyed',
    package: undefined,
    configuration: 'seed options, one of 1000 keys of `registry.keyed`',
    scenarios: ['success', 'failure'],
    load: keyed,
  },
  opossum: {
    label: 'opossum',
    package: 'opossum',
    configuration: 'its defaults, with a timeout of 10 s',
    scenarios: [...peer, 'fallback'],
    load: () => opossum(false),
  },
  'opossum-lean': {
    label: 'opossum, lean',
    package: 'opossum',
    configuration: 'no timeout, no percentiles, no snapshots',
    scenarios: [...peer, 'fallback'],
    load: () => opossum(true),
  },
  cockatiel: {
    label: 'cockatiel, consecutive',
    package: 'cockatiel',
    configuration: 'ConsecutiveBreaker',
    scenarios: [...peer, 'fallback'],
    load: () => cockatiel('consecutive'),
  },
  'cockatiel-count': {
    label: 'cockatiel, count',
    package: 'cockatiel',
    configuration: 'CountBreaker of 100 calls',
    scenarios: ['success', 'many', 'failure'],
    load: () => cockatiel('count'),
  },
  'cockatiel-sampling': {
    label: 'cockatiel, sampling',
    package: 'cockatiel',
    configuration: 'SamplingBreaker of 10 s',
    scenarios: ['success', 'many', 'failure'],
    load: () => cockatiel('sampling'),
  },
  mollitia: {
    label: 'mollitia',
    package: 'mollitia',
    configuration: 'SlidingCountBreaker of 100 calls',
    scenarios: [...peer],
    load: mollitia,
  },
  levee: {
    label: 'levee',
    package: 'levee',
    configuration: 'in a promise; it always has a timeout',
    scenarios: [...peer],
    load: levee,
  },
  alfred: {
    label: 'alfred',
    package: '@git-stunts/alfred',
    configuration: 'circuitBreaker',
    scenarios: [...peer],
    load: alfred,
  },
  effect: {
    label: 'Effect',
    package: 'effect',
    configuration: 'consecutive, its store in memory, by `Effect.runPromise`',
    scenarios: [...peer],
    load: effect,
  },
}

/** Whether it is a configuration of this library. */
export function isOwn(name: string): boolean {
  return listings[name] !== undefined && listings[name].package === undefined
}
