import Opossum from 'opossum'
import { installedVersion } from '../bench/conformance/versions.ts'
import type { StateName } from '../src/index.ts'
import type { Change } from './columns.ts'
import type { News } from './frame.ts'
import { looks, type Standing, standingOf } from './guarded.ts'
import type { Now } from './time.ts'
import type { Call } from './traffic.ts'

export const opossumVersion: string = installedVersion('opossum')

const told: Record<StateName, string> = {
  closed: 'closed: calls pass again',
  open: 'open',
  'half-open': 'half-open: the next call probes',
}

/** What opossum does unless it is told otherwise, as it says itself. Times in ms. */
export interface OpossumDefaults {
  timeout: number
  errorThresholdPercentage: number
  rollingCountTimeout: number
  resetTimeout: number
}

/** A breaker of opossum with its own defaults, and what is known of it and of the calls through it. */
export class GuardedByOpossum {
  readonly calls: Call[] = []
  readonly changes: Change[] = []
  readonly defaults: OpossumDefaults
  readonly #breaker: Opossum<[], number>
  readonly #now: Now

  constructor(action: () => Promise<number>, now: Now, tell: (news: News) => void) {
    // It fills in the object that it is given.
    const options = {} as OpossumDefaults
    this.#breaker = new Opossum(action, options as Opossum.Options<[]>)
    this.defaults = options
    this.#now = now
    const move = (state: StateName) => () => {
      this.changes.push({ at: now(), state })
      tell({ at: now(), who: 'opossum', text: told[state], style: looks[state] })
    }
    this.#breaker.on('open', move('open'))
    this.#breaker.on('halfOpen', move('half-open'))
    this.#breaker.on('close', move('closed'))
  }

  readonly call = (): Promise<number> => this.#breaker.fire()

  standing(): Standing {
    const { at, state } = this.changes.at(-1) ?? { at: 0, state: 'closed' }
    const stateFor = this.#now() - at
    const left = Math.max(0, this.defaults.resetTimeout - stateFor)
    return standingOf({ state, stateFor, retryAfter: state === 'open' ? left : null })
  }

  /** Ends its timers. */
  end(): void {
    this.#breaker.shutdown()
  }
}

export function isRejectedByOpossum(error: unknown): boolean {
  return (error as { code?: unknown } | undefined)?.code === 'EOPENBREAKER'
}
