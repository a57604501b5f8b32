import { type FleetRecord, NO_RECORD } from '../../src/fleet/record.ts'
import { NO_REGISTERS, type Registers } from '../../src/fleet/register.ts'
import { type FleetChange, step } from '../../src/fleet/step.ts'
import type { Answer, Ask, FleetCommand, FleetCounts, FleetPolicy } from '../../src/fleet/store.ts'

export const POLICY: FleetPolicy = {
  failureRate: 0.5,
  slowCallRate: 0,
  minimumCalls: 10,
  minReporters: 2,
  buckets: 10,
  bucketMs: 1_000,
  openMs: 5_000,
  maxOpenMs: 60_000,
  factor: 2,
  probes: 1,
  successes: 1,
  leaseMs: 5_000,
}

type Extra = Partial<Omit<Ask, 'name' | 'process'>>
type Said<T> = T extends unknown
  ? Omit<T, 'by' | 'reason'> & { by?: string; reason?: string }
  : never

/** A record, and processes that hold what they were last told. */
export function createFleet(policy: Partial<FleetPolicy> = {}): Fleet {
  return new Fleet({ ...POLICY, ...policy })
}

class Fleet {
  policy: FleetPolicy
  record: FleetRecord = NO_RECORD
  now: number = 1_700_000_000_000
  live: number | undefined = undefined
  readonly known: Map<string, Registers> = new Map<string, Registers>()
  changes: readonly FleetChange[] = []
  answer: Answer = { nowMs: 0, registers: NO_REGISTERS, fleet: { success: 0, failure: 0, slow: 0 } }
  #nonce = 0

  constructor(policy: FleetPolicy) {
    this.policy = policy
  }

  get registers(): Registers {
    return this.record.registers
  }

  get automatic(): Registers['automatic'] {
    return this.registers.automatic
  }

  get override(): Registers['override'] {
    return this.registers.override
  }

  get state(): string {
    return this.automatic.state
  }

  knownOf(process: string): Registers {
    return this.known.get(process) ?? this.registers
  }

  ask(process: string, extra: Extra = {}): Ask {
    const { policy } = this
    this.#nonce = (this.#nonce + 1) % 1024
    const known = this.knownOf(process)
    return { name: 'api', process, policy, known, notAfter: 0, nonce: this.#nonce, ...extra }
  }

  /** One exchange; the process takes what it is told, as one that has never lost a message. */
  say(process: string, extra: Extra = {}): Answer {
    const { record, answer, changes } = step(
      this.record,
      this.ask(process, extra),
      this.now,
      this.live,
    )
    this.record = record
    this.answer = answer
    this.changes = changes
    this.known.set(process, answer.registers)
    return answer
  }

  report(process: string, counts: Partial<FleetCounts>): void {
    this.say(process, { report: { success: 0, failure: 0, slow: 0, ...counts } })
  }

  command(process: string, command: Said<FleetCommand>): void {
    this.say(process, { command: { by: '', reason: '', ...command } as FleetCommand })
  }

  lease(process: string, lease: string): boolean | undefined {
    return this.say(process, { lease }).granted
  }

  result(process: string, lease: string, outcome: 'success' | 'failure' | 'none'): void {
    this.say(process, { result: { lease, outcome } })
  }

  open(): void {
    this.command('z', { kind: 'trip', for: 0 })
  }

  openUntilNow(): void {
    this.open()
    this.now = this.automatic.until
  }

  /** The store forgets all that it has. */
  lose(): void {
    this.record = NO_RECORD
  }
}
