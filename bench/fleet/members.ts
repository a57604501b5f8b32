import { randomUUID } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { FleetProcess } from '../../demo/fleet/fleet-process.ts'
import type { FleetPolicy } from '../../src/fleet/index.ts'
import type { CircuitBreakerOptions, StateName } from '../../src/index.ts'

const program = fileURLToPath(new URL('member.ts', import.meta.url))

export interface Orders {
  redisPort: number
  namespace: string
  perSecond: number
  /** How long to wait before the first call, ms, so that not all processes call at once. */
  after: number
  options: CircuitBreakerOptions
  policy: Partial<FleetPolicy>
}

/** What a process is told. Times are those of the host. */
export type Task =
  | { kind: 'join'; orders: Orders }
  | { kind: 'outage'; from: number; until: number }
  | { kind: 'count' }

export type Report =
  | { kind: 'ready' }
  | { kind: 'change'; at: number; state: StateName; byFleet: boolean }
  | { kind: 'calls'; calls: number }

export type Change = Extract<Report, { kind: 'change' }> & { process: number }

/** Processes that share one breaker. They never outlive this one. */
export class Members {
  readonly size: number
  readonly changes: Change[] = []
  readonly #processes: FleetProcess<Task>[] = []
  #hearCalls = (_: number): void => {}

  private constructor(size: number) {
    this.size = size
  }

  /** Resolves once all of them have joined, and call. */
  static async start(
    size: number,
    orders: Pick<Orders, 'redisPort' | 'perSecond' | 'options' | 'policy'>,
  ): Promise<Members> {
    const members = new Members(size)
    const namespace = randomUUID()
    const spacing = 1_000 / orders.perSecond / size
    const join = async (process: number) => {
      const own = { ...orders, namespace, after: process * spacing }
      const task: Task = { kind: 'join', orders: own }
      const hear = (report: Report) => members.#hear(report, process)
      members.#processes.push(await FleetProcess.start(program, task, hear))
    }
    await Promise.all(Array.from({ length: size }, (_, process) => join(process)))
    return members
  }

  #hear(report: Report, process: number): void {
    if (report.kind === 'change') this.changes.push({ ...report, process })
    else if (report.kind === 'calls') this.#hearCalls(report.calls)
  }

  #tell(task: Task): void {
    for (const process of this.#processes) process.send(task)
  }

  /** From then on the dependency fails, until then. */
  outage(from: number, until = 1e15): void {
    this.#tell({ kind: 'outage', from, until })
  }

  /** How many calls all of them have made. */
  calls(): Promise<number> {
    return new Promise((resolve) => {
      const counts: number[] = []
      this.#hearCalls = (count) => {
        if (counts.push(count) === this.size) resolve(counts.reduce((sum, one) => sum + one))
      }
      this.#tell({ kind: 'count' })
    })
  }

  async end(): Promise<void> {
    await Promise.all(this.#processes.map((process) => process.end()))
  }
}
