import type { Clock } from '../clock.ts'
import type { Machine } from '../core/machine.ts'
import type { OverrideMode, OverrideOptions } from '../core/state/override.ts'
import type { StateName } from '../core/transition.ts'
import type { WindowSettings } from '../core/trip/window.ts'

/** The type of the option `shared`: what `shared` of `short-circuit/fleet` returns. */
export interface SharedBreakers {
  /** Called once for each breaker: when it is created, or when one of a registry is first used. */
  join(member: FleetMember): Membership
}

interface RateOptions {
  readonly threshold: number
  readonly minimumCalls: number
  readonly window: WindowSettings
}

/** A breaker as its fleet sees it. */
export interface FleetMember {
  readonly name: string
  /** Those that say when the fleet opens, and how it recovers. */
  readonly options: {
    readonly trip: {
      readonly failureRate: RateOptions | undefined
      readonly slowCallRate: RateOptions | undefined
    }
    readonly resetTimeout: unknown
    readonly recovery: object
    readonly callTimeout: number | undefined
  }
  readonly clock: Clock
  readonly machine: Machine
  /** Publishes what the machine has done. */
  flush(): void
  report(error: unknown, source: string): void
}

/** What is done by hand to all breakers of a fleet. */
export type FleetOperation =
  | { readonly do: 'trip' | 'halfOpen' | 'reset'; readonly why: OverrideOptions }
  | {
      readonly do: 'override'
      readonly mode: OverrideMode | undefined
      readonly why: OverrideOptions
    }

/** The place of one breaker in its fleet. */
export interface Membership {
  /** Called when calls have ended, unless nothing but successes, and when the breaker has changed. */
  changed(): void
  /**
   * Called with each call while the fleet is half-open. Resolves when the lease of a probe has been asked for;
   * undefined if none is to be asked for. `clockTime` is when the call began.
   */
  askForLease(clockTime: number): Promise<void> | undefined
  /** Does something by hand to the whole fleet. */
  operate(operation: FleetOperation): void
  status(): FleetStatus
}

/** The fleet of a breaker. */
export interface FleetStatus {
  /**
   * Who decides now: `local` while the breaker has opened by itself, lets calls pass by and by after the fleet has
   * closed, or can't hear the fleet.
   */
  readonly decides: 'local' | 'fleet'
  /** False while the store can't be reached: then the breaker decides by itself. */
  readonly connected: boolean
  /** The state of the fleet, as it was last heard. */
  readonly state: StateName
  /** Since when, in milliseconds since 1970, for display; `null` if it has never changed. */
  readonly since: number | null
  /** Why the state was changed, and by which process or person; `null` if that is not known. */
  readonly reason: string
  readonly by: string | null
}
