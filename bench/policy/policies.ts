import type { CircuitBreaker, CircuitBreakerOptions } from '../../src/index.ts'
import {
  type GuardFactory,
  guardFactory,
  type PolicyFactory,
} from '../../src/testing/simulation/guard.ts'
import { noBreaker, oracle } from './bounds.ts'
import { gobreaker } from './emulations/gobreaker.ts'
import { hystrix } from './emulations/hystrix.ts'
import { polly } from './emulations/polly.ts'
import { resilience4j } from './emulations/resilience4j.ts'
import { sreThrottle } from './emulations/sre-throttle.ts'
import { cockatielConsecutive, cockatielSampling } from './peers/cockatiel.ts'
import { opossum } from './peers/opossum.ts'
import { type PeerFactory, promiseGuard } from './peers/promise-guard.ts'

export type Kind = 'ours' | 'real' | 'emulated' | 'bound'

export interface Policy {
  readonly name: string
  readonly kind: Kind
  /** Its configuration after installing it and copying the first example. */
  readonly shipped: boolean
  /** One part of `auto` changed, to see what it is good for. */
  readonly ablation: boolean
  /** How it is configured, in words. */
  readonly configuration: string
  /** Its promises have to settle between two events. */
  readonly promises: boolean
  readonly guard: (callTimeout: number | undefined) => GuardFactory
}

function ours(
  name: string,
  options: CircuitBreakerOptions,
  configuration: string,
  ablation = false,
): Policy {
  return {
    name,
    kind: 'ours',
    shipped: false,
    ablation,
    configuration,
    promises: false,
    guard: (callTimeout) => guardFactory({ ...options, callTimeout }),
  }
}

/** The defaults of another build of this library. */
export function ofBuild({ name, create }: { name: string; create: typeof CircuitBreaker }): Policy {
  return {
    ...ours(name, {}, `\`auto\` as of ${name}`, true),
    guard: (callTimeout) =>
      guardFactory(({ clock, random }) => new create({ clock, random, callTimeout })),
  }
}

function emulated(
  name: string,
  create: PolicyFactory,
  configuration: string,
  shipped = true,
): Policy {
  return {
    name,
    kind: 'emulated',
    shipped,
    ablation: false,
    configuration,
    promises: false,
    guard: () => guardFactory(create),
  }
}

function real(name: string, create: PeerFactory, configuration: string): Policy {
  return {
    name,
    kind: 'real',
    shipped: true,
    ablation: false,
    configuration,
    promises: true,
    guard: () => promiseGuard(create),
  }
}

function bound(name: string, guard: GuardFactory, configuration: string): Policy {
  return {
    name,
    kind: 'bound',
    shipped: false,
    ablation: false,
    configuration,
    promises: false,
    guard: () => guard,
  }
}

const SIMPLE: CircuitBreakerOptions = {
  maxFailures: 5,
  resetTimeout: { initial: 1_000, max: 1_000, jitter: 0.25 },
}

export const policies: Policy[] = [
  bound('oracle', oracle, 'rejects just the calls that would fail'),
  ours('auto', {}, '`new CircuitBreaker({ callTimeout })`'),
  ours('simple', SIMPLE, '5 failures in a row, open for 1 s ± 25 %, one probe'),
  ours(
    'rate',
    {
      trip: { failureRate: { threshold: 0.5, minimumCalls: 10, window: { duration: 10_000 } } },
      resetTimeout: 5_000,
      recovery: { probes: 3 },
    },
    '50 % of at least 10 calls in 10 s, open for 5 s, three probes',
  ),
  ours('auto, fixed 1 s', { resetTimeout: 1_000 }, 'always open for 1 s', true),
  ours(
    'auto, 1→30 s',
    { resetTimeout: { initial: 1_000, max: 30_000, factor: 2, jitter: 0.25 } },
    'open for 1 s, twice as long each time, at most 30 s',
    true,
  ),
  ours('auto, one probe', { trip: 'auto', recovery: { probes: 1 } }, 'one probe closes', true),
  ours(
    'auto, nothing overdue',
    { trip: { evidence: { overdue: false } }, recovery: 'auto' },
    'calls count only when they end',
    true,
  ),
  ours(
    'auto, 5 in a row',
    { trip: { consecutiveFailures: 5 }, recovery: 'auto' },
    '5 failures in a row open',
    true,
  ),
  real('opossum', opossum, 'its defaults: over 50 % of the calls begun in 10 s, open for 30 s'),
  real(
    'cockatiel, consecutive',
    cockatielConsecutive,
    'as documented: `ConsecutiveBreaker(5)`, open for 10 s',
  ),
  real(
    'cockatiel, sampling',
    cockatielSampling,
    'as documented: `SamplingBreaker({ threshold: 0.2, duration: 30_000 })`, open for 10 s',
  ),
  emulated('resilience4j', resilience4j, 'its defaults: 50 % of 100 calls, open for 60 s'),
  emulated('Polly', polly, 'its defaults: 10 % of at least 100 calls in 30 s, open for 5 s'),
  emulated('gobreaker', gobreaker, 'its defaults: 6 failures in a row, open for 60 s'),
  emulated('Hystrix', hystrix, 'its defaults: 50 % of at least 20 calls in 10 s, open for 5 s'),
  emulated('SRE throttle', sreThrottle, 'K = 2 over two minutes', false),
  bound('no breaker', noBreaker, 'every call is made'),
]

export function policyNamed(name: string): Policy {
  const found = policies.find((policy) => policy.name === name)
  if (found === undefined) throw new Error(`no policy is called ${name}`)
  return found
}
