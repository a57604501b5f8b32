import { createRequire } from 'node:module'
import type {
  BreakerSetup,
  TestedAction,
  TestedBreaker,
} from '../../../src/testing/conformance/index.ts'
import type { Peer } from '../peer.ts'

interface Brakes {
  exec(action: TestedAction): Promise<unknown>
  isOpen(): boolean
  on(event: 'success', listener: () => void): void
}

type BrakesClass = new (action: (action: TestedAction) => unknown, options: object) => Brakes

function optionsFor({ maxFailures, failureRate, resetTimeout, callTimeout, ignore }: BreakerSetup) {
  return {
    circuitDuration: resetTimeout,
    waitThreshold: (failureRate?.minimumCalls ?? maxFailures ?? 1) - 1,
    threshold: failureRate?.threshold ?? 0.5,
    ...(failureRate && { bucketSpan: 1_000, bucketNum: failureRate.duration / 1_000 }),
    ...(typeof callTimeout === 'number' && { timeout: callTimeout }),
    ...(ignore && { isFailure: (error: unknown) => !ignore(error) }),
  }
}

function tested(breaker: Brakes): TestedBreaker {
  return {
    target: breaker,
    call: (action) => breaker.exec(action),
    state: () => (breaker.isOpen() ? 'open' : 'closed'),
    onSuccess: (listener) => breaker.on('success', listener),
  }
}

export const brakes: Peer = {
  package: 'brakes',
  configuration:
    '{ circuitDuration: resetTimeout, waitThreshold: n - 1, threshold: 0.5, timeout: callTimeout }',
  note: 'It has no consecutive count, so `n` failures are 50 % of at least `n` calls. It cannot do without a call timeout, whose default is 15 s.',
  lacks: {
    'half-open': 'no half-open state: after the open time all traffic resumes',
    'several-probes': 'no half-open state: after the open time all traffic resumes',
    reset: 'nothing closes it by hand',
  },
  async load() {
    const Breaker = createRequire(import.meta.url)('brakes') as BrakesClass
    const run = (action: TestedAction): unknown => action()
    return {
      create: (setup) => tested(new Breaker(run, optionsFor(setup))),
      createTwins(setup) {
        const options = optionsFor(setup)
        return [tested(new Breaker(run, options)), tested(new Breaker(run, options))]
      },
    }
  },
}
