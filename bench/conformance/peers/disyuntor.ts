import { createRequire } from 'node:module'
import type {
  BreakerSetup,
  TestedAction,
  TestedBreaker,
} from '../../../src/testing/conformance/index.ts'
import type { Peer } from '../peer.ts'

interface Disyuntor {
  readonly state: 'closed' | 'open' | 'half open'
  protect(action: TestedAction): Promise<unknown>
  reset(): void
  on(event: 'close', listener: () => void): void
}

function optionsFor({ maxFailures, failureRate, resetTimeout, callTimeout, ignore }: BreakerSetup) {
  return {
    name: 'conformance',
    maxFailures: maxFailures ?? failureRate?.minimumCalls,
    cooldown: resetTimeout,
    ...(resetTimeout >= 30_000 && { maxCooldown: 10 * resetTimeout }),
    ...(callTimeout !== 'default' && { timeout: callTimeout ?? false }),
    ...(ignore && { trigger: (error: unknown) => !ignore(error) }),
  }
}

function tested(breaker: Disyuntor): TestedBreaker {
  return {
    target: breaker,
    call: (action) => breaker.protect(action),
    state: () => (breaker.state === 'half open' ? 'half-open' : breaker.state),
    onClose: (listener) => breaker.on('close', listener),
    reset: () => breaker.reset(),
  }
}

export const disyuntor: Peer = {
  package: 'disyuntor',
  configuration: '{ maxFailures: n, cooldown: resetTimeout, timeout: callTimeout ?? false }',
  note: 'maxCooldown stays at its default of 30 s, or is ten times a longer cooldown: with a constant open time it has no gate for probes at all. Rates become consecutive failures.',
  lacks: {
    'several-probes': 'one probe, not configurable',
    'rate-window': 'counts consecutive failures only',
  },
  async load() {
    const library = createRequire(import.meta.url)('disyuntor') as {
      Disyuntor: new (options: object) => Disyuntor
    }
    return {
      create: (setup) => tested(new library.Disyuntor(optionsFor(setup))),
      createTwins(setup) {
        const options = optionsFor(setup)
        return [tested(new library.Disyuntor(options)), tested(new library.Disyuntor(options))]
      },
    }
  },
}
