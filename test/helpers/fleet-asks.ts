import {
  type Ask,
  type FleetPolicy,
  NO_REGISTERS,
  type ProcessReport,
  type Registers,
} from '../../src/fleet/index.ts'
import { seeded } from '../soak/random.ts'
import { POLICY } from './fleet.ts'

const PROCESSES = ['p1', 'p2', 'p=3', 'p4']
const TEXTS = ['', 'ada', 'déjà vu', '"quoted"\n\\', '100 % | {x}']
/** Lengths of time after which something is due in one of the policies. */
const PAUSES = [0, 0, 1, 7, 100, 333, 1_000, 2_000, 2_000, 5_000, 10_000, 20_000, 3_600_000]

const POLICIES: readonly FleetPolicy[] = [
  { ...POLICY, minimumCalls: 4, leaseMs: 2_000 },
  { ...POLICY, minimumCalls: 4, leaseMs: 2_000, probes: 3, successes: 2, slowCallRate: 0.3 },
  {
    ...POLICY,
    failureRate: 0.1,
    buckets: 7,
    bucketMs: 333,
    openMs: 1_000,
    factor: 1.7,
    maxOpenMs: 7_001,
  },
]

/** A signal that is never aborted. */
export const never: AbortSignal = new AbortController().signal

/** An ask of a process that has heard nothing yet. */
export function ask(extra: Partial<Ask> = {}): Ask {
  const base = { name: 'api', process: 'p1', policy: POLICY, known: NO_REGISTERS }
  return { ...base, notAfter: 0, nonce: 0, ...extra }
}

/** What a process says of itself that has nothing to say. */
export function report(process: string, extra: Partial<ProcessReport> = {}): ProcessReport {
  const said = { service: '', version: '', uptime: 0, breakers: 1, heard: 0, degraded: 0 }
  return { process, ...said, alone: [], policies: [], ...extra }
}

/**
 * Asks of chance of a few processes, which hold what they were last told, something older, or what no
 * store has said.
 */
export class RandomAsks {
  readonly #random: () => number
  readonly #known = new Map<string, Registers[]>()
  readonly #leases: string[] = []
  #count = 0

  constructor(seed: number) {
    this.#random = seeded(seed)
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit)
  }

  #one<T>(of: readonly T[]): T {
    return of[this.#below(of.length)] as T
  }

  #chance(share: number): boolean {
    return this.#random() < share
  }

  /** How far the clock goes on, and now and then back. */
  pause(): number {
    return this.#chance(0.03) ? -this.#one(PAUSES) : this.#one(PAUSES)
  }

  subscribers(): number {
    return this.#below(4)
  }

  hear(process: string, registers: Registers): void {
    this.#known.set(process, [registers, ...(this.#known.get(process) ?? [])].slice(0, 3))
  }

  ask(name: string, now: number): Ask {
    const process = this.#one(PROCESSES)
    const policy = this.#chance(0.9) ? (POLICIES[0] as FleetPolicy) : this.#one(POLICIES)
    const command = this.#chance(0.12) ? this.#command() : undefined
    return {
      ...{ name, process, policy, command },
      known: this.#knownOf(process, now),
      report: this.#chance(0.6) ? this.#counts() : undefined,
      lease: this.#chance(0.5) ? this.#lease() : undefined,
      renew: this.#chance(0.1) ? this.#leases.at(-1) : undefined,
      result: this.#chance(0.4) ? this.#result() : undefined,
      notAfter: this.#chance(0.2) ? now + this.#below(10) - 2 : 0,
      nonce: this.#below(1024),
    }
  }

  /** What the process of the first ask says of itself, now and then nothing. */
  report([ask]: readonly Ask[]): ProcessReport | undefined {
    if (ask === undefined || this.#chance(0.3)) return undefined
    const { name, process } = ask
    const alone = { name, reason: 'failureRate', age: this.#below(1e6), hits: 3, calls: 4 }
    const policy = { name, policy: this.#one(TEXTS) }
    return report(process, {
      service: this.#one(TEXTS),
      version: this.#one(TEXTS),
      uptime: this.#below(1e6),
      breakers: this.#below(100),
      heard: this.#one(this.#known.get(process) ?? [NO_REGISTERS]).automatic.stamp,
      degraded: this.#below(2) * 5_000,
      alone: this.#chance(0.5) ? [alone] : [],
      policies: this.#chance(0.5) ? [policy] : [],
    })
  }

  #knownOf(process: string, now: number): Registers {
    const known = this.#known.get(process) ?? [NO_REGISTERS]
    const registers = this.#chance(0.9) ? (known[0] as Registers) : this.#one(known)
    if (this.#chance(0.94)) return registers
    const stamp = (now + this.#one([0, 1, 86_400_000, 86_400_002])) * 1024 + this.#one([0, 1, 500])
    const { automatic, override } = registers
    if (this.#chance(0.5)) return { automatic, override: { ...override, stamp } }
    const state = this.#one(['closed', 'open', 'half-open'] as const)
    const until = state === 'open' ? now + this.#below(5_000) : 0
    return { automatic: { ...automatic, stamp, state, until, reason: 'failureRate' }, override }
  }

  #counts(): NonNullable<Ask['report']> {
    const failure = this.#below(5)
    return { success: this.#below(4), failure, slow: this.#below(failure + 1) }
  }

  #lease(): string {
    if (this.#chance(0.1) && this.#leases.length > 0) return this.#leases.at(-1) as string
    const lease = `lease.${++this.#count}`
    this.#leases.push(lease)
    return lease
  }

  #result(): Ask['result'] {
    const lease = this.#one(this.#leases.slice(-4)) ?? 'lease.0'
    return { lease, outcome: this.#one(['success', 'success', 'failure', 'none']) }
  }

  #command(): NonNullable<Ask['command']> {
    const said = { by: this.#one(TEXTS), reason: this.#one(TEXTS) }
    const ms = this.#one([0, 500, 3_000])
    const kind = this.#one(['trip', 'halfOpen', 'reset', 'override'] as const)
    if (kind === 'trip') return { kind, for: ms, ...said }
    if (kind !== 'override') return { kind, ...said }
    const mode = this.#one(['forced-open', 'forced-closed', 'disabled', null] as const)
    return { kind, mode, for: ms, ...said }
  }
}
