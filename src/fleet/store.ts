import type { OverrideMode } from '../index.ts'
import type { ProcessReport, ProcessStatus } from './processes.ts'
import type { Registers } from './register.ts'

/**
 * When a fleet opens and how it recovers. It comes with every exchange: the store has no configuration, and
 * two versions of a program may go by different policies for a while.
 */
export interface FleetPolicy {
  /** Opens when this share of the calls in the window has failed, in (0, 1]; 0 for never. Reaching it opens. */
  readonly failureRate: number
  /** Opens when this share was slow, in (0, 1]; 0 for never. Reaching it opens. */
  readonly slowCallRate: number
  /** With fewer calls of the whole fleet in the window, it does not open. An integer of at least 1. */
  readonly minimumCalls: number
  /** How many processes must have reported failures or slow calls within the window. At least 1. */
  readonly minReporters: number
  /** The window has so many buckets of `bucketMs` each. */
  readonly buckets: number
  readonly bucketMs: number
  /** How long it is open: `openMs` at first, `factor` times as long with each re-opening, at most `maxOpenMs`. */
  readonly openMs: number
  readonly maxOpenMs: number
  readonly factor: number
  /** Probes in flight at once, in the whole fleet. */
  readonly probes: number
  /** Probes that must succeed to close it. */
  readonly successes: number
  /** How long a process may hold the lease of a probe without renewing it, ms. */
  readonly leaseMs: number
}

/** Calls that have ended. `slow` ones are among the others. */
export interface FleetCounts {
  readonly success: number
  readonly failure: number
  readonly slow: number
}

/** What is done by hand to the automatic state, or to the override. */
export type FleetCommand = {
  readonly by: string
  readonly reason: string
} & (
  | {
      /** `for` is how long to stay open, ms; 0 for as long as the policy says. */
      readonly kind: 'trip'
      readonly for: number
    }
  | { readonly kind: 'halfOpen' | 'reset' }
  | {
      /** `mode` is `null` to lift it; `for` is how long it lasts, ms; 0 for until it is lifted. */
      readonly kind: 'override'
      readonly mode: OverrideMode | null
      readonly for: number
    }
)

/** What one process says and asks about one breaker, in one exchange. */
export interface Ask {
  /** The name of the breaker: at most 128 characters, no braces, line breaks or `|`. */
  readonly name: string
  /** The process: unique among those that live, not empty, no white space. */
  readonly process: string
  readonly policy: FleetPolicy
  /** What the process holds: newer than what the store has, it repairs the store. */
  readonly known: Registers
  /** Calls that ended since the last exchange, while the automatic register was the known one. */
  readonly report?: FleetCounts | undefined
  /** Asks for the lease of a probe. The id is new for each attempt: no white space or `=`. */
  readonly lease?: string | undefined
  /** The lease of a probe that still runs. */
  readonly renew?: string | undefined
  /** How the probe with that lease has ended; `none` if that is no evidence. */
  readonly result?:
    | { readonly lease: string; readonly outcome: 'success' | 'failure' | 'none' }
    | undefined
  readonly command?: FleetCommand | undefined
  /** By the clock of the store, ms: what comes later has no effect. 0 while its time is not known. */
  readonly notAfter: number
  /** Drawn for each ask: an integer from 0 to 1023. */
  readonly nonce: number
}

/** What the store answers to one {@link Ask}. */
export interface Answer {
  /** The clock of the store, in whole ms. */
  readonly nowMs: number
  readonly registers: Registers
  /** What the fleet has reported in the window, while it is closed. */
  readonly fleet: FleetCounts
  /**
   * Why the ask had no effect, or not all of it: it came too late; the record is of a newer version; or
   * its registers were more than a day ahead of the store, so that the process must take those of the answer, though
   * they look older; or the part of the store that has the breaker can't be reached, so that the answer is none.
   */
  readonly refused?: 'late' | 'schema' | 'ahead' | 'lost' | undefined
  /** Why it is lost. */
  readonly error?: Error | undefined
  /** Whether the lease that was asked for was granted; undefined if none was asked for. */
  readonly granted?: boolean | undefined
  /** After how many ms to ask again for a lease that was not granted. */
  readonly retryMs?: number | undefined
  /** After how many ms to report next, where the store wants to say that. */
  readonly flushMs?: number | undefined
  /** The policy of the process before, as `policyText` has it, where it was another one. */
  readonly otherPolicy?: string | undefined
  /** True if the store had no record of it: to a process that had been answered before, that it has lost what it had. */
  readonly created?: boolean | undefined
}

/** What a store tells those who watch it: the registers of one breaker, as they now are. */
export interface Push {
  readonly name: string
  readonly nowMs: number
  readonly registers: Registers
}

/** A breaker as the store has it. */
export interface FleetBreaker {
  readonly name: string
  readonly registers: Registers
  /** What the fleet has reported in the window, while it is closed. */
  readonly calls: FleetCounts
  /** Processes that have reported failures within the window; no more of them than it takes to open. */
  readonly reporters: readonly string[]
  /** The leases of probes; each begins with the name of its process and a dot. */
  readonly leases: readonly string[]
  /** The policy of the last ask, as `policyText` has it. */
  readonly policy: string
}

/** What a store has, for those who operate the fleet. */
export interface FleetReading {
  /** The clock of the store, ms. */
  readonly nowMs: number
  /** Those that have exchanged within the last minute, by name. */
  readonly processes: readonly ProcessStatus[]
  /** Those that were asked for, as far as there are any. */
  readonly breakers: readonly FleetBreaker[]
}

/** One change, made by the fleet or by hand. */
export interface JournalEntry {
  /** Ascending, within a shard. */
  readonly id: string
  /** When, ms by the clock of the store. */
  readonly at: number
  readonly name: string
  readonly register: 'automatic' | 'override'
  /** States; or modes of an override, empty for none. */
  readonly from: string
  readonly to: string
  readonly stamp: number
  /** Of the automatic state: why it changed. */
  readonly cause: string
  /** The process, or who did it by hand. */
  readonly by: string
  /** What was said when it was done by hand. */
  readonly reason: string
  /** Until when an override lasts, or it is open, ms by the clock of the store; 0 for no end. */
  readonly until: number
}

/** A change before it is in a journal. */
export type JournalChange = Omit<JournalEntry, 'id'>

/**
 * A store that a fleet shares, and which decides by itself, as `step` does. Experimental: it may change in
 * any version.
 */
export interface FleetStore {
  /**
   * Answers every ask, in the same order, each as by one `step`, atomically. Rejects when the store can't be
   * reached, and when `signal` is aborted; where that may be so of a part only, what is asked of that is refused as
   * `lost`. It never asks twice by itself. A store that has `read` keeps what the
   * process says of itself; then there may be no ask.
   */
  exchange(
    asks: readonly Ask[],
    signal: AbortSignal,
    report?: ProcessReport,
  ): Promise<readonly Answer[]>
  /**
   * Hears of changes by any process. Pushes may be lost, doubled and out of order. `onConnect` is called when the
   * subscription stands, first and after each interruption: what happened meanwhile is not pushed. `onLost` is called
   * when it is interrupted, where the store learns of that: a process that has nothing to say sees so that the store is gone.
   */
  watch?(onPush: (push: Push) => void, onConnect: () => void, onLost?: () => void): AsyncDisposable
  /**
   * What the store has, for those who operate the fleet: its processes, and breakers by their names, or all of them. It
   * changes nothing.
   */
  read?(names: readonly string[] | undefined, signal: AbortSignal): Promise<FleetReading>
  /** The last changes, newest first, at most so many. */
  journal?(limit: number, signal: AbortSignal): Promise<readonly JournalEntry[]>
  [Symbol.asyncDispose](): Promise<void>
}

/** The order of a policy's parts in its text. */
const PARTS: readonly (keyof FleetPolicy)[] = [
  'failureRate',
  'slowCallRate',
  'minimumCalls',
  'minReporters',
  'buckets',
  'bucketMs',
  'openMs',
  'maxOpenMs',
  'factor',
  'probes',
  'successes',
  'leaseMs',
]

/** A policy as one short text, to see whether two are the same. */
export function policyText(policy: FleetPolicy): string {
  return PARTS.map((part) => policy[part]).join(' ')
}

/** The policy of a text that {@link policyText} has made; undefined for any other. */
export function policyOfText(text: string): FleetPolicy | undefined {
  const numbers = text.split(' ').map(Number)
  if (numbers.length !== PARTS.length || !numbers.every(Number.isFinite)) return undefined
  return Object.fromEntries(PARTS.map((part, i) => [part, numbers[i]])) as unknown as FleetPolicy
}
