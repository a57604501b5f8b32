import { createRequire } from 'node:module'
import type {
  BreakerSetup,
  TestedAction,
  TestedBreaker,
} from '../../../src/testing/conformance/index.ts'
import type { Peer } from '../peer.ts'

interface Opossum {
  readonly opened: boolean
  readonly halfOpen: boolean
  fire(action: TestedAction): Promise<unknown>
  open(): void
  close(): void
  on(event: 'success' | 'close', listener: () => void): void
}

type Action = (action: TestedAction) => unknown
type OpossumClass = new (action: Action, options: object) => Opossum

function optionsFor({ maxFailures, failureRate, resetTimeout, callTimeout, ignore }: BreakerSetup) {
  return {
    resetTimeout,
    volumeThreshold: failureRate?.minimumCalls ?? maxFailures,
    errorThresholdPercentage: (failureRate?.threshold ?? 0.5) * 100,
    ...(failureRate && {
      rollingCountTimeout: failureRate.duration,
      rollingCountBuckets: failureRate.duration / 1_000,
    }),
    ...(callTimeout !== 'default' && { timeout: callTimeout ?? false }),
    ...(ignore && { errorFilter: ignore }),
  }
}

function tested(breaker: Opossum): TestedBreaker {
  return {
    target: breaker,
    call: (action) => breaker.fire(action),
    state: () => (breaker.opened ? 'open' : breaker.halfOpen ? 'half-open' : 'closed'),
    onSuccess: (listener) => breaker.on('success', listener),
    trip: () => breaker.open(),
    reset: () => breaker.close(),
  }
}

export const opossum: Peer = {
  package: 'opossum',
  configuration:
    '{ resetTimeout, volumeThreshold: n, errorThresholdPercentage: 50, timeout: callTimeout ?? false }',
  note: 'It has no consecutive count, so `n` failures are 50 % of at least `n` calls. K23 switches `cache` on in the shared options.',
  lacks: { 'several-probes': 'one probe, not configurable' },
  async load() {
    const Breaker = createRequire(import.meta.url)('opossum') as OpossumClass
    return {
      create: (setup) => tested(new Breaker((action) => action(), optionsFor(setup))),
      createTwins(setup) {
        const options = { ...optionsFor(setup), cache: true }
        const twin = (): TestedBreaker => {
          let action: TestedAction
          const breaker = new Breaker(() => action(), options)
          const fire = breaker.fire.bind(breaker) as () => Promise<unknown>
          return {
            ...tested(breaker),
            call(next) {
              action = next
              return fire()
            },
          }
        }
        return [twin(), twin()]
      },
    }
  },
}
