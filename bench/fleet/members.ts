import { type ChildProcess, fork } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
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
  readonly #children: ChildProcess[] = []

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
    const join = (process: number) =>
      members.#start(process, { ...orders, namespace, after: process * spacing })
    await Promise.all(Array.from({ length: size }, (_, process) => join(process)))
    return members
  }

  async #start(process: number, orders: Orders): Promise<void> {
    const child = fork(program, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
    this.#children.push(child)
    const ready = new Promise<void>((resolve, reject) => {
      child.once('exit', () => reject(new Error('a process of the fleet ended by itself')))
      child.on('message', (report: Report) => {
        if (report.kind === 'ready') resolve()
        else if (report.kind === 'change') this.changes.push({ ...report, process })
      })
    })
    child.send({ kind: 'join', orders } satisfies Task)
    await ready
  }

  /** From then on the dependency fails, until then. */
  outage(from: number, until = 1e15): void {
    for (const child of this.#children) child.send({ kind: 'outage', from, until } satisfies Task)
  }

  /** How many calls all of them have made. */
  async calls(): Promise<number> {
    const counts = this.#children.map(async (child) => {
      const answer = new Promise<number>((resolve) => {
        const hear = (report: Report) => {
          if (report.kind !== 'calls') return
          child.off('message', hear)
          resolve(report.calls)
        }
        child.on('message', hear)
      })
      child.send({ kind: 'count' } satisfies Task)
      return answer
    })
    return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0)
  }

  async end(): Promise<void> {
    await Promise.all(
      this.#children.map(async (child) => {
        const gone = once(child, 'exit')
        child.kill('SIGKILL')
        await gone
      }),
    )
  }
}
