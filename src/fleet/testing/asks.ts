import { insist } from '../../testing/conformance/conformance-case.ts'
import {
  type Answer,
  type Ask,
  type FleetPolicy,
  type FleetStore,
  type JournalChange,
  NO_REGISTERS,
  type Registers,
} from '../index.ts'

/** Nothing opens by its calls, and nothing is over soon. */
export const PATIENT: FleetPolicy = {
  failureRate: 0.5,
  slowCallRate: 0,
  minimumCalls: 1_000,
  minReporters: 1,
  buckets: 10,
  bucketMs: 60_000,
  openMs: 3_600_000,
  maxOpenMs: 3_600_000,
  factor: 1,
  probes: 1,
  successes: 1,
  leaseMs: 600_000,
}

export const ONE = { success: 1, failure: 0, slow: 0 } as const
export const TRIP = { kind: 'trip', for: 0, by: 'ada', reason: 'a test' } as const
export const HALF_OPEN = { kind: 'halfOpen', by: 'ada', reason: 'a test' } as const
export const FORCE = {
  kind: 'override',
  mode: 'forced-open',
  for: 0,
  by: 'ada',
  reason: 'a test',
} as const

/** What makes an engine tell those who watch. */
export const CHANGE: JournalChange = {
  at: 0,
  name: 'api',
  register: 'automatic',
  from: 'closed',
  to: 'open',
  stamp: 1,
  cause: 'trip',
  by: 'ada',
  reason: 'a test',
  until: 0,
}

/** A signal that is never aborted. Not made when this is loaded, which Workers do not allow. */
export function never(): AbortSignal {
  return new AbortController().signal
}

/** An ask of a process that has heard nothing yet. */
export function askOf(said: Partial<Ask> = {}): Ask {
  const base = { name: 'api', process: 'p1', policy: PATIENT, known: NO_REGISTERS }
  return { ...base, notAfter: 0, nonce: 0, ...said }
}

/** One exchange with one ask. */
export async function say(store: FleetStore, said: Partial<Ask> = {}): Promise<Answer> {
  const [answer] = await store.exchange([askOf(said)], never())
  insist(answer !== undefined, 'an ask was not answered')
  return answer
}

export function range(length: number): number[] {
  return Array.from({ length }, (_, i) => i)
}

/** Whether two contents of registers are the same. */
export function isSame(a: object, b: object): boolean {
  const text = (value: object): string =>
    JSON.stringify(value, (_, it: unknown) =>
      it !== null && typeof it === 'object' && !Array.isArray(it)
        ? Object.fromEntries(Object.entries(it).sort(([x], [y]) => (x < y ? -1 : 1)))
        : it,
    )
  return text(a) === text(b)
}

/** Times that are over within an exchange or two. */
const HASTY: FleetPolicy = {
  ...PATIENT,
  minimumCalls: 4,
  bucketMs: 20,
  openMs: 2,
  maxOpenMs: 20,
  factor: 1.7,
  probes: 2,
  successes: 2,
  leaseMs: 6,
}

const PROCESSES = ['p1', 'p2', 'p3']
const KINDS = ['trip', 'halfOpen', 'reset', 'override'] as const

/** Asks of chance of a few processes, which hold what they were last told, or something older. */
export class RandomAsks {
  #state: number
  readonly #known = new Map<string, Registers[]>()
  readonly #leases: string[] = []

  constructor(seed: number) {
    this.#state = seed
  }

  /** From 0 to less than 1 (mulberry32). */
  #random(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let bits = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit)
  }

  #one<T>(of: readonly T[]): T {
    return of[this.#below(of.length)] as T
  }

  #maybe<T>(share: number, value: () => T): T | undefined {
    return this.#random() < share ? value() : undefined
  }

  hear(process: string, registers: Registers): void {
    this.#known.set(process, [registers, ...(this.#known.get(process) ?? [])].slice(0, 3))
  }

  next(): Ask {
    const process = this.#one(PROCESSES)
    const known = this.#known.get(process) ?? [NO_REGISTERS]
    return askOf({
      process,
      policy: HASTY,
      known: this.#random() < 0.9 ? (known[0] as Registers) : this.#one(known),
      report: this.#maybe(0.6, () => ({
        success: this.#below(4),
        failure: this.#below(5),
        slow: this.#below(2),
      })),
      lease: this.#maybe(0.5, () => this.#lease()),
      renew: this.#maybe(0.1, () => this.#leases.at(-1) ?? 'none'),
      result: this.#maybe(0.4, () => ({
        lease: this.#one(this.#leases.slice(-4)) ?? 'none',
        outcome: this.#one(['success', 'success', 'failure', 'none'] as const),
      })),
      command: this.#maybe(0.12, () => this.#command()),
      nonce: this.#below(1024),
    })
  }

  #lease(): string {
    const lease = `lease.${this.#leases.length}`
    this.#leases.push(lease)
    return lease
  }

  #command(): Ask['command'] {
    const kind = this.#one(KINDS)
    const said = { by: this.#one(['', 'ada']), reason: this.#one(['', 'déjà "vu"\\']) }
    if (kind === 'trip') return { kind, for: this.#below(2) * 10, ...said }
    if (kind !== 'override') return { kind, ...said }
    const mode = this.#one(['forced-open', 'forced-closed', 'disabled', null] as const)
    return { kind, mode, for: this.#below(2) * 10, ...said }
  }
}
