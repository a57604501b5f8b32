import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Orders, Report } from './messages.ts'

const program = fileURLToPath(new URL('member.ts', import.meta.url))

/** A process of the fleet, which never outlives this one. */
export class FleetProcess {
  readonly #child: ChildProcess

  private constructor(child: ChildProcess) {
    this.#child = child
  }

  /** Resolves once it has joined the fleet. */
  static async start(orders: Orders, onReport: (report: Report) => void): Promise<FleetProcess> {
    const child = fork(program, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
    const ready = new Promise<void>((resolve, reject) => {
      child.once('exit', () => reject(new Error('a process of the fleet ended by itself')))
      child.on('message', (report: Report) => {
        if (report.kind === 'ready') resolve()
        else onReport(report)
      })
    })
    child.send(orders)
    await ready
    return new FleetProcess(child)
  }

  /** It sends calls from now on. */
  call(orders: Orders): void {
    this.#child.send(orders)
  }

  async end(): Promise<void> {
    const gone = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await gone
  }
}
