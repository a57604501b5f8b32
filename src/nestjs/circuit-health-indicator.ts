import { isReady, type ReadinessOptions } from '../adapter/readiness.ts'
import type { CircuitRegistry } from '../index.ts'

/** The result of an indicator, as Terminus takes it. */
export type CircuitHealthResult<Key extends string = string> = Record<
  Key,
  { status: 'up' | 'degraded' | 'down' }
>

/**
 * A health indicator for Terminus 11 and 12: `health.check([() => circuits.isHealthy('circuits')])`. It is `down`,
 * which answers 503, only while a breaker named in `required` of {@link CircuitModule} is open by itself; `degraded`, which
 * answers 200, while another one is open or one is forced open; otherwise `up`.
 */
export class CircuitHealthIndicator {
  readonly #registry: CircuitRegistry
  readonly #options: ReadinessOptions

  constructor(registry: CircuitRegistry, options: ReadinessOptions = {}) {
    this.#registry = registry
    this.#options = options
  }

  /** The state of health under a key of your own. Names no breaker: answers of health checks are public at times. */
  isHealthy<Key extends string>(key: Key): CircuitHealthResult<Key> {
    const ready = isReady(this.#registry, this.#options)
    const otherwise = this.#isAnyOpen() ? 'degraded' : 'up'
    return { [key]: { status: ready ? otherwise : 'down' } } as CircuitHealthResult<Key>
  }

  #isAnyOpen(): boolean {
    for (const { state } of this.#registry) if (state === 'open') return true
    return false
  }
}
